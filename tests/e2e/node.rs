//! The official Node SDK as a foreign client of the embedded network.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::harness::{establish, shared};

#[tokio::test]
async fn the_official_node_sdk_evaluates_submits_and_receives_events() -> Result<()> {
    let Some(project) = node_project()? else { return Ok(()) };
    let system = shared()?;
    establish(system).await?;
    let scenario = json!({"steps": [
        {"do": "evaluate", "transaction": "governance:ReadMembers", "arguments": [{}], "expect": {"includes": "ExporterMSP"}},
        {"do": "submit", "transaction": "evidence:Deposit", "arguments": [deposit("node-1")],
         "expect": {"json": {"sha256": digest("node-1")}},
         "event": {"name": "evidence.deposited", "includes": digest("node-1")}},
        {"do": "submit", "transaction": "evidence:Deposit", "arguments": [deposit("node-2")],
         "organizations": ["ExporterMSP", "ImporterMSP", "CustomsMSP"], "note": "with named endorsers"},
        {"do": "error", "transaction": "evidence:ReadEvidence", "arguments": [{"sha256": digest("never deposited")}],
         "expect": {"status": 404, "code": "evidence.unknown"}},
        {"do": "error", "transaction": "evidence:ReadEvidence", "arguments": ["no JSON"], "expect": {"status": 400}},
        {"do": "offline", "transaction": "evidence:Deposit", "arguments": [deposit("node-3")]},
        {"do": "impostor", "transaction": "governance:ReadMembers", "arguments": [{}]},
        {"do": "unsigned", "transaction": "governance:ReadMembers", "arguments": [{}]},
    ]});
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("scenario.json");
    std::fs::write(&file, serde_json::to_vec(&scenario)?)?;
    let peer = system.addresses.peer("ExporterMSP")?;
    let msp = system.msp("ExporterMSP", "User1")?;
    let domain = system.domain("ExporterMSP")?;
    let mut command = Command::new("node");
    command.arg(project.join("client.mjs"));
    for (option, value) in [
        ("--endpoint", format!("localhost:{}", peer.endpoint.port())),
        ("--tls-ca", system.layout.tls_authority(domain).display().to_string()),
        ("--msp", "ExporterMSP".into()),
        ("--cert", msp.join("signcerts").display().to_string()),
        ("--key", msp.join("keystore").display().to_string()),
        ("--channel", system.consortium.channel.clone()),
        ("--chaincode", system.consortium.chaincode.name.clone()),
        ("--scenario", file.display().to_string()),
    ] {
        command.arg(option).arg(value);
    }
    let output = tokio::task::spawn_blocking(move || command.stdin(Stdio::null()).output()).await?.context("node")?;
    let report = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed = report.lines().rev().find_map(|line| line.split_once(" passed, 0 failed")).map(|(count, _)| count);
    let passed: usize = passed.with_context(|| format!("no closing line in {report}"))?.parse()?;
    ensure!(passed >= 16, "only {passed} checks were made:\n{report}");
    Ok(())
}

/// The Node project with its packages, or `None`, said aloud, when they are not installed and not required.
fn node_project() -> Result<Option<PathBuf>> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
    let installed = project.join("node_modules/@hyperledger/fabric-gateway").is_dir();
    let node =
        Command::new("node").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if installed && node {
        return Ok(Some(project));
    }
    let missing = if node { "`npm ci` was not run in tests/interop" } else { "there is no node" };
    if std::env::var("ENTREPOT_NODE_PEERS").as_deref() == Ok("required") {
        bail!("Node peers are required, but {missing}");
    }
    eprintln!("skipped: {missing}");
    Ok(None)
}

fn digest(original: &str) -> String {
    hex::encode(fabric_msp::hash::sha256(original.as_bytes()))
}

fn deposit(original: &str) -> Value {
    fixtures::json(&fixtures::deposit(original))
}
