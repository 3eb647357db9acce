//! Filling and falsifying the audit log of the REST gateway.
//!
//! What is refused again and again has a line and a count; a log without its end, under another name or emptied is
//! known. The controls: what is allowed has a line each, and the log as the gateway leaves it is verified as whole.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use trade_gateway::{
    audit::{AuditError, AuditLog, LOG_FILE},
    settings::AuditSettings,
};

use crate::harness::{PROGRAM, System, establish, kinds, start_on};

/// Requests of a kind.
const REQUESTS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_not_filled_and_not_falsified() -> Result<()> {
    for kind in kinds() {
        let folder = tempfile::tempdir()?;
        let network = start_on(folder.path(), kind.as_deref(), None)?;
        let system = System::of(&network)?;
        establish(&system).await?;
        let log = system.layout.path("gateway/data").join(LOG_FILE);
        let member = system.caller("ExporterMSP")?;
        let stranger = entrepot::demo::rest::Caller::anonymous(system.addresses.gateway, &system.gateway_authority()?)?;

        let before = lines(&log)?;
        for number in 0..REQUESTS {
            let path = format!("/v1/nothing/{number}");
            member.get(&path).await?.refused(404, "route_unknown")?;
            ensure!(!stranger.get(&path).await?.is_success());
        }
        let refused = lines(&log)? - before;
        // A minute may end in between.
        ensure!(refused <= 8, "{refused} lines about what was refused {REQUESTS} times");
        for _ in 0..REQUESTS {
            member.get("/v1/whoami").await?.accepted()?;
        }
        ensure!(lines(&log)? - before >= REQUESTS, "control: what is allowed has a line each");
        network.stop()?;
        falsified(&log)?;
    }
    Ok(())
}

/// What becomes of the log that a gateway has left.
fn falsified(log: &Path) -> Result<()> {
    ensure!(verify(log)? == Some(0), "control: the log as it was left is whole");
    let whole = fs::read_to_string(log)?;
    let cut: String = whole.lines().take(5).map(|line| format!("{line}\n")).collect();
    fs::write(log, &cut)?;
    ensure!(verify(log)? == Some(1), "a log without its end");
    let other = log.with_file_name("audit-of-may.jsonl");
    fs::write(&other, &cut)?;
    ensure!(verify(&other)? == Some(1), "a log without its end under another name");
    let as_full = log.with_file_name("audit-000000000001.jsonl");
    fs::rename(&other, &as_full)?;
    ensure!(verify(&as_full)? == Some(3), "a log without its end under the name of a full file");
    fs::remove_file(&as_full)?;

    let folder = log.parent().context("a folder")?;
    let open = || AuditLog::open(folder, &AuditSettings::default());
    drop(open()?);
    ensure!(verify(log)? == Some(3), "the gateway found lines missing at its start");
    let files: [PathBuf; 2] = [log.to_owned(), folder.join("audit.anchor")];
    for file in &files {
        fs::write(file, "")?;
    }
    let emptied = open().err();
    ensure!(matches!(emptied, Some(AuditError::Emptied { .. })), "{emptied:?}");
    // The control: where the key was never used, an empty log is a new one.
    fs::remove_file(folder.join("audit.key"))?;
    drop(open()?);
    Ok(())
}

fn lines(log: &Path) -> Result<usize> {
    Ok(fs::read_to_string(log)?.lines().count())
}

/// The exit status of `entrepot audit verify`.
fn verify(log: &Path) -> Result<Option<i32>> {
    let output = Command::new(PROGRAM).args(["audit", "verify"]).arg(log).output()?;
    Ok(output.status.code())
}
