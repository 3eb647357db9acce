//! The program's imports: a file is shown, tried, begun, left, taken up again, reported and corrected.

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use entrepot::demo::rest::Caller;
use serde_json::{Value, json};

use crate::harness::{PROGRAM, System, establish, shared};

/// How long an import may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Enough for Ctrl-C to come while rows wait: each of them waits for the block of the one before.
const ROWS: u64 = 40;

/// A file and its mapping in a folder, and a caller of the gateway.
struct Importer {
    folder: tempfile::TempDir,
    system: &'static System,
    exporter: Caller,
}

fn digest(number: u64) -> String {
    format!("{:064x}", 0xe2e_0000 + number)
}

/// Deposits of evidence as an enterprise system writes them. Until it is corrected, the third row has no digest, and
/// the contract refuses the sixth one, which comes from the future.
fn table(corrected: bool) -> String {
    let row = |number| {
        let digest = if number == 2 && !corrected { "xyz".to_owned() } else { digest(number) };
        let year = if number == 5 && !corrected { 2199 } else { 2026 };
        format!("{digest};02.01.{year} 09:30\r\n")
    };
    "\u{feff}Digest;Day\r\n".to_owned() + &(0..ROWS).map(row).collect::<String>()
}

impl Importer {
    async fn new(system: &'static System) -> Result<Self> {
        establish(system).await?;
        let folder = tempfile::tempdir()?;
        let offset = [json!({"kind": "moment", "format": "DD.MM.YYYY hh:mm", "offset": "+01:00"})];
        let mapping = json!({"target": "POST /v1/evidence", "in_order": true, "fields": [
            {"field": "sha256", "column": "Digest"},
            {"field": "kind", "constant": "document"},
            {"field": "media_type", "constant": "application/pdf"},
            {"field": "captured_at", "column": "Day", "convert": offset},
            {"field": "tool", "constant": "scanner"},
        ]});
        std::fs::write(folder.path().join("scans.json"), mapping.to_string())?;
        std::fs::write(folder.path().join("scans.csv"), table(false))?;
        Ok(Self { folder, system, exporter: system.caller("ExporterMSP")? })
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, further: &[&str]) -> Result<Child> {
        let mut command = Command::new(PROGRAM);
        command.args(["import", "scans.csv", "--as", "ExporterMSP", "--dir"]).arg(self.system.layout.root());
        command.args(further).current_dir(self.folder.path());
        Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
    }

    /// The exit status of an import, and the document that it printed.
    fn run(&self, further: &[&str]) -> Result<(i32, Value)> {
        let output = self.start(&[&["--json"], further].concat())?.wait_with_output()?;
        let document = serde_json::from_slice(&output.stdout);
        Ok((status(&output)?, document.with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?))
    }

    /// The transactions of the rows that are accepted.
    async fn transactions(&self, id: &str) -> Result<Vec<Value>> {
        let rows = self.exporter.get(&format!("/v1/imports/{id}/rows?state=accepted")).await?.accepted()?;
        let rows = rows["rows"].as_array().context("no rows")?;
        Ok(rows.iter().map(|row| row["transaction_id"].clone()).collect())
    }
}

fn status(output: &Output) -> Result<i32> {
    output.status.code().context("a signal ended it")
}

fn counts(import: &Value) -> [u64; 4] {
    ["rows", "accepted", "failed", "waiting"].map(|name| import[name].as_u64().unwrap_or(u64::MAX))
}

