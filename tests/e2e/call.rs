//! The program's requests to a gateway: as the README shows them, by every way to say who calls, and signed.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::commands::{run, text};
use crate::harness::{PROGRAM, System, establish, shared};

/// Stops the network of a folder, whatever came before.
struct Stopped<'a>(&'a Path);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        let _ = Command::new(PROGRAM).current_dir(self.0).env_remove("ENTREPOT_DIR").arg("down").output();
    }
}

#[test]
fn the_first_shipment_of_the_readme_is_ten_lines_that_work() -> Result<()> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"))?;
    let (_, rest) = readme.split_once("### The first shipment").context("the README has no first shipment")?;
    let (_, rest) = rest.split_once("```sh\n").context("it has no lines")?;
    let (lines, _) = rest.split_once("```").context("its lines do not end")?;
    ensure!(lines.lines().count() == 10, "{} lines", lines.lines().count());

    let folder = tempfile::tempdir()?;
    let programs = folder.path().join("bin");
    std::fs::create_dir(&programs)?;
    std::os::unix::fs::symlink(PROGRAM, programs.join("entrepot"))?;
    let stopped = Stopped(folder.path());
    let path = format!("{}:{}", programs.display(), std::env::var("PATH")?);
    let mut shell = Command::new("sh");
    shell.args(["-euc", lines]).current_dir(folder.path()).env("PATH", path).env_remove("ENTREPOT_DIR");
    let ran = shell.output()?;
    let (said, failed) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    ensure!(ran.status.success(), "{}\n{said}\n{failed}", ran.status);
    // Away from a terminal the answers before it end without a line.
    ensure!(said.contains("ImporterMSP\n"), "who holds the watch is not told:\n{said}");
    ensure!(said.lines().last().is_some_and(|line| line.contains("has stopped")), "{said}");
    drop(stopped);
    Ok(())
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

/// A request as a user of the shared network, and its exit status.
fn call(system: &System, person: &str, arguments: &[&str], body: &str) -> Result<(i32, Value)> {
    let dir = path(system.layout.root())?;
    let output = run(&[&["call"][..], arguments, &["--dir", dir, "--as", person]].concat(), body)?;
    let body = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| json!(String::from_utf8_lossy(&output.stderr).into_owned()));
    Ok((output.status.code().context("a signal ended it")?, body))
}

#[test]
fn every_way_to_say_who_calls_leads_to_the_same_caller() -> Result<()> {
    let system = shared()?;
    let (gateway, authority) = (system.addresses.gateway.to_string(), system.gateway_authority()?);
    let msp = system.msp("ImporterMSP", "User1")?;
    let file = |folder: &str| entrepot::demo::rest::only_file(&msp.join(folder));
    let (certificate, key) = (file("signcerts")?, file("keystore")?);
    let (dir, url) = (path(system.layout.root())?, format!("https://{gateway}/"));
    let to = ["--gateway", &gateway, "--authority", path(&authority)?];
    let to_url = ["--gateway", &url, "--authority", path(&authority)?];
    let files = ["--certificate", path(&certificate)?, "--key", path(&key)?];
    let whoami = |options: &[&str]| run(&[&["call", "get", "/v1/whoami"][..], options].concat(), "");
    for options in [
        &["--dir", dir, "--as", "ImporterMSP"][..],
        &["--dir", dir, "--as", "ImporterMSP/User1"],
        &["--dir", dir, "--msp", path(&msp)?],
        &[&to[..], &["--msp", path(&msp)?]].concat(),
        &[&to_url[..], &files].concat(),
    ] {
        let answer: Value = serde_json::from_str(&text(&whoami(options)?)?)?;
        ensure!(answer["msp_id"] == "ImporterMSP", "{options:?}: {answer}");
    }
    for (options, said) in [
        (&["--dir", dir, "--as", "NobodyMSP"][..], "NobodyMSP"),
        (&["--dir", dir, "--as", "ImporterMSP/Nobody"], "has no user Nobody"),
        (&["--dir", "/nowhere", "--as", "ImporterMSP"], "there is no folder /nowhere"),
    ] {
        let refused = whoami(options)?;
        let words = String::from_utf8_lossy(&refused.stderr);
        ensure!(refused.status.code() == Some(1) && words.contains(said), "{options:?}: {words}");
    }
    // Without a certificate, a public route answers and another does not.
    let health = run(&["call", "GET", "/healthz", "--dir", dir], "")?;
    ensure!(health.status.success(), "{}", String::from_utf8_lossy(&health.stderr));
    let stranger = whoami(&["--dir", dir])?;
    let problem: Value = serde_json::from_slice(&stranger.stdout)?;
    ensure!(stranger.status.code() == Some(4) && problem["code"] == "certificate_missing", "{problem}");
    Ok(())
}

