//! What commands answer to programs: one JSON document, failures as JSON, and an exit status for each kind of end.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_entrepot");

fn run(arguments: &[&str], input: &str) -> Result<Output> {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_remove("ENTREPOT_DIR").env_remove("ENTREPOT_GATEWAY_SETTINGS");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // A command that reads nothing may have ended.
    let _ = child.stdin.take().context("no standard input")?.write_all(input.as_bytes());
    Ok(child.wait_with_output()?)
}

/// The one document that a successful command has printed, and nothing beside it.
fn document(arguments: &[&str], input: &str) -> Result<Value> {
    let output = run(&[arguments, &["--json"]].concat(), input)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && said.is_empty(), "{arguments:?}: {} {said}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{arguments:?}: not one JSON document"))
}

/// The error that a failed command has told programs.
fn error(arguments: &[&str]) -> Result<Value> {
    let output = run(&[arguments, &["--json"]].concat(), "")?;
    ensure!(output.stdout.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    // A role has written to its log before.
    let last = output.stderr.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let said: Value = serde_json::from_slice(last).with_context(|| format!("{arguments:?}: no JSON"))?;
    ensure!(said["error"]["exit_status"].as_i64() == output.status.code().map(i64::from), "{arguments:?}: {said}");
    Ok(said["error"].clone())
}

const EVENT: &str = r#"{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","type":"ObjectEvent",
    "eventTime":"2026-01-05T08:30:00Z","eventTimeZoneOffset":"+00:00","action":"OBSERVE",
    "epcList":["https://id.gs1.org/01/09521234543213/21/4711"]}"#;

#[test]
fn a_command_answers_with_one_json_document() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (keys, opening, exported) = (path("keys"), path("opening.json"), path("exported"));

    let made = document(&["crypto", "generate", "--output", &keys], "")?;
    ensure!(made["folder"] == keys.as_str(), "{made}");
    let domain = ["--domain", "bank.entrepot.example", "--name", "Clerk"];
    let user = document(&[&["crypto", "user", "--output", &keys][..], &domain].concat(), "")?;
    ensure!(user["folder"].as_str().is_some_and(|home| Path::new(home).is_dir()), "{user}");
    let committed = document(&["commit", "--opening", &opening], "1284550\n")?;
    ensure!(committed["commitment"].as_str().is_some_and(|text| text.len() == 64), "{committed}");
    ensure!(committed["document_digest"].is_null(), "{committed}");
    let hashes = document(&["epcis", "hash", "-"], EVENT)?;
    ensure!(hashes["hashes"][0].as_str().is_some_and(|hash| hash.starts_with("ni:///sha-256;")), "{hashes}");
    let listed = document(&["transaction", "list"], "")?;
    let rows = listed["transactions"].as_array().context("no transactions")?;
    let filed = rows.iter().find(|row| row["path"] == "/v1/declarations" && row["method"] == "POST");
    ensure!(filed.is_some_and(|row| row["kind"] == "submit"), "{listed}");
    ensure!(document(&["openapi"], "")?["openapi"].as_str().is_some_and(|form| form.starts_with("3.1")), "OpenAPI");
    let written = document(&["network", "export", "compose", "--output", &exported], "")?;
    ensure!(written["folder"] == exported.as_str(), "{written}");
    Ok(())
}