#[tokio::test]
async fn a_file_is_shown_tried_and_left_and_the_same_command_goes_on() -> Result<()> {
    let importer = Importer::new(shared()?).await?;
    let from_file = ["--map", "scans.json"];

    let (code, shown) = importer.run(&[&from_file[..], &["--preview=3"]].concat())?;
    let rows = &shown["preview"]["rows"];
    ensure!(code == 6 && rows[0]["body"]["captured_at"] == "2026-01-02T08:30:00Z", "{code} {shown}");
    ensure!(rows[2]["faults"][0]["code"] == "request.digest_malformed" && rows[3].is_null(), "{shown}");

    let (code, tried) = importer.run(&[&from_file[..], &["--dry-run"]].concat())?;
    ensure!(code == 6 && counts(&tried["import"]) == [ROWS, ROWS - 2, 2, 0], "{code} {tried}");
    let codes: Vec<_> = (0..2).map(|row| tried["failed_rows"][row]["faults"][0]["code"].as_str()).collect();
    ensure!(codes == [Some("request.digest_malformed"), Some("evidence.captured_in_future")], "{tried}");
    let unwritten = importer.exporter.get(&format!("/v1/evidence/{}", digest(0))).await?;
    unwritten.refused(404, "evidence.unknown")?;

    let id = left(&importer).await?;
    let (code, ended) = importer.run(&[&from_file[..], &["--report", "failed.csv"]].concat())?;
    ensure!(code == 6 && ended["import"]["id"] == id.as_str(), "{code} {ended}");
    ensure!(counts(&ended["import"]) == [ROWS, ROWS - 2, 2, 0] && ended["report"] == "failed.csv", "{ended}");
    reported(&importer.path("failed.csv"))?;
    let recorded = importer.transactions(&id).await?;
    ensure!(recorded.len() as u64 == ROWS - 2 && recorded.iter().all(Value::is_string), "{recorded:?}");

    // A mapping that is kept, by its name; then the file as its maker has corrected it.
    let (code, again) = importer.run(&["--map", "scans@1"])?;
    ensure!(code == 6 && again["import"]["id"] == id.as_str(), "{code} {again}");
    ensure!(importer.transactions(&id).await? == recorded, "the same file has changed something");
    std::fs::write(importer.path("scans.csv"), table(true))?;
    let (code, corrected) = importer.run(&["--map", "scans", "--report", "failed.csv"])?;
    ensure!(code == 0 && counts(&corrected["import"]) == [ROWS, ROWS, 0, 0], "{code} {corrected}");
    let known = importer.transactions(corrected["import"]["id"].as_str().context("an id")?).await?;
    ensure!(
        recorded.iter().all(|own| known.contains(own)),
        "what was right before is sent anew: {known:?}\n{recorded:?}"
    );
    ensure!(std::fs::read_to_string(importer.path("failed.csv"))?.lines().count() == 1, "a report of nothing");
    Ok(())
}

/// Begins the import and leaves it with Ctrl-C while rows wait. Gives back its id.
async fn left(importer: &Importer) -> Result<String> {
    let program = importer.start(&["--map", "scans.json"])?;
    let deadline = Instant::now() + PATIENCE;
    let id = loop {
        let known = importer.exporter.get("/v1/imports").await?.accepted()?;
        let mut imports = known["imports"].as_array().context("no imports")?.iter();
        let ours = imports.find(|one| one["mapping"] == "scans" && one["dry_run"] == false);
        if let Some(ours) = ours.filter(|ours| ours["accepted"].as_u64() > Some(0)) {
            break ours["id"].as_str().context("an id")?.to_owned();
        }
        ensure!(Instant::now() < deadline, "it does not begin: {known}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    // As a terminal does for Ctrl-C.
    let sent = Command::new("sh").args(["-c", &format!("kill -INT {}", program.id())]).status()?;
    ensure!(sent.success(), "no signal was sent");
    let output = program.wait_with_output()?;
    let (said, beside) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(status(&output)? == 3 && said.contains(&format!("import {id}")), "{said}\n{beside}");
    ensure!(beside.contains("goes on at the gateway. The same command again"), "{beside}");
    Ok(id)
}

/// The two rows in their own columns, with their lines and the reasons.
fn reported(path: &Path) -> Result<()> {
    let report = std::fs::read_to_string(path)?;
    let lines: Vec<&str> = report.lines().collect();
    let [header, first, second] = lines[..] else { anyhow::bail!("{report}") };
    ensure!(header == "\u{feff}Digest,Day,import line,import code,import reason", "{report}");
    ensure!(first.starts_with("xyz,02.01.2026 09:30,4,request.digest_malformed,"), "{report}");
    ensure!(second.starts_with(&format!("{},02.01.2199 09:30,7,evidence.captured_in_future,", digest(5))), "{report}");
    Ok(())
}
