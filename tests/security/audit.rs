//! Filling and falsifying the audit log of the REST gateway.
//!
//! What is refused again and again has a line and a count; a log without its end, under another name or emptied is
//! known. The controls: what is allowed has a line each, and the log as the gateway leaves it is verified as whole. A
//! log that a holder of the key has written anew is known by the head of its day on the ledger.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fabric_operator::layout::Layout;
use serde_json::Value;
use trade_gateway::{
    audit::{AuditError, AuditLog, Decision, HEADS_FILE, KEY_FILE, LOG_FILE},
    settings::AuditSettings,
};

use crate::harness::{PROGRAM, System, establish, kinds, start_on};

/// Requests of a kind.
const REQUESTS: usize = 60;

/// A day that ended before the network was there.
const DAY: &str = "2026-03-01";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_not_filled_and_not_falsified() -> Result<()> {
    for kind in kinds() {
        let folder = tempfile::tempdir()?;
        a_day(&Layout::at(folder.path())?.folder("gateway/data")?, "denied")?;
        let network = start_on(folder.path(), kind.as_deref(), None)?;
        let system = System::of(&network)?;
        establish(&system).await?;
        let log = system.layout.path("gateway/data").join(LOG_FILE);
        let member = system.caller("ExporterMSP")?;
        let stranger = entrepot::demo::rest::Caller::anonymous(system.addresses.gateway, &system.gateway_authority()?)?;

        let anchored = anchored(&system)?;

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
        told_otherwise(&log, &anchored)?;
        falsified(&log)?;
    }
    Ok(())
}

/// Writes a line of a day that ended before the network was there.
fn a_day(folder: &Path, outcome: &str) -> Result<()> {
    let (time, outcome) = (format!("{DAY}T10:00:00Z"), outcome.to_owned());
    AuditLog::open(folder, &AuditSettings::default())?.append(&Decision { time, outcome, ..Decision::default() })?;
    Ok(())
}

/// The file of the heads on the ledger, as another member is told them; waits for the first.
fn anchored(system: &System) -> Result<PathBuf> {
    let deadline = Instant::now() + Duration::from_secs(90);
    let (dir, path) = (system.layout.root(), system.layout.path("anchored.json"));
    loop {
        let mut asking = Command::new(PROGRAM);
        asking.args(["audit", "anchored", "--as", "ImporterMSP", "--organization", "ExporterMSP", "--dir"]);
        let answer = asking.arg(dir).output()?;
        let said = String::from_utf8_lossy(&answer.stderr);
        ensure!(answer.status.success(), "{said}");
        let known: Value = serde_json::from_slice(&answer.stdout)?;
        if known["heads"].as_array().is_some_and(|heads| !heads.is_empty()) {
            fs::write(&path, &answer.stdout)?;
            return Ok(path);
        }
        ensure!(Instant::now() < deadline, "no head came to the ledger: {known}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What becomes of a log that a holder of its key writes anew.
fn told_otherwise(log: &Path, anchored: &Path) -> Result<()> {
    let against_ledger = |log: &Path| -> Result<Output> {
        let verifying =
            Command::new(PROGRAM).args(["audit", "verify"]).arg(log).arg("--anchored").arg(anchored).output();
        Ok(verifying?)
    };
    let honest = against_ledger(log)?;
    let said = String::from_utf8_lossy(&honest.stdout);
    ensure!(honest.status.success() && said.contains(DAY), "control: the log as it was left fits the ledger: {said}");
    let (other, folder) = (tempfile::tempdir()?, log.parent().context("a folder")?);
    for file in [KEY_FILE, HEADS_FILE] {
        fs::copy(folder.join(file), other.path().join(file))?;
    }
    // Without its mark, a key has sealed nothing.
    let key = fs::read_to_string(folder.join(KEY_FILE))?;
    fs::write(other.path().join(KEY_FILE), format!("{}\n", key.lines().next().unwrap_or_default()))?;
    a_day(other.path(), "allowed")?;
    let forged = other.path().join(LOG_FILE);
    ensure!(verify(&forged)? == Some(0), "control: by itself such a log is in order");
    let refused = against_ledger(&forged)?;
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(refused.status.code() == Some(1) && said.contains(&format!("with which {DAY} had ended")), "{said}");
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
