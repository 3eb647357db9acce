//! `connect` and `package`: on the embedded network, which it takes for one that others run, and on a network of two
//! organizations that Fabric's own tools have made, where `FABRIC_BIN` has all of them.

mod known;
mod theirs;

use std::{fs, net::SocketAddr, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use entrepot::demo::{documents, founding::confirmation_path, rest::Caller};
use fabric_msp::msp::config_from_directory;
use fabric_operator::consortium;
use known::{Known, Told, run};
use serde_json::{Value, json};
use theirs::{CHANNEL, PROGRAM, Theirs, Tools, done, eventually, has, shown};
use trade_gateway::settings::{Custody, Role, Settings};
use trade_model::item::ReadItem;

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
    packages_are_handed_on_without_private_keys(&known, &package)?;
    let changes = [("--chaincode-version", "0.2"), ("--deploy", ""), ("--package", &*shown(&package))];
    // An approval of other terms under the same sequence, with the same package, is none of these.
    let other = known.connect(&[changes.as_slice(), &[("--endorsements", "2")]].concat())?;
    ensure!(other.status == 3, "{} {}{}", other.status, other.out, other.err);
    let one = known.connect(&changes)?;
    ensure!(one.status == 3, "{} {}{}", one.status, one.out, one.err);
    let report: Value = serde_json::from_str(&one.out)?;
    ensure!(report["committed"] == false, "{report}");
    let others = report["others_run"].as_array().context("no commands")?;
    let others: Vec<&str> = others.iter().filter_map(|one| one["msp_id"].as_str()).collect();
    assert_eq!(others, ["BankMSP", "CustomsMSP", "ImporterMSP", "LogisticsMSP"]);
    // An organization that only reads comes first, and asks and commits nothing.
    let mut entries = known.entry("regulator", "regulator")?;
    for name in ["bank", "customs", "importer", "logistics"] {
        entries += &known.entry(name, "enterprise")?;
    }
    known.describe("0.2", &entries)?;
    let rest = ["connect", "--json", "--network", "theirs.yaml", "--deploy"];
    let shared = run(&[&rest[..], &["--package", &shown(&package)]].concat(), known.folder.path())?;
    ensure!(shared.status == 1 && shared.err.contains("give one for each"), "{}{}", shared.out, shared.err);
    let own = format!("role: enterprise\n    package: {}", package.display());
    known.describe("0.2", &entries.replace("role: enterprise", &own))?;
    let told = run(&rest, known.folder.path())?;
    ensure!(told.status == 0, "{} {}{}", told.status, told.out, told.err);
    let committed =
        "entrepot 0.2 is committed (sequence 2), endorsed by BankMSP, CustomsMSP, ImporterMSP, LogisticsMSP\"";
    has(&told.of("lifecycle", "held")?, committed)?;
    has(&told.of("lifecycle", "held")?, "endorsements of 3 organizations are gathered")?;
    moved_and_back(&known, &package)?;
    for (package, reason) in [("theirs.yaml", "is no package of an external chaincode"), ("none.tar.gz", "none.tar.gz")]
    {
        let told = known.connect(&[("--deploy", ""), ("--package", package)])?;
        ensure!(told.status == 1 && told.err.contains(reason), "{}{}", told.out, told.err);
    }
    known.network.stop()
}

/// Who waits makes a package of its own in the place of one with a private key, and gets one without.
fn packages_are_handed_on_without_private_keys(known: &Known, secret: &Path) -> Result<()> {
    let folder = known.folder.path();
    let told = known.connect(&[("--chaincode-version", "0.2"), ("--deploy", ""), ("--package", &shown(secret))])?;
    ensure!(told.status == 3, "{} {}{}", told.status, told.out, told.err);
    let report: Value = serde_json::from_str(&told.out)?;
    let other = &report["others_run"][0];
    has(other["note"].as_str().context("no note")?, "Make one with `entrepot package`")?;
    has(other["commands"][1].as_str().context("no command")?, "--package-id OWN_PACKAGE_ID ")?;
    for file in fs::read_dir(folder.join("connected"))? {
        let path = file?.path();
        ensure!(path.extension().is_none_or(|ending| ending != "gz"), "{} was written", path.display());
    }

    let made = run(&["package", "--address", "127.0.0.1:1", "--output", "open.tar.gz"], folder)?;
    ensure!(made.status == 0, "{}{}", made.out, made.err);
    let told = known.connect(&[("--chaincode-version", "0.2"), ("--deploy", ""), ("--package", "open.tar.gz")])?;
    ensure!(told.status == 3, "{} {}{}", told.status, told.out, told.err);
    let report: Value = serde_json::from_str(&told.out)?;
    ensure!(report["others_run"][0]["note"].is_null(), "{report}");
    assert_eq!(fs::read(folder.join("connected/entrepot.tar.gz"))?, fs::read(folder.join("open.tar.gz"))?);
    for file in ["collections.json", "orderer-tls.pem"] {
        ensure!(folder.join("connected").join(file).is_file(), "{file}");
    }
    Ok(())
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
    peers_say_how_they_are(&known)?;
    known.network.stop()
}

