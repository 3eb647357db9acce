//! The program's commands as a user calls them.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use openssl::{
    stack::Stack,
    x509::{X509, X509PurposeId, X509StoreContext, store::X509StoreBuilder},
};
use trade_model::governance::ReadMembers;

use crate::harness::{PROGRAM, System, kinds, shared, start, start_on};

#[test]
fn the_event_hashes_of_the_reference_documents_are_reproduced() -> Result<()> {
    let Some(folder) = shared_data::find("epcis/event-hash")? else { return Ok(()) };
    let mut compared = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "jsonld") {
            continue;
        }
        let printed = text(&run(&["epcis", "hash", &path.display().to_string()], "")?)?;
        let expected = std::fs::read_to_string(path.with_extension("hashes"))?;
        ensure!(printed.trim() == expected.trim(), "{}:\n{printed}\nexpected\n{expected}", path.display());
        compared += 1;
    }
    ensure!(compared == 3, "{compared} documents were compared");
    Ok(())
}

#[test]
fn the_readmes_event_is_hashed_as_it_stands_there() -> Result<()> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"))?;
    let (_, rest) = readme.split_once("entrepot epcis hash - <<'EOF'").context("the README hashes no event")?;
    let (_, rest) = rest.split_once('\n').context("nothing follows")?;
    let (event, _) = rest.split_once("\nEOF\n").context("the document has no end")?;
    let piped = text(&run(&["epcis", "hash", "-"], event)?)?;
    ensure!(piped.lines().count() == 1 && piped.starts_with("ni:///sha-256;"), "{piped}");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("event.jsonld");
    std::fs::write(&file, event)?;
    ensure!(text(&run(&["epcis", "hash", &file.display().to_string()], "")?)? == piped, "a file has another hash");
    Ok(())
}

#[test]
fn a_network_is_stopped_also_after_its_program_was_replaced() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (program, newer) = (folder.path().join("program"), folder.path().join("newer"));
    std::fs::copy(PROGRAM, &program)?;
    let network = folder.path().join("network");
    let mut command = Command::new(&program);
    command.arg("up").arg("--dir").arg(&network).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = command.spawn()?;
    let written = network.join("run/processes.json");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !written.is_file() {
        ensure!(running.try_wait()?.is_none(), "the network did not come up");
        ensure!(std::time::Instant::now() < deadline, "the network is not up after a minute");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    // As `cargo install` does.
    std::fs::copy(PROGRAM, &newer)?;
    std::fs::rename(&newer, &program)?;
    text(&run(&["down", "--dir", &network.display().to_string()], "")?)?;
    ensure!(running.wait()?.success(), "the network ended with a failure");
    let again = run(&["down", "--dir", &network.display().to_string()], "")?;
    ensure!(String::from_utf8_lossy(&again.stderr).contains("no network runs"), "{again:?}");
    let elsewhere = folder.path().join("mistyped");
    let refused = run(&["status", "--dir", &elsewhere.display().to_string()], "")?;
    ensure!(!refused.status.success() && !elsewhere.exists(), "a folder was made for a status");
    Ok(())
}

#[test]
fn the_package_of_the_chaincode_is_its_owners_secret_and_no_server_key() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("exported");
    text(&run(&["network", "export", "compose", "--output", &output.display().to_string()], "")?)?;
    let chaincodes = std::fs::read_dir(output.join("network/chaincode"))?.collect::<Result<Vec<_>, _>>()?;
    ensure!(chaincodes.len() == 5, "not one for each organization that endorses: {chaincodes:?}");
    for chaincode in chaincodes {
        let chaincode = chaincode.path();
        for file in ["package.tar.gz", "tls/peer.key", "tls/server.key"] {
            let mode = std::fs::metadata(chaincode.join(file))?.permissions().mode();
            ensure!(mode & 0o077 == 0, "{file} has the mode {mode:o}");
        }
        keys_of_one_purpose(&chaincode.join("tls"), &output.join("network/crypto/peerOrganizations"))?;
    }
    Ok(())
}

