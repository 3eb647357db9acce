//! `connect` and `package`: on the embedded network, which it takes for one that others run, and on a network of two
//! organizations that Fabric's own tools have made, where `FABRIC_BIN` has all of them.

mod theirs;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use entrepot::demo::running::{RunningNetwork, Start};
use fabric_operator::layout::Layout;
use serde_json::Value;
use theirs::{CHANNEL, PROGRAM, Theirs, Tools, has, shown};

/// What a command has printed, and its exit status.
struct Told {
    status: i32,
    out: String,
    err: String,
}

impl Told {
    fn findings(&self) -> Result<Vec<Value>> {
        let report: Value = serde_json::from_str(&self.out).with_context(|| format!("{}{}", self.out, self.err))?;
        Ok(report["findings"].as_array().cloned().unwrap_or_default())
    }

    /// The findings of this step and verdict, one line each.
    fn of(&self, step: &str, verdict: &str) -> Result<String> {
        let all = self.findings()?;
        let chosen = all.iter().filter(|one| one["step"] == step && one["verdict"] == verdict);
        Ok(chosen.map(|one| format!("{}: {} → {}\n", one["about"], one["found"], one["advice"])).collect())
    }
}

fn run(arguments: &[&str], folder: &Path) -> Result<Told> {
    let output = Command::new(PROGRAM).args(arguments).current_dir(folder).output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let status = output.status.code().context("it was killed")?;
    Ok(Told { status, out: text(output.stdout), err: text(output.stderr) })
}

/// The embedded network, described as if others had made it.
struct Known {
    network: RunningNetwork,
    folder: tempfile::TempDir,
}

impl Known {
    fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let network = RunningNetwork::start(&Start {
            program: Path::new(PROGRAM),
            folder: folder.path(),
            fabric_bin: None,
            keep: false,
            log_filter: None,
        })?;
        Ok(Self { network, folder })
    }

    fn layout(&self) -> &Layout {
        self.network.layout()
    }

    fn peer(&self, msp_id: &str) -> Result<String> {
        Ok(self.network.addresses().peer(msp_id)?.endpoint.to_string())
    }

    fn admin(&self, domain: &str) -> PathBuf {
        self.layout().user(domain, "Admin").join("msp")
    }

    fn tls_ca(&self, domain: &str) -> PathBuf {
        self.layout().tls_authority(domain)
    }

    /// `connect` as the exporter, with these options in the place of its own.
    fn connect(&self, changes: &[(&str, &str)]) -> Result<Told> {
        let (peer, domain) = (self.peer("ExporterMSP")?, "exporter.entrepot.example");
        let (admin, authority) = (self.admin(domain), self.tls_ca(domain));
        let mut options = vec![
            ("--msp-id", "ExporterMSP".to_owned()),
            ("--peer", peer),
            ("--tls-ca", authority.display().to_string()),
            ("--admin", admin.display().to_string()),
            ("--channel", "trade".to_owned()),
        ];
        for (name, value) in changes {
            options.retain(|(known, _)| known != name);
            options.push((name, (*value).to_owned()));
        }
        let mut arguments = vec!["connect", "--json"];
        arguments
            .extend(options.iter().filter(|(_, value)| !value.is_empty()).flat_map(|(name, value)| [*name, value]));
        run(&arguments, self.folder.path())
    }
}