/// Peers that answer and one that does not, asked by any member.
fn peers_say_how_they_are(known: &Known) -> Result<()> {
    let folder = known.folder.path();
    let user = shown(&known.layout().user("bank.entrepot.example", "User1").join("msp"));
    let ask = |profile: &str, json: &[&str]| {
        let arguments = ["network", "status", "--profile", profile, "--identity", &user];
        run(&[&arguments[..], json].concat(), folder)
    };
    let told = ask("profiles/connection-BankMSP.yaml", &["--json"])?;
    ensure!(told.status == 0, "{}{}", told.out, told.err);
    let peers: Value = serde_json::from_str(&told.out)?;
    let channel = &peers[0]["channels"][0];
    ensure!(channel["channel"] == "trade" && channel["height"].as_u64().is_some_and(|height| height > 1), "{peers}");
    assert_eq!(channel["chaincodes"], json!([{ "name": "entrepot", "version": "0.1", "sequence": 1 }]));
    let told = ask("profiles/connection-BankMSP.yaml", &[])?;
    has(&told.out, "✓ BankMSP  peer0.bank.entrepot.example (127.0.0.1:")?;
    has(&told.out, " blocks; entrepot 0.1 (sequence 1)")?;

    let profile = fs::read_to_string(folder.join("profiles/connection-BankMSP.yaml"))?;
    fs::write(folder.join("gone.yaml"), profile.replace(&known.peer("BankMSP")?, "127.0.0.1:1"))?;
    let told = ask("gone.yaml", &[])?;
    ensure!(told.status == 1, "{}{}", told.out, told.err);
    has(&told.out, "✗ BankMSP  peer0.bank.entrepot.example (127.0.0.1:1) does not answer: ")?;
    // Another organization's peer does not tell.
    let told = ask("profiles/connection-CustomsMSP.yaml", &[])?;
    ensure!(told.status == 1, "{}{}", told.out, told.err);
    has(&told.out, "✗ CustomsMSP")
}

