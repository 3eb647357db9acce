//! The example of a client in Python that reads a folder of exports: killed in the middle, run again, corrected.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use entrepot::demo::rest::only_file;
use trade_standards::percent;

use super::money::Trade;
use crate::harness::{PROGRAM, System, shared};

/// How long a step of the example may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The example's files of one organization, and how its program is run on them.
struct Example {
    folder: tempfile::TempDir,
    arguments: Vec<PathBuf>,
}

impl Example {
    fn of(system: &System, name: &str, msp_id: &str) -> Result<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/python");
        let folder = tempfile::tempdir()?;
        for entry in fs::read_dir(source.join("erp").join(name))? {
            let entry = entry?;
            fs::copy(entry.path(), folder.path().join(entry.file_name()))?;
        }
        let msp = system.msp(msp_id, "User1")?;
        let mut arguments = vec![source.join("erp.py"), folder.path().to_owned()];
        for (option, value) in [
            ("--gateway", PathBuf::from(system.addresses.gateway.to_string())),
            ("--authority", system.gateway_authority()?),
            ("--certificate", only_file(&msp.join("signcerts"))?),
            ("--key", only_file(&msp.join("keystore"))?),
            ("--program", PROGRAM.into()),
        ] {
            arguments.extend([option.into(), value]);
        }
        Ok(Self { folder, arguments })
    }

    fn start(&self) -> Result<Child> {
        let mut command = Command::new("python3");
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command.spawn()?)
    }

    /// Whether every row is on the ledger, and the lines that the program printed.
    fn run(&self) -> Result<(bool, String)> {
        let output = self.start()?.wait_with_output()?;
        ensure!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok((output.status.success(), String::from_utf8(output.stdout)?))
    }

    /// Ends the program once it has written a first opening, so that some rows are on the ledger and others are not.
    fn kill_in_the_middle(&self) -> Result<()> {
        let mut program = self.start()?;
        let deadline = Instant::now() + PATIENCE;
        while !names(&self.folder.path().join("openings")).iter().any(|name| name.ends_with(".json")) {
            ensure!(program.try_wait()?.is_none(), "it ended before it wrote an opening");
            ensure!(Instant::now() < deadline, "it writes no opening");
            std::thread::sleep(Duration::from_millis(2));
        }
        program.kill()?;
        program.wait()?;
        Ok(())
    }

    fn replace(&self, file: &str, from: &str, to: &str) -> Result<()> {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path)?;
        ensure!(text.contains(from), "{file} holds no {from}");
        Ok(fs::write(path, text.replace(from, to))?)
    }

    fn report(&self, file: &str) -> Result<Vec<String>> {
        let text = fs::read_to_string(self.folder.path().join("failed").join(file))?;
        Ok(text.lines().skip(1).map(str::to_owned).collect())
    }
}

/// The names of the files in a folder; none, while it is not there.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_folder_of_exports_comes_onto_the_ledger_once_whatever_happens() -> Result<()> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3");
        return Ok(());
    }
    let system = shared()?;
    let trade = Trade::open(system).await?;
    let exports = Example::of(system, "exporter", "ExporterMSP")?;
    exports.kill_in_the_middle()?;

    // Whatever was on the ledger by then is known now; if it were sent anew, the contracts would refuse it.
    let (clean, said) = exports.run()?;
    for line in [
        "shipments-2026-01.csv: 3 rows, 2 on the ledger, 1 failed",
        "invoices-2026-01.csv: 3 rows, 2 on the ledger, 1 failed",
    ] {
        ensure!(!clean && said.contains(line), "{said}");
    }
    let failed = [exports.report("shipments-2026-01.csv")?, exports.report("invoices-2026-01.csv")?].concat();
    ensure!(
        failed.len() == 2 && failed[0].starts_with("LS-80003,") && failed[0].contains(",4,import.cell_missing,"),
        "{failed:?}"
    );
    ensure!(failed[1].starts_with("RE-2026/0816,") && failed[1].contains(",3,erp.amount_malformed,"), "{failed:?}");
    on_the_ledger(&trade, "RE-2026/0815", "1284450").await?;

    exports.replace("partners.json", "\"ImporterMSP\"", "\"ImporterMSP\", \"K-9999\": \"LogisticsMSP\"")?;
    exports.replace("invoices-2026-01.csv", ";980,5;", ";980,50;")?;
    let (clean, said) = exports.run()?;
    ensure!(clean && said.lines().count() == 2, "{said}");
    on_the_ledger(&trade, "RE-2026/0816", "98050").await?;
    let kinds: Vec<String> = names(&exports.folder.path().join("done"));
    let begins = ["invoices-2026-01-", "production-2026-01-", "shipments-2026-01-"];
    ensure!(kinds.iter().zip(begins).all(|(name, begin)| name.starts_with(begin)) && kinds.len() == 3, "{kinds:?}");
    ensure!(names(&exports.folder.path().join("failed")).is_empty(), "reports of what is done are left");
    ensure!(exports.run()? == (true, String::new()), "there is still something to do");

    let statements = Example::of(system, "bank", "BankMSP")?;
    let (clean, said) = statements.run()?;
    ensure!(clean, "{said}");
    let told = trade.exporter.get("/v1/statement-entries/BankMSP/ERP-ENTRY-1/opening").await?.accepted()?;
    ensure!(told["value_minor"] == "1284000", "{told}");
    Ok(())
}

/// The goods lie with their maker, who offers them, and the importer reads what it is to pay.
async fn on_the_ledger(trade: &Trade, invoice: &str, minor: &str) -> Result<()> {
    let item = percent::encode("https://id.gs1.org/01/09521234543213/21/ERP-1001");
    let item = trade.importer.get(&format!("/v1/items/{item}")).await?.accepted()?;
    ensure!(item["holder"] == "ExporterMSP", "{item}");
    let offer = trade.importer.get("/v1/custody-transfers/ExporterMSP/LS-80001").await?.accepted()?;
    ensure!(offer["to"] == "ImporterMSP" && offer["state"] == "offered" && offer["seal"] == "PL-77", "{offer}");
    let told = format!("/v1/invoices/ExporterMSP/{}/opening", percent::encode(invoice));
    let told = trade.importer.get(&told).await?.accepted()?;
    ensure!(told["value_minor"].as_str().context("no amount")? == minor, "{told}");
    Ok(())
}