#[test]
fn a_network_is_checked_and_each_mistake_is_told_by_its_step() -> Result<()> {
    let known = Known::start()?;
    // Regulators endorse nothing there, so the definition is the one that is committed.
    let good = known.connect(&[])?;
    ensure!(good.status == 0, "{}{}", good.out, good.err);
    for (step, found) in [
        ("identity", "CN=Admin@exporter"),
        ("reachable", "takes connections"),
        ("tls", "valid until"),
        ("membership", "has joined trade"),
        ("acl", "it may send transactions"),
        ("capabilities", "V2_5"),
        ("organizations", "3 of 5 endorse"),
        ("lifecycle", "entrepot 0.1 is committed (sequence 1)"),
        ("lifecycle", "the chaincode answers"),
    ] {
        has(&good.of(step, "held")?, found)?;
    }
    let other = known.tls_ca("bank.entrepot.example").display().to_string();
    let stranger = known.admin("bank.entrepot.example").display().to_string();
    let user = known.layout().user("exporter.entrepot.example", "User1").join("msp").display().to_string();
    let gateway = known.network.addresses().gateway.to_string();
    for (changes, step, found) in [
        (vec![("--peer", "127.0.0.1:1")], "reachable", "does not take connections"),
        (vec![("--peer", "nowhere.invalid:7051")], "reachable", "is not known here"),
        (vec![("--tls-ca", other.as_str())], "tls", "not among the trusted: "),
        (vec![("--server-name", "peer0.other.example")], "tls", "does not carry the name peer0.other.example, but"),
        (vec![("--tls-ca", "")], "tls", "no authority was given"),
        (vec![("--peer", gateway.as_str())], "membership", "does not tell its channels"),
        (vec![("--channel", "commerce")], "membership", "has not joined commerce; its channels: trade"),
        (vec![("--admin", stranger.as_str()), ("--msp-id", "BankMSP")], "membership", "does not take the identity"),
        (vec![("--admin", stranger.as_str())], "membership", "does not take the identity"),
        (vec![("--admin", user.as_str())], "membership", "no administrator of ExporterMSP"),
        (vec![("--admin", "/nowhere")], "identity", "/nowhere"),
        (vec![("--endorsing", "ExporterMSP,NobodyMSP")], "organizations", "NobodyMSP, which is not on the channel"),
        (vec![("--endorsements", "6")], "organizations", "6 endorsements are asked for, and 5"),
    ] {
        let told = known.connect(&changes)?;
        ensure!(told.status == 1, "{changes:?}: {} {}{}", told.status, told.out, told.err);
        let failed = told.of(step, "failed")?;
        ensure!(failed.contains(found) && !failed.contains("null"), "{changes:?}: {failed:?}\n{}", told.out);
    }
    let other_definition = known.connect(&[("--chaincode-version", "0.2")])?;
    ensure!(other_definition.status == 0, "{}", other_definition.out);
    has(&other_definition.of("lifecycle", "open")?, "this one would be sequence 2; approved by none, not by BankMSP")?;
    known.network.stop()
}

#[test]
fn a_description_may_be_a_file_and_fabrics_own_variables() -> Result<()> {
    let known = Known::start()?;
    let organization = |msp_id: &str, domain: &str, role: &str| {
        Ok::<_, anyhow::Error>(format!(
            "  - msp_id: {msp_id}\n    role: {role}\n    peers: [{{ address: '{}', tls_ca: {}, operations: '{}' }}]\n    admin: {}\n",
            known.peer(msp_id)?,
            known.tls_ca(domain).display(),
            known.network.addresses().peer(msp_id)?.operations,
            known.admin(domain).display(),
        ))
    };
    let text = format!(
        "channel: trade\nchaincode: {{ name: entrepot, version: '0.1' }}\norganizations:\n{}{}",
        organization("ImporterMSP", "importer.entrepot.example", "enterprise")?,
        organization("RegulatorMSP", "regulator.entrepot.example", "regulator")?,
    );
    fs::write(known.folder.path().join("theirs.yaml"), text)?;
    let told = run(&["connect", "--json", "--network", "theirs.yaml"], known.folder.path())?;
    ensure!(told.status == 0, "{}{}", told.out, told.err);
    has(&told.of("organizations", "held")?, "the channel lets it read only")?;
    has(&told.of("version", "held")?, "Fabric ")?;

    let domain = "customs.entrepot.example";
    let output = Command::new(PROGRAM)
        .args(["connect", "--environment", "--channel", "trade"])
        .env("CORE_PEER_LOCALMSPID", "CustomsMSP")
        .env("CORE_PEER_ADDRESS", known.peer("CustomsMSP")?)
        .env("CORE_PEER_TLS_ROOTCERT_FILE", known.tls_ca(domain))
        .env("CORE_PEER_MSPCONFIGPATH", known.admin(domain))
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    has(&text, "✓ acl           CustomsMSP: it may call chaincode")?;
    has(&text, "Nothing is in the way.")?;
    known.network.stop()
}