#[test]
fn each_kind_of_end_has_its_exit_status() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (empty, keys, missing) = (path(""), path("keys"), path("missing"));
    run(&["crypto", "generate", "--output", &keys], "")?;
    let authority = path("keys/peerOrganizations/bank.entrepot.example/tlsca/tlsca.bank.entrepot.example-cert.pem");
    // Nobody listens there any more.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let import_at_nobody =
        ["import", &authority, "--type", "csv", "--map", "a", "--gateway", &nobody, "--authority", &authority];
    for (arguments, expected) in [
        (&["sell"][..], "usage"),
        (&["call", "GET", "v1/whoami"], "usage"),
        (&["call", "PATCH", "/v1/whoami"], "usage"),
        (&["call", "GET", "/v1/whoami", "--gateway", &nobody], "usage"),
        (&["call", "GET", "/v1/whoami", "--header", "no header"], "usage"),
        (&["gateway", "--set", "limits.page"], "usage"),
        (&["down", "--dir", &empty], "failed"),
        (&["status", "--dir", &empty], "failed"),
        (&["deploy", "--dir", &empty], "failed"),
        (&["channel", "show", "--dir", &empty], "failed"),
        (&["network", "profiles", "--dir", &empty], "failed"),
        (&["ledger", "verify", &missing], "failed"),
        (&["health", "nowhere"], "usage"),
        (&["health", &nobody], "failed"),
        (&["audit", "verify", &missing], "failed"),
        (&["index", "status", "--settings", &missing], "failed"),
        (&["gateway", "--settings", &missing], "failed"),
        (&["crypto", "generate", "--output", &keys], "failed"),
        (&["epcis", "hash", &missing], "failed"),
        (&["verify", "--request", &missing], "failed"),
        (&["transaction", "schema", "unheard"], "failed"),
        (&["call", "GET", "/v1/whoami", "--dir", &empty], "failed"),
        (&["call", "GET", "/v1/whoami", "--gateway", &nobody, "--authority", &authority], "unavailable"),
        (&["import", "a.csv", "--map", "no name"], "usage"),
        (&["import", "a.csv", "--map", "a", "--template", "offerCustody"], "usage"),
        (&["import", "a.csv"], "failed"),
        (&["import", &missing, "--type", "csv", "--map", "a"], "failed"),
        (&["import", &authority, "--type", "csv", "--map", "a", "--dir", &empty], "failed"),
        (&import_at_nobody, "unavailable"),
    ] {
        let told = error(arguments)?;
        ensure!(told["code"] == expected, "{arguments:?}: {told}");
        ensure!(told["message"].as_str().is_some_and(|message| !message.is_empty()), "{arguments:?}: {told}");
    }
    // For people, the same is a line.
    let told = run(&["down", "--dir", &empty], "")?;
    ensure!(told.status.code() == Some(1) && told.stderr.starts_with(b"entrepot: "), "{told:?}");
    Ok(())
}

#[test]
fn a_setting_that_cannot_be_is_refused_by_the_name_of_its_variable() -> Result<()> {
    let mut command = Command::new(PROGRAM);
    command.args(["index", "status"]).env_remove("ENTREPOT_GATEWAY_SETTINGS");
    command.env("ENTREPOT_GATEWAY_CHANNEL", "trade").env("ENTREPOT_GATEWAY_CHANNEL__NAME", "x");
    let told = command.output()?;
    let words = String::from_utf8_lossy(&told.stderr).into_owned();
    ensure!(told.status.code() == Some(1) && words.contains("ENTREPOT_GATEWAY_CHANNEL__NAME: "), "{words}");
    Ok(())
}

#[test]
fn shells_and_manuals_get_every_command() -> Result<()> {
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(run(&["completions", shell], "")?.stdout)?;
        for command in ["call", "channel", "import", "transaction", "completions"] {
            ensure!(script.contains(command), "{shell} does not complete {command}");
        }
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("entrepot.bash");
    std::fs::write(&file, run(&["completions", "bash"], "")?.stdout)?;
    // Where there is a bash, it asks the script itself.
    let ask = "source \"$0\"; COMP_WORDS=(entrepot cal); COMP_CWORD=1; _entrepot entrepot cal entrepot; \
               echo \"${COMPREPLY[@]}\"";
    if let Ok(asked) = Command::new("bash").args(["--norc", "-c", ask]).arg(&file).stdin(Stdio::null()).output() {
        ensure!(String::from_utf8_lossy(&asked.stdout).trim() == "call", "{asked:?}");
    }

    let page = String::from_utf8(run(&["man"], "")?.stdout)?;
    ensure!(page.contains(".TH entrepot 1") && page.contains("Exit statuses:"), "{page}");
    let pages = folder.path().join("man");
    ensure!(run(&["man", "--output", &pages.display().to_string()], "")?.status.success(), "no pages");
    for name in ["entrepot.1", "entrepot-call.1", "entrepot-channel-show.1", "entrepot-import.1"] {
        ensure!(pages.join(name).is_file(), "{name} is missing");
    }
    Ok(())
}
