//! `connect` and `package`: on the embedded network, which it takes for one that others run, and on a network of two
//! organizations that Fabric's own tools have made, where `FABRIC_BIN` has all of them.

mod theirs;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use entrepot::demo::{
    documents,
    founding::confirmation_path,
    rest::Caller,
    running::{RunningNetwork, Start},
};
use fabric_msp::msp::config_from_directory;
use fabric_operator::layout::Layout;
use serde_json::{Value, json};
use theirs::{CHANNEL, PROGRAM, Theirs, Tools, done, eventually, has, shown};
use trade_gateway::settings::{Custody, Role, Settings};
use trade_model::item::ReadItem;

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

    /// An organization of a description file, without a profile.
    fn entry(&self, name: &str, role: &str) -> Result<String> {
        let (msp_id, domain) =
            (format!("{}{}MSP", name[..1].to_uppercase(), &name[1..]), format!("{name}.entrepot.example"));
        Ok(format!(
            "  - msp_id: {msp_id}\n    role: {role}\n    peers: [{{ address: '{}', tls_ca: {}, operations: '{}' }}]\n    admin: {}\n",
            self.peer(&msp_id)?,
            self.tls_ca(&domain).display(),
            self.network.addresses().peer(&msp_id)?.operations,
            self.admin(&domain).display(),
        ))
    }

    /// Writes the description file `theirs.yaml`.
    fn describe(&self, version: &str, entries: &str) -> Result<()> {
        let head = format!("channel: trade\nchaincode: {{ name: entrepot, version: '{version}' }}\norganizations:\n");
        Ok(fs::write(self.folder.path().join("theirs.yaml"), head + entries)?)
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
        for (name, value) in options.iter().filter(|(name, value)| !value.is_empty() || *name == "--deploy") {
            arguments.push(name);
            arguments.extend((!value.is_empty()).then_some(value.as_str()));
        }
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
fn a_definition_is_committed_with_the_keys_of_all_and_waits_with_the_key_of_one() -> Result<()> {
    let known = Known::start()?;
    let package = known.layout().path("chaincode/package.tar.gz");
    let changes = [("--chaincode-version", "0.2"), ("--deploy", ""), ("--package", &*shown(&package))];
    let one = known.connect(&changes)?;
    ensure!(one.status == 3, "{} {}{}", one.status, one.out, one.err);
    let report: Value = serde_json::from_str(&one.out)?;
    ensure!(report["committed"] == false, "{report}");
    let others = report["others_run"].as_array().context("no commands")?;
    let others: Vec<&str> = others.iter().filter_map(|one| one["msp_id"].as_str()).collect();
    assert_eq!(others, ["BankMSP", "CustomsMSP", "ImporterMSP", "LogisticsMSP"]);
    for file in ["entrepot.tar.gz", "collections.json", "orderer-tls.pem"] {
        ensure!(known.folder.path().join("connected").join(file).is_file(), "{file}");
    }
    let everybody = ["bank", "customs", "importer", "logistics"];
    let entries = everybody.iter().map(|name| known.entry(name, "enterprise")).collect::<Result<String>>()?;
    known.describe("0.2", &entries)?;
    let rest = ["connect", "--json", "--network", "theirs.yaml", "--deploy", "--package", &shown(&package)];
    let told = run(&rest, known.folder.path())?;
    ensure!(told.status == 0, "{} {}{}", told.status, told.out, told.err);
    has(&told.of("lifecycle", "held")?, "entrepot 0.2 is committed (sequence 2)")?;
    has(&told.of("lifecycle", "held")?, "endorsements of 3 organizations are gathered")?;
    moved_and_back(&known, &package)?;
    for (package, reason) in [("theirs.yaml", "is no package of an external chaincode"), ("none.tar.gz", "none.tar.gz")]
    {
        let told = known.connect(&[("--deploy", ""), ("--package", package)])?;
        ensure!(told.status == 1 && told.err.contains(reason), "{}{}", told.out, told.err);
    }
    known.network.stop()
}

/// An organization approves the committed definition again with a package of another address, where nobody listens.
fn moved_and_back(known: &Known, package: &Path) -> Result<()> {
    let made = run(&["package", "--address", "127.0.0.1:1", "--output", "moved.tar.gz"], known.folder.path())?;
    ensure!(made.status == 0, "{}{}", made.out, made.err);
    let deploy =
        |package: &str| known.connect(&[("--chaincode-version", "0.2"), ("--deploy", ""), ("--package", package)]);
    let moved = deploy("moved.tar.gz")?;
    ensure!(moved.status == 1, "{} {}{}", moved.status, moved.out, moved.err);
    has(&moved.of("lifecycle", "failed")?, "\"ExporterMSP\": \"the chaincode does not answer at its peer")?;
    let back = deploy(&shown(package))?;
    ensure!(back.status == 0, "{} {}{}", back.status, back.out, back.err);
    Ok(())
}

#[test]
fn profiles_for_clients_of_others_are_what_connect_itself_takes() -> Result<()> {
    let known = Known::start()?;
    let root = shown(known.layout().root());
    let written = run(&["network", "profiles", "--dir", &root, "--output", "profiles"], known.folder.path())?;
    ensure!(written.status == 0 && written.out.lines().count() == 12, "{}{}", written.out, written.err);
    for ending in ["json", "yaml"] {
        let profile = format!("profiles/connection-BankMSP.{ending}");
        let admin = shown(&known.admin("bank.entrepot.example"));
        let arguments = ["connect", "--json", "--channel", "trade", "--profile", &profile, "--admin", &admin];
        let told = run(&arguments, known.folder.path())?;
        ensure!(told.status == 0, "{}{}", told.out, told.err);
        has(&told.of("tls", "held")?, "peer0.bank.entrepot.example")?;
    }
    known.network.stop()
}

#[test]
fn a_gateways_settings_follow_from_the_channel_and_are_usable() -> Result<()> {
    let known = Known::start()?;
    let user = known.layout().user("exporter.entrepot.example", "gateway");
    let (certificate, key) = (shown(&user.join("tls/client.crt")), shown(&user.join("tls/client.key")));
    let own = [("--gateway", "127.0.0.1:0"), ("--gateway-cert", &*certificate), ("--gateway-key", &*key)];
    let without = known.connect(&own)?;
    ensure!(without.status == 1 && without.err.contains("needs the --user"), "{}{}", without.out, without.err);
    let user = shown(&user.join("msp"));
    let told = known.connect(&[own.as_slice(), &[("--user", &*user)]].concat())?;
    ensure!(told.status == 0, "{} {}{}", told.status, told.out, told.err);
    let report: Value = serde_json::from_str(&told.out)?;
    let settings = Settings::load(Path::new(report["gateway_settings"].as_str().context("no settings")?))?;
    let [own] = settings.organizations.as_slice() else { anyhow::bail!("{settings:?}") };
    assert_eq!((own.custody, own.role), (Custody::Managed, Role::Enterprise));
    let made = config_from_directory(
        "ExporterMSP",
        &known.layout().peer_organization("exporter.entrepot.example").join("msp"),
    )?;
    assert_eq!(config_from_directory("ExporterMSP", &own.msp_dir)?, made);
    known.network.stop()
}

#[test]
fn a_description_may_be_a_file_and_fabrics_own_variables() -> Result<()> {
    let known = Known::start()?;
    known.describe("0.1", &(known.entry("importer", "enterprise")? + &known.entry("regulator", "regulator")?))?;
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
fn goods_pass_between_two_organizations_of_a_network_that_fabrics_own_tools_have_made() -> Result<()> {
    for tools in Tools::all()? {
        let mut theirs = Theirs::start(&tools)?;
        let told = connect_theirs(&theirs, &[0, 1], &["--json"])?;
        ensure!(told.status == 0, "{}{}", told.out, told.err);
        has(&told.of("tls", "held")?, "peer0.org2.example.com")?;
        has(&told.of("membership", "held")?, "\"peer1.org1.example.com\": \"the peer of Org1MSP has joined")?;
        has(&told.of("organizations", "held")?, "2 of 2 endorse: Org1MSP, Org2MSP")?;
        has(&told.of("lifecycle", "open")?, "entrepot is not committed; approved by none, not by Org1MSP, Org2MSP")?;

        serve_chaincode(&mut theirs)?;
        deploy_with_the_key_of_one_and_the_commands_of_the_other(&theirs)?;
        let gateways = [start_gateway(&mut theirs, 0)?, start_gateway(&mut theirs, 1)?];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(hand_over_one_item(&theirs, gateways))?;
    }
    Ok(())
}

/// Makes one package for all peers, each of which fills in its own port, and serves the chaincode for each, with TLS
/// by a certificate of the first organization.
fn serve_chaincode(theirs: &mut Theirs<'_>) -> Result<()> {
    let authority = shown(&theirs.tls_authority(0));
    let made = ["package", "--json", "--address", "localhost:{{.port}}", "--tls-ca", &authority];
    let made = run(&made, &theirs.path(""))?;
    let made: Value = serde_json::from_str(&made.out).with_context(|| format!("{}{}", made.out, made.err))?;
    let package_id = made["package_id"].as_str().context("no package id")?;
    let (certificate, key) = theirs.server_keys(0);
    let peers: Vec<u16> = theirs.peers.iter().flatten().map(|ports| ports.chaincode).collect();
    for port in peers {
        let address = format!("localhost:{port}");
        let environment = [
            ("CHAINCODE_ID", package_id),
            ("CHAINCODE_SERVER_ADDRESS", &address),
            ("CHAINCODE_TLS_CERT", &certificate),
            ("CHAINCODE_TLS_KEY", &key),
        ];
        theirs.start_role(&["chaincode"], &environment)?;
        eventually("the chaincode listens", || Ok(std::net::TcpStream::connect(&address).is_ok().then_some(())))?;
    }
    Ok(())
}

/// The first organization deploys; the second runs what it is told, in a shell with Fabric's `peer`.
fn deploy_with_the_key_of_one_and_the_commands_of_the_other(theirs: &Theirs<'_>) -> Result<()> {
    let deploy = ["--deploy", "--package", "entrepot.tar.gz"];
    let told = connect_theirs(theirs, &[0], &deploy)?;
    ensure!(told.status == 3, "{} {}{}", told.status, told.out, told.err);
    has(&told.out, "the definition waits for the approval of Org2MSP")?;
    let commands: Vec<&str> = told.out.lines().filter(|line| line.starts_with("  peer lifecycle ")).collect();
    ensure!(commands.len() == 2, "{}", told.out);
    for command in commands {
        let mut shell = theirs.peer(1, 0);
        let path = format!("{}:/usr/bin:/bin", theirs.tools.bin.display());
        let environment: Vec<_> =
            shell.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
        shell = Command::new("sh");
        shell.args(["-c", command]).envs(environment).env("PATH", path).current_dir(theirs.path("connected"));
        done(&mut shell)?;
    }
    let told = connect_theirs(theirs, &[0], &deploy)?;
    ensure!(told.status == 0, "{} {}{}", told.status, told.out, told.err);
    has(&told.out, "entrepot 0.1 is committed (sequence 1)")?;
    has(&told.out, "endorsements of 2 organizations are gathered")?;
    let again = connect_theirs(theirs, &[0, 1], &["--deploy", "--package", "entrepot.tar.gz", "--json"])?;
    ensure!(again.status == 0, "{} {}{}", again.status, again.out, again.err);
    let report: Value = serde_json::from_str(&again.out)?;
    ensure!(report["committed"] == true && report["waits_for"] == serde_json::json!([]), "{report}");
    has(&again.of("lifecycle", "held")?, "\"Org2MSP\": \"the chaincode answers")
}

/// A gateway of one organization alone, by the settings that `connect` writes.
fn start_gateway(theirs: &mut Theirs<'_>, organization: usize) -> Result<SocketAddr> {
    let output = format!("gateway-{organization}");
    let (certificate, key) = theirs.server_keys(organization);
    let further =
        ["--gateway", "127.0.0.1:0", "--gateway-cert", &certificate, "--gateway-key", &key, "--output", &output];
    let told = connect_theirs(theirs, &[organization], &further)?;
    ensure!(told.status == 0, "{} {}{}", told.status, told.out, told.err);
    has(&told.out, "Start the gateway: entrepot gateway --settings ")?;
    let (settings, ready) =
        (shown(&theirs.path(&format!("{output}/gateway.yaml"))), theirs.path(&format!("{output}/ready")));
    theirs.start_role(&["gateway", "--settings", &settings, "--ready-file", &shown(&ready)], &[])?;
    eventually("the gateway is ready", || Ok(fs::read_to_string(&ready).ok().and_then(|text| text.trim().parse().ok())))
}

/// `Org1MSP` as exporter and `Org2MSP` as importer found the register; one item is made, offered, accepted and seen.
async fn hand_over_one_item(theirs: &Theirs<'_>, gateways: [SocketAddr; 2]) -> Result<()> {
    let caller = |organization: usize| {
        let user = theirs.user(organization, "User1");
        Caller::with_identity(gateways[organization], &theirs.tls_authority(organization), &user)
    };
    let (exporter, importer) = (caller(0)?, caller(1)?);
    let list = json!({"members": [
        { "msp_id": "Org1MSP", "name": "Maker Ltd", "country": "CN", "roles": ["brand", "maker", "seller"],
          "gs1_company_prefixes": ["9521234"] },
        { "msp_id": "Org2MSP", "name": "Import GmbH", "country": "DE", "roles": ["seller"] },
    ]});
    let proposed = exporter.post("/v1/foundings", &list).await?.accepted()?;
    let path = confirmation_path(&proposed["result"]);
    exporter.post(&path, &json!({})).await?.accepted()?;
    let last = importer.post(&path, &json!({})).await?.accepted()?;
    ensure!(last["result"]["in_force"] == true, "{last}");

    let item = documents::item("4711");
    let document = documents::commissioning(&["4711"], "2026-03-01T08:30:00Z", "https://id.gs1.org/414/9521234000006");
    exporter.post("/v1/captures", &document).await?.accepted()?;
    let offer = json!({ "transfer_id": "T-1", "items": [&item], "to": "Org2MSP", "condition": "whole" });
    exporter.post("/v1/custody-transfers", &offer).await?.accepted()?;
    importer.post("/v1/custody-transfers/Org1MSP/T-1/accept", &json!({})).await?.accepted()?;
    for caller in [&importer, &exporter] {
        let seen = caller.ask(&ReadItem { item: serde_json::from_value(json!(item))? }).await?;
        ensure!(seen.item.holder.as_ref().is_some_and(|holder| holder.as_str() == "Org2MSP"), "{seen:?}");
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
