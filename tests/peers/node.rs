//! Plays scenarios with Hyperledger's client for Node.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use trade_tests::network::{CHANNEL, Launch, Site, listens};

use super::{
    scenario::Scenario,
    served::Place,
    stage::{Stage, authority},
};

/// The Node project.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop")
}

/// Whether Node and its packages are there; said aloud when they are neither there nor required.
pub fn is_there() -> Result<bool> {
    let packages = ["@hyperledger/fabric-gateway", "fabric-shim"];
    let installed = packages.iter().all(|package| project().join("node_modules").join(package).is_dir());
    let version = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    let node = version.is_ok_and(|status| status.success());
    if installed && node {
        return Ok(true);
    }
    let missing = if node { "`npm ci` was not run in tests/interop" } else { "there is no node" };
    if std::env::var("ENTREPOT_NODE_PEERS").as_deref() == Ok("required") {
        bail!("Node peers are required, but {missing}");
    }
    eprintln!("skipped: {missing}");
    Ok(false)
}

/// Serves the chaincode for the Node shim in a process of its own.
pub fn serve(site: &Site, places: &[Place]) -> Result<()> {
    let mut arguments = vec![project().join("chaincode.mjs").display().to_string()];
    for place in places {
        let tls = place.tls.as_ref();
        let described = json!({
            "organization": Site::msp_id(place.organization),
            "address": place.address,
            "package": place.package.id,
            "ends": place.ends,
            "key": tls.map(|tls| &tls.key),
            "certificate": tls.map(|tls| &tls.certificate),
            "authority": tls.and_then(|tls| tls.authority.as_ref()),
        });
        arguments.push(described.to_string());
    }
    site.launch(Launch {
        name: "the chaincode for Node".into(),
        executable: "node".into(),
        arguments,
        environment: vec![("CORE_CHAINCODE_LOGGING_SHIM".into(), "CRITICAL".into())],
        folder: site.layout.root().to_owned(),
        log: site.layout.log("node-chaincode")?,
    })?;
    site.wait_until("the chaincode for Node is", || places.iter().all(|place| listens(place.address)))
}

/// Plays all; fails with what Node printed unless all passed.
pub async fn play(stage: &Stage, scenarios: &[Scenario]) -> Result<()> {
    let site = stage.site();
    let mut organizations = serde_json::Map::new();
    for organization in 1..=3 {
        let msp_id = Site::msp_id(organization);
        let peer = site.addresses.peer(&msp_id)?;
        let user = site.layout.user(&Site::domain(organization), "User1").join("msp");
        let described = json!({
            "endpoint": format!("localhost:{}", peer.endpoint.port()),
            "authority": authority(site, organization),
            "certificate": user.join("signcerts"),
            "key": user.join("keystore"),
        });
        organizations.insert(msp_id, described);
    }
    let plan = json!({ "channel": CHANNEL, "organizations": organizations, "scenarios": scenarios });
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("plan.json");
    std::fs::write(&file, serde_json::to_vec(&plan)?)?;
    let mut command = Command::new("node");
    command.arg(project().join("peers.mjs")).arg(&file).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await?.context("node")?;
    let report = String::from_utf8_lossy(&output.stdout);
    let failures: Vec<&str> = report.lines().filter(|line| !line.starts_with("ok ")).collect();
    let said = format!("{}\n{}", failures.join("\n"), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{said}");
    let all = format!("{} passed, 0 failed", scenarios.len());
    ensure!(report.lines().last() == Some(all.as_str()), "not all were played:\n{said}");
    Ok(())
}