/// `connect` with the profiles and administrators of these organizations of a network that Fabric's tools have made.
fn connect_theirs(theirs: &Theirs<'_>, organizations: &[usize], further: &[&str]) -> Result<Told> {
    let mut arguments = vec!["connect".to_owned(), "--channel".into(), CHANNEL.into()];
    for organization in organizations {
        arguments.extend(["--profile".into(), shown(&theirs.profile(*organization)?)]);
        arguments.extend(["--admin".into(), shown(&theirs.user(*organization, "Admin"))]);
        arguments.extend(["--user".into(), shown(&theirs.user(*organization, "User1"))]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(further.iter().copied()).collect();
    run(&arguments, &theirs.path(""))
}

#[test]
fn a_network_that_fabrics_own_tools_have_made_is_clear_for_the_chaincode() -> Result<()> {
    for tools in Tools::all()? {
        let theirs = Theirs::start(&tools)?;
        let told = connect_theirs(&theirs, &[0, 1], &["--json"])?;
        ensure!(told.status == 0, "{}{}", told.out, told.err);
        has(&told.of("tls", "held")?, "peer0.org2.example.com")?;
        has(&told.of("organizations", "held")?, "2 of 2 endorse: Org1MSP, Org2MSP")?;
        has(&told.of("lifecycle", "open")?, "entrepot is not committed; approved by none, not by Org1MSP, Org2MSP")?;
    }
    Ok(())
}

#[test]
fn options_that_describe_no_network_are_refused_with_a_reason() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (arguments, reason) in [
        (vec!["connect", "--channel", "trade"], "1 --admin are needed"),
        (vec!["connect", "--channel", "trade", "--admin", "a"], "name the network"),
        (vec!["connect", "--channel", "T", "--admin", "a", "--msp-id", "A", "--peer", "p:1"], "cannot name a channel"),
        (vec!["connect", "--channel", "t", "--admin", "a", "--profile", "none.json"], "none.json"),
        (vec!["connect", "--network", "none.yaml"], "none.yaml"),
        (vec!["package", "--address", "chaincode"], "host:port"),
        (vec!["package", "--address", "a:1", "--label", "../a"], "cannot be a label"),
        (vec!["package", "--address", "a:1", "--dial-timeout", "soon"], "invalid duration"),
        (vec!["package", "--address", "a:1", "--tls-ca", "none.pem"], "none.pem"),
    ] {
        let told = run(&arguments, folder.path())?;
        ensure!(told.status == 1 && told.err.contains(reason), "{arguments:?}: {} {}", told.status, told.err);
    }
    Ok(())
}

#[test]
fn a_package_is_made_with_an_address_for_every_peer() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let told =
        run(&["package", "--address", "{{.peername}}_cc:9999", "--label", "entrepot_1", "--json"], folder.path())?;
    let first: Value = serde_json::from_str(&told.out).with_context(|| format!("{}{}", told.out, told.err))?;
    ensure!(first["package_id"].as_str().is_some_and(|id| id.starts_with("entrepot_1:")), "{first}");
    let again = run(&["package", "--address", "{{.peername}}_cc:9999", "--label", "entrepot_1"], folder.path())?;
    has(
        &again.out,
        &format!("CHAINCODE_ID={} CHAINCODE_SERVER_ADDRESS=0.0.0.0:9999", first["package_id"].as_str().unwrap_or("")),
    )?;
    let read = fabric_operator::package::Package::read(&folder.path().join("entrepot_1.tar.gz"))?;
    assert_eq!(Some(read.id.as_str()), first["package_id"].as_str());
    Ok(())
}
