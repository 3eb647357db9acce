//! What an operator does to a network as a whole: nodes of it stand still, and its folder comes back from a file.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use entrepot::demo::running::{RunningNetwork, Start};
use fabric_operator::{consortium, layout::peer_name, process::wait_until};
use serde_json::Value;

use crate::{
    e2e::commands::{run, text},
    harness::{PROGRAM, System, establish, start},
};

/// How long the gateway may take to see a peer again.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

fn deposit(original: &str) -> Value {
    fixtures::json(&fixtures::deposit(original))
}

#[test]
fn a_network_does_without_a_peer_and_goes_on_in_another_folder_from_its_backup() -> Result<()> {
    let place = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let path = |name: &str| place.path().join(name);
    let in_words = |name: &str| path(name).display().to_string();
    let (file, first, second) = (in_words("backup.tar.gz"), in_words("first"), in_words("second"));
    let consortium = path("consortium.yaml");
    // The exporter lends the gateway its identity, and the index is read at its peers.
    let exporter = "domain: exporter.entrepot.example";
    std::fs::write(&consortium, consortium::DEFAULT.replacen(exporter, &format!("{exporter}\n    peers: 2"), 1))?;
    let program =
        Start { program: Path::new(PROGRAM), folder: &path("first"), fabric_bin: None, keep: false, log_filter: None };
    let network = RunningNetwork::start_with(&program, &["--consortium".into(), consortium.into()])?;
    let system = System::of(&network)?;
    let body = deposit("kept in a backup");
    let read = format!("/v1/evidence/{}", body["sha256"].as_str().context("no digest")?);
    let written = runtime.block_on(async {
        establish(&system).await?;
        system.caller("ExporterMSP")?.post_again("/v1/evidence", &body, "kept").await?.accepted()
    })?;

    let refused = run(&["backup", "--dir", &first, "--output", &file], "")?;
    ensure!(String::from_utf8_lossy(&refused.stderr).contains("a network is running in"), "{refused:?}");
    nodes_stand_still(&system, &runtime, &path("first"), &read)?;
    network.stop()?;

    text(&run(&["backup", "--dir", &first, "--output", &file], "")?)?;
    std::fs::remove_dir_all(path("first"))?;
    text(&run(&["restore", &file, "--dir", &second], "")?)?;
    let network = start(&path("second"), None)?;
    let system = System::of(&network)?;
    runtime.block_on(async {
        let exporter = system.caller("ExporterMSP")?;
        exporter.get(&read).await?.accepted().context("the ledger")?;
        let listed = exporter.get("/v1/evidence").await?.accepted().context("the index")?;
        ensure!(listed["rows"].as_array().is_some_and(|rows| !rows.is_empty()), "{listed}");
        // The gateway's own memory has come with it: the same key is the same transaction.
        let again = exporter.post_again("/v1/evidence", &body, "kept").await?.accepted().context("the store")?;
        ensure!(again["transaction_id"] == written["transaction_id"], "{again} is not {written}");
        exporter.post("/v1/evidence", &deposit("written after the restoring")).await?.accepted()
    })?;
    network.stop()
}

/// Stops the exporter's first peer alone, then the other one as well, and starts both again.
fn nodes_stand_still(system: &System, runtime: &tokio::runtime::Runtime, folder: &Path, read: &str) -> Result<()> {
    let folder = folder.display().to_string();
    let [first, second] = [0, 1].map(|number| system.domain("ExporterMSP").map(|domain| peer_name(domain, number)));
    let (first, second) = (first?, second?);
    let exporter = system.caller("ExporterMSP")?;
    let reads = || Ok(runtime.block_on(exporter.get(read))?.is_success());
    let unknown = run(&["node", "stop", "peer9.nowhere", "--dir", &folder], "")?;
    ensure!(String::from_utf8_lossy(&unknown.stderr).contains("there is no node peer9.nowhere, only orderer0, peer0."));

    text(&run(&["node", "stop", &first, "--dir", &folder], "")?)?;
    let status = text(&run(&["status", "--dir", &folder], "")?)?;
    let told: Vec<&str> = status.lines().filter(|line| line.contains("stopped")).collect();
    ensure!(told.len() == 1 && told[0].contains(&first), "{status}");
    // The other peer of the organization stands in, for those who read, for those who write, and for the index.
    ensure!(reads()?, "the second peer does not answer");
    let body = deposit("written without the first peer");
    runtime.block_on(exporter.post("/v1/evidence", &body))?.accepted()?;
    let is_listed = || {
        let listed = runtime.block_on(exporter.get("/v1/evidence"))?.accepted()?;
        Ok(listed.to_string().contains(body["sha256"].as_str().unwrap_or("no digest")))
    };
    wait_until("the index at the second peer", PATIENCE, || Ok(()), is_listed)?;

    text(&run(&["node", "stop", &second, "--dir", &folder], "")?)?;
    runtime.block_on(exporter.get(read))?.refused(503, "network_unavailable")?;
    for node in [&first, &second] {
        text(&run(&["node", "start", node, "--dir", &folder], "")?)?;
    }
    ensure!(!text(&run(&["status", "--dir", &folder], "")?)?.contains("stopped"));
    wait_until("the peers that were stopped", PATIENCE, || Ok(()), reads)
}