#[tokio::test]
async fn an_answer_is_printed_whatever_its_status_and_the_exit_status_tells_it() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let deposit = |fill: &str| {
        json!({"sha256": fill.repeat(64), "kind": "document", "media_type": "text/plain",
               "captured_at": "2026-01-01T00:00:00Z", "tool": "call"})
    };
    let write = ["POST", "/v1/evidence", "--body", "-"];
    let written = call(system, "ExporterMSP", &write, &deposit("c").to_string())?;
    ensure!(written.0 == 0 && written.1["state"] == "committed", "{written:?}");
    // The same key is a retry; a key of its own makes another write, which the contract answers.
    let kept = [&write[..], &["--idempotency-key", "call-1"]].concat();
    let first = call(system, "ExporterMSP", &kept, &deposit("d").to_string())?;
    let again = call(system, "ExporterMSP", &kept, &deposit("d").to_string())?;
    ensure!(first.0 == 0 && first == again, "{first:?}\n{again:?}");
    let header = [&write[..], &["-H", "idempotency-key: call-1"]].concat();
    ensure!(call(system, "ExporterMSP", &header, &deposit("d").to_string())? == first, "a key in a header");

    let refused = call(system, "RegulatorMSP", &write, &deposit("e").to_string())?;
    ensure!(refused.0 == 4 && refused.1["code"] == "role_not_permitted", "{refused:?}");
    let unknown = call(system, "ExporterMSP", &["GET", "/v1/invoices/ExporterMSP/NONE"], "")?;
    ensure!(unknown.0 == 4, "{unknown:?}");
    let dir = path(system.layout.root())?;
    let shown = ["call", "GET", "/v1/whoami", "--dir", dir, "--as", "BankMSP"];
    let included = text(&run(&[&shown[..], &["--include"]].concat(), "")?)?;
    ensure!(
        included.starts_with("HTTP/1.1 200\n") && included.contains("\ncontent-type: application/json"),
        "{included}"
    );
    ensure!(text(&run(&[&shown[..], &["--field", "/msp_id"]].concat(), "")?)? == "BankMSP\n", "one field");
    let missing = run(&[&shown[..], &["--field", "/colour"]].concat(), "")?;
    ensure!(missing.status.code() == Some(1), "a field that is not there");

    // Nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let nobody = listener.local_addr()?.to_string();
    drop(listener);
    let authority = system.gateway_authority()?;
    let gone = run(&["call", "POST", "/v1/evidence", "--gateway", &nobody, "--authority", path(&authority)?], "")?;
    let words = String::from_utf8_lossy(&gone.stderr);
    ensure!(gone.status.code() == Some(5) && words.contains("--idempotency-key "), "{words}");
    Ok(())
}

#[test]
fn programs_read_about_a_running_network() -> Result<()> {
    let system = shared()?;
    let dir = path(system.layout.root())?;
    let document = |arguments: &[&str]| -> Result<Value> {
        Ok(serde_json::from_str(&text(&run(&[&["--json"][..], arguments].concat(), "")?)?)?)
    };
    let status = document(&["status", "--dir", dir])?;
    let processes = status["processes"].as_array().context("no processes")?;
    ensure!(processes.len() == 3 && processes.iter().all(|one| one["usage"]["memory_mb"].is_number()), "{status}");
    ensure!(status["runs"] == true && status["gateway_listens"] == true, "{status}");
    let peers = status["peers"].as_array().context("no peers")?;
    ensure!(peers.len() == 6 && peers.iter().all(|peer| peer["listens"] == true), "{status}");
    // Each says where it tells how it is.
    let nodes = peers.iter().chain(status["orderers"].as_array().into_iter().flatten()).map(|node| &node["operations"]);
    for told in nodes.chain([&status["chaincode_operations"]]) {
        let health = document(&["health", told.as_str().with_context(|| format!("no address in {status}"))?])?;
        ensure!(health["well"] == true, "{health}");
    }
    let channel = document(&["channel", "show", "--dir", dir])?;
    ensure!(channel["channel"] == "trade" && channel["batch"]["max_message_count"].is_number(), "{channel}");
    let members = channel["organizations"].as_array().context("no organizations")?;
    let regulator = members.iter().find(|one| one["msp_id"] == "RegulatorMSP");
    ensure!(regulator.is_some_and(|one| one["reads_only"] == true), "{channel}");
    let timeout = ["channel", "set", "--batch-timeout-ms", "77", "--dry-run", "--dir", dir];
    let change = &document(&timeout)?["changes"][0];
    ensure!(change["made"] == false && change["lacks"].is_null(), "{change}");
    ensure!(change["difference"].to_string().contains("77ms"), "{change}");
    let settings = format!("{dir}/gateway/settings.yaml");
    let index = document(&["index", "status", "--settings", &settings])?;
    ensure!(index["behind"].is_number() && index["organization"] == "ExporterMSP", "{index}");
    let peer = document(&["ledger", "verify", dir, "--peer", "ExporterMSP"])?;
    ensure!(peer["channels"][0]["channel"] == "trade" && peer["channels"][0]["findings"] == json!([]), "{peer}");
    let deployed = document(&["deploy", "--dir", dir])?;
    ensure!(deployed["channels"][0]["chaincode"] == "entrepot", "{deployed}");
    Ok(())
}

#[tokio::test]
async fn what_the_caller_signs_is_what_it_has_asked_for() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let deposit = |fill: &str| {
        json!({"sha256": fill.repeat(64), "kind": "document", "media_type": "text/plain",
               "captured_at": "2026-01-01T00:00:00Z", "tool": "call"})
    };
    let signed = ["POST", "/v1/evidence?signing=caller", "--body", "-"];
    let written = call(system, "LogisticsMSP", &signed, &deposit("a").to_string())?;
    ensure!(written.0 == 0 && written.1["state"] == "committed", "{written:?}");
    let read = format!("/v1/evidence/{}?signing=caller", "a".repeat(64));
    let read = call(system, "LogisticsMSP", &["GET", &read], "")?;
    ensure!(read.0 == 0 && read.1.get("signing_input").is_none(), "{read:?}");
    // A caller who means another ledger signs nothing for this one.
    let other = [&signed[..], &["--chaincode", "another"]].concat();
    let (status, said) = call(system, "LogisticsMSP", &other, &deposit("b").to_string())?;
    ensure!(
        status == 1 && said.to_string().contains("The proposal was not signed: the chaincode of the proposal"),
        "{said}"
    );
    let nothing = call(system, "LogisticsMSP", &["GET", &format!("/v1/evidence/{}", "b".repeat(64))], "")?;
    ensure!(nothing.0 == 4, "{nothing:?}");
    Ok(())
}
