//! What commands do when nobody reads what they print.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

const PROGRAM: &str = env!("CARGO_BIN_EXE_entrepot");

/// Runs a command whose standard output and error are pipes that have lost their readers before it begins, which a
/// shell makes of `entrepot … | head` at the worst moment. Returns whether it succeeded; a panic ends with the status
/// 101.
fn unread(arguments: &[&str]) -> Result<Option<i32>> {
    let mut command = Command::new(PROGRAM);
    for stream in [Command::stdout, Command::stderr] {
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        stream(&mut command, Stdio::from(writer));
    }
    Ok(command.args(arguments).stdin(Stdio::null()).status()?.code())
}

#[test]
fn no_command_minds_that_nobody_reads_what_it_prints() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (keys, output) = (path("keys"), path("exported"));
    ensure!(unread(&["crypto", "generate", "--output", &keys])? == Some(0));
    ensure!(unread(&["network", "export", "compose", "--output", &output])? == Some(0));
    ensure!(unread(&["transaction", "list"])? == Some(0));
    fs::write(folder.path().join("addresses.json"), addresses())?;
    ensure!(unread(&["status", "--dir", &path("")])? == Some(0));
    // A failure stays one.
    ensure!(unread(&["crypto", "generate", "--output", &keys])? == Some(1));
    ensure!(unread(&["down", "--dir", &path("")])? == Some(1));
    ensure!(unread(&["--help"])? == Some(0));
    Ok(())
}

/// A network that was laid out and does not run.
fn addresses() -> String {
    let organizations = ["Exporter", "Importer", "Logistics", "Bank", "Customs", "Regulator"];
    let peer = r#"[{"endpoint":"127.0.0.1:1","chaincode":"127.0.0.1:1","operations":"127.0.0.1:1"}]"#;
    let peers: Vec<String> = organizations.iter().map(|name| format!(r#""{name}MSP":{peer}"#)).collect();
    format!(
        r#"{{"kind":"embedded","peers":{{{}}},"orderers":[{{"node":"orderer0","endpoint":"127.0.0.1:1",
            "admin":"127.0.0.1:1","operations":"127.0.0.1:1"}}],"chaincode":"127.0.0.1:1","gateway":"127.0.0.1:1"}}"#,
        peers.join(",")
    )
}

#[test]
fn a_failure_tells_every_cause_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("consortium.yaml");
    fs::write(&file, "channel: [")?;
    let mut command = Command::new(PROGRAM);
    command.args(["network", "export", "compose", "--output"]).arg(folder.path().join("exported"));
    let output = command.arg("--consortium").arg(&file).output().context("the program cannot be started")?;
    let error = String::from_utf8(output.stderr)?;
    let causes: Vec<&str> = error.trim().split(": ").collect();
    ensure!(!output.status.success() && causes.len() > 1, "{error}");
    for (number, cause) in causes.iter().enumerate() {
        ensure!(!causes[number + 1..].contains(cause), "«{cause}» is told twice in: {error}");
    }
    Ok(())
}