/// A chaincode's certificates come from an authority of its own, and the peers' key is good for no server.
fn keys_of_one_purpose(tls: &Path, organizations: &Path) -> Result<()> {
    let read = |name: &str| -> Result<X509> { Ok(X509::from_pem(&std::fs::read(tls.join(name))?)?) };
    let authority = read("ca.crt")?;
    let good_for = |certificate: &X509, purpose| -> Result<bool> {
        let mut store = X509StoreBuilder::new()?;
        store.add_cert(authority.clone())?;
        store.set_purpose(purpose)?;
        let (store, chain) = (store.build(), Stack::new()?);
        Ok(X509StoreContext::new()?.init(&store, certificate, &chain, |context| context.verify_cert())?)
    };
    let (peer, server) = (read("peer.crt")?, read("server.crt")?);
    ensure!(good_for(&peer, X509PurposeId::SSL_CLIENT)? && good_for(&server, X509PurposeId::SSL_SERVER)?, "unusable");
    ensure!(!good_for(&peer, X509PurposeId::SSL_SERVER)?, "the peers' key is good for a server");
    for organization in std::fs::read_dir(organizations)? {
        for file in std::fs::read_dir(organization?.path().join("tlsca"))? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "pem") {
                let other = X509::from_pem(&std::fs::read(&file)?)?;
                ensure!(!other.public_key()?.public_eq(&*authority.public_key()?), "{} issued it", file.display());
            }
        }
    }
    Ok(())
}

#[test]
fn keys_are_generated_once_and_never_overwritten() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("keys").display().to_string();
    text(&run(&["crypto", "generate", "--output", &output], "")?)?;
    let key = Path::new(&output)
        .join("peerOrganizations/bank.entrepot.example/users/Admin@bank.entrepot.example/msp/keystore");
    ensure!(key.is_dir(), "{} is missing", key.display());
    let again = run(&["crypto", "generate", "--output", &output], "")?;
    ensure!(!again.status.success(), "existing keys were overwritten");
    Ok(())
}

#[test]
fn a_running_network_is_shown_and_not_started_twice() -> Result<()> {
    let system = shared()?;
    let folder = system.layout.root().display().to_string();
    let status = text(&run(&["status", "--dir", &folder], "")?)?;
    for process in ["network", "chaincode", "gateway"] {
        ensure!(status.lines().any(|line| line.starts_with(process)), "{process} is not shown in:\n{status}");
    }
    ensure!(!status.contains("silent"), "something does not listen:\n{status}");
    let second = run(&["up", "--dir", &folder], "")?;
    let error = String::from_utf8_lossy(&second.stderr).into_owned();
    ensure!(!second.status.success() && error.contains("running"), "a second `up` says: {error}");
    Ok(())
}

/// Whatever a file's name may hold, in the folder's own name and in the one above it.
#[test]
fn a_network_lives_in_a_folder_of_any_name() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    for fabric_bin in kinds() {
        let parent = tempfile::tempdir()?;
        let folder = parent.path().join("a, b {c} $HOME ${d}\n%e").join("it's \"f\" #g: [h] \\i &* !|>");
        for _ in 0..2 {
            let network = start_on(&folder, fabric_bin.as_deref(), None)?;
            let system = System::of(&network)?;
            let status = text(&run(&["status", "--dir", &folder.display().to_string()], "")?)?;
            ensure!(!status.contains("silent"), "something does not listen:\n{status}");
            let members =
                runtime.block_on(async { system.caller("ExporterMSP")?.call(&ReadMembers {}, None).await })?;
            // The contract answers: nobody has founded the channel.
            members.refused(409, "governance.not_established")?;
            network.stop()?;
        }
    }
    Ok(())
}

#[test]
fn down_stops_a_network_and_keeps_its_data() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let network = start(folder.path(), None)?;
    let down = run(&["down", "--dir", &folder.path().display().to_string()], "")?;
    ensure!(down.status.success(), "{}", String::from_utf8_lossy(&down.stderr));
    network.stop()?;
    ensure!(folder.path().join("crypto").is_dir() && folder.path().join("ledger").is_dir(), "the data is gone");
    let again = run(&["down", "--dir", &folder.path().display().to_string()], "")?;
    ensure!(!again.status.success(), "`down` found something to stop");
    Ok(())
}

#[test]
fn a_demo_leaves_a_running_network_in_its_folder_alone() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let network = start(folder.path(), None)?;
    let dir = folder.path().display().to_string();
    let demo = run(&["demo", "--dir", &dir], "")?;
    let error = String::from_utf8_lossy(&demo.stderr).into_owned();
    ensure!(!demo.status.success() && error.contains("a network is running"), "a demo says: {error}");
    let status = text(&run(&["status", "--dir", &dir], "")?)?;
    ensure!(!status.contains("nothing runs") && !status.contains("silent"), "{status}");
    text(&run(&["down", "--dir", &dir], "")?)?;
    network.stop()
}

pub fn run(arguments: &[&str], input: &str) -> Result<Output> {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("the program cannot be started")?;
    child.stdin.take().context("no standard input")?.write_all(input.as_bytes())?;
    Ok(child.wait_with_output()?)
}

/// What a successful command printed.
pub fn text(output: &Output) -> Result<String> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout.clone())?)
}