#[test]
fn a_gateways_settings_follow_from_the_channel_and_are_usable() -> Result<()> {
    let exporter = "domain: exporter.entrepot.example";
    let two_peers = consortium::DEFAULT.replacen(exporter, &format!("{exporter}\n    peers: 2"), 1);
    let known = Known::start_of(&two_peers)?;
    let root = shown(known.layout().root());
    let profiles = run(&["network", "profiles", "--dir", &root, "--output", "profiles"], known.folder.path())?;
    ensure!(profiles.status == 0, "{}{}", profiles.out, profiles.err);
    let user = known.layout().user("exporter.entrepot.example", "gateway");
    let (certificate, key) = (shown(&user.join("tls/client.crt")), shown(&user.join("tls/client.key")));
    let own = [("--gateway", "127.0.0.1:0"), ("--gateway-cert", &*certificate), ("--gateway-key", &*key)];
    let without = known.connect(&own)?;
    ensure!(without.status == 1 && without.err.contains("needs the --user"), "{}{}", without.out, without.err);
    // What was found is told all the same.
    has(&without.of("lifecycle", "held")?, "the chaincode answers")?;
    let report: Value = serde_json::from_str(&without.out)?;
    has(report["error"].as_str().context("no error")?, "needs the --user")?;
    ensure!(report["verdict"] == "failed", "{report}");
    let user = shown(&user.join("msp"));
    // Both of its peers stand in the profile.
    let profile =
        [("--profile", "profiles/connection-ExporterMSP.yaml"), ("--msp-id", ""), ("--peer", ""), ("--tls-ca", "")];
    let with_user = [own.as_slice(), &[("--user", &*user)], &profile].concat();
    let told = known.connect(&with_user)?;
    ensure!(told.status == 0, "{} {}{}", told.status, told.out, told.err);
    let report: Value = serde_json::from_str(&told.out)?;
    let path = Path::new(report["gateway_settings"].as_str().context("no settings")?);
    ensure!(report["gateway_settings_kept"] == false, "{report}");
    let settings = Settings::load(path)?;
    let [own] = settings.organizations.as_slice() else { anyhow::bail!("{settings:?}") };
    assert_eq!((own.custody, own.role), (Custody::Managed, Role::Enterprise));
    let [second] = own.further_peers.as_slice() else { anyhow::bail!("{settings:?}") };
    let addresses = known.network.addresses().peers_of("ExporterMSP").iter().map(|peer| peer.endpoint.to_string());
    assert_eq!(addresses.collect::<Vec<_>>(), [own.peer.as_str(), second.peer.as_str()]);
    assert_eq!(second.peer_server_name.as_deref(), Some("peer1.exporter.entrepot.example"));
    let authority = fs::read(known.tls_ca("exporter.entrepot.example"))?;
    assert_eq!(fs::read(second.peer_tls_ca.as_ref().context("no authority")?)?, authority);
    let made = config_from_directory(
        "ExporterMSP",
        &known.layout().peer_organization("exporter.entrepot.example").join("msp"),
    )?;
    assert_eq!(config_from_directory("ExporterMSP", &own.msp_dir)?, made);

    // What an operator has written stays; the copies of the channel's rules are made anew.
    let written = format!("# ours\n{}", fs::read_to_string(path)?);
    fs::write(path, &written)?;
    fs::remove_dir_all(own.msp_dir.join("cacerts"))?;
    let again = known.connect(&with_user)?;
    ensure!(again.status == 0, "{} {}{}", again.status, again.out, again.err);
    let report: Value = serde_json::from_str(&again.out)?;
    ensure!(report["gateway_settings_kept"] == true, "{report}");
    assert_eq!(fs::read_to_string(path)?, written);
    assert_eq!(config_from_directory("ExporterMSP", &own.msp_dir)?, made);
    known.network.stop()
}

#[test]
fn a_description_may_be_a_file_and_fabrics_own_variables() -> Result<()> {
    let known = Known::start()?;
    known.describe("0.1", &(known.entry("regulator", "regulator")? + &known.entry("importer", "enterprise")?))?;
    let told = run(&["connect", "--json", "--network", "theirs.yaml"], known.folder.path())?;
    ensure!(told.status == 0, "{}{}", told.out, told.err);
    has(&told.of("organizations", "held")?, "the channel lets it read only")?;
    has(&told.of("version", "held")?, "Fabric ")?;
    has(&told.of("lifecycle", "held")?, "entrepot 0.1 is committed")?;

    let domain = "customs.entrepot.example";
    let output = Command::new(PROGRAM)
        .args(["connect", "--environment", "--channel", "trade"])
        .env("CORE_PEER_LOCALMSPID", "CustomsMSP")
        .env("CORE_PEER_ADDRESS", known.peer("CustomsMSP")?)
        .env("CORE_PEER_TLS_ENABLED", "true")
        .env("CORE_PEER_TLS_ROOTCERT_FILE", known.tls_ca(domain))
        .env("CORE_PEER_TLS_SERVERHOSTOVERRIDE", "peer0.customs.entrepot.example")
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
    fs::write(folder.path().join("key.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")?;
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
        (vec!["package", "--address", "a:1", "--tls-ca", "key.pem"], "it holds a PRIVATE KEY"),
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
    ensure!(first["holds_private_key"] == false && !read.holds_private_key()?, "{first}");
    Ok(())
}

#[test]
fn a_package_with_a_private_key_says_so() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let made = run(&["crypto", "generate", "--output", "keys"], folder.path())?;
    ensure!(made.status == 0, "{}{}", made.out, made.err);
    let tls = "keys/peerOrganizations/bank.entrepot.example/users/User1@bank.entrepot.example/tls";
    let [authority, certificate, key] = ["ca.crt", "client.crt", "client.key"].map(|name| format!("{tls}/{name}"));
    let package = ["package", "--address", "cc:9999", "--tls-ca", &authority, "--client-cert", &certificate];
    let told = run(&[&package[..], &["--client-key", &key]].concat(), folder.path())?;
    has(&told.out, "It holds the private key of the peers' certificate")?;
    let read = fabric_operator::package::Package::read(&folder.path().join("entrepot.tar.gz"))?;
    ensure!(read.holds_private_key()?, "{}", told.out);
    Ok(())
}
