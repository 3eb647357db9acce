//! Proofs on the command line, as a clerk makes them: no code, and no secret that anybody else sees.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use entrepot::demo::documents;
use fixtures::{band, value_in_band};
use serde_json::{Value, json};
use trade_gateway::signer;
use trade_model::{
    Transaction,
    customs::{FileDeclaration, ReadDeclaration, ReadTariff, ShareValueOpening},
};

use crate::{
    e2e::{
        commands::{run, text},
        signing,
    },
    harness::{System, establish, shared},
};

/// A folder with the clerk's files.
struct Desk(tempfile::TempDir);

impl Desk {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn argument(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn put(&self, name: &str, value: &Value) -> Result<()> {
        Ok(std::fs::write(self.path(name), value.to_string())?)
    }

    /// Runs the program with `@name` for the file `name`, and keeps what it prints in `output`.
    fn run_into(&self, output: &str, arguments: &[&str], input: &str) -> Result<String> {
        let named =
            |argument: &&str| argument.strip_prefix('@').map_or((*argument).to_owned(), |name| self.argument(name));
        let arguments: Vec<String> = arguments.iter().map(named).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let printed = text(&run(&arguments, input)?)?;
        std::fs::write(self.path(output), &printed)?;
        Ok(printed)
    }

    fn refusal(&self, arguments: &[&str], input: &str) -> Result<String> {
        let refused = self.run_into("refused.json", arguments, input);
        Ok(format!("{:#}", refused.err().context("it was not refused")?))
    }
}

/// Declaration, tariff and item are called alike, and a country has one tariff.
fn declaration(name: &str, country: &str) -> Value {
    json!({
        "declaration_id": format!("D-{name}"), "tariff_id": format!("CustomsMSP/T-{name}"), "tariff_version": 1,
        "band_id": "b", "items": [documents::item(name)], "hs_code": "910211", "origin": "CN", "destination": country,
        "quantity": "1", "unit": "C62", "currency": "EUR",
    })
}

/// A network with the tariff and the item of a declaration.
async fn ready_for(name: &str, country: &str) -> Result<&'static System> {
    let system = shared()?;
    establish(system).await?;
    let bands = vec![band("b", "91", (1_000, 2_000), 0)];
    let tariff = fixtures::tariff(&format!("T-{name}"), country, bands, vec![value_in_band()]);
    system.caller("CustomsMSP")?.post("/v1/tariffs", &fixtures::json(&tariff)).await?.accepted()?;
    let event = documents::commissioning(&[name], "2026-11-02T08:00:00Z", "https://id.gs1.org/414/9521234000006");
    system.caller("ExporterMSP")?.post("/v1/captures", &event).await?.accepted()?;
    Ok(system)
}

/// A tariff, an item, and from then on nothing but the program: the tariff is read, the value committed to, the proof
/// made, the request sent and the opening shared with the authority.
#[tokio::test]
async fn a_clerk_declares_a_value_with_the_program_alone() -> Result<()> {
    let system = ready_for("CLERK", "SE").await?;

    let desk = Desk(tempfile::tempdir()?);
    desk.put("declaration.json", &declaration("CLERK", "SE"))?;
    let to = gateway(system, "ImporterMSP")?;
    let send = |name: &'static str| [&["transaction", "send", name][..], &to.each_ref().map(String::as_str)].concat();
    desk.run_into("tariff.json", &send(ReadTariff::NAME), r#"{"tariff_id": "CustomsMSP/T-CLERK"}"#)?;
    let commitment = desk.run_into("commitment", &["commit", "--opening", "@opening.json"], "1500\n")?;
    let basis = ["--record", "@tariff.json", "--msp-id", "ImporterMSP"];
    let prove = [&["prove", "--request", "@declaration.json", "--opening", "@opening.json"][..], &basis].concat();
    let proved: Value = serde_json::from_str(&desk.run_into("proved.json", &prove, "")?)?;
    ensure!(proved["value_commitment"] == commitment.trim(), "{proved}");
    desk.run_into("verified", &[&["verify", "--request", "@proved.json"][..], &basis].concat(), "")?;

    let file = [&send(FileDeclaration::NAME)[..], &["--request", "@proved.json"]];
    let filed: Value = serde_json::from_str(&desk.run_into("filed.json", &file.concat(), "")?)?;
    ensure!(filed["state"] == "committed", "{filed}");
    let share = [&send(ShareValueOpening::NAME)[..], &["--private", "@opening.json"]];
    desk.run_into("shared.json", &share.concat(), r#"{"declaration_id": "D-CLERK"}"#)?;
    // What the ledger made of it can be verified by everybody, without the importer's name.
    let record = desk.run_into("record.json", &send(ReadDeclaration::NAME), r#"{"declaration_id": "D-CLERK"}"#)?;
    let record: Value = serde_json::from_str(&record)?;
    ensure!(record["opening_shared"] == true, "{record}");
    desk.run_into("verified", &["verify", "--request", "@record.json", "--record", "@tariff.json"], "")?;
    Ok(())
}

/// The same over loopback: the signer commits, proves and sends, and the gateway gets neither amount nor opening before
/// the authority may have it.
#[tokio::test]
async fn an_enterprise_system_declares_a_value_with_its_signer_alone() -> Result<()> {
    let system = ready_for("BESIDE", "IE").await?;
    let published = system.caller("ImporterMSP")?.get("/v1/tariffs/CustomsMSP/T-BESIDE").await?.accepted()?;
    let folder = tempfile::tempdir()?;
    let functions = json!([{"name": FileDeclaration::NAME}, {"name": ShareValueOpening::NAME}]);
    let policy = json!({"functions": functions, "local": ["commit", "prove"]});
    let running = signer::start(&signing::beside(system, folder.path(), "ImporterMSP", &policy)?)?;
    let ask = async |target: &str, body: Value| -> Result<Value> {
        let (head, answer) = signing::ask(running.address(), target, target, &body).await?;
        ensure!(head.starts_with("HTTP/1.1 20"), "{target}: {head} {answer}");
        Ok(answer)
    };
    let committed = ask("/v1/local/commit", json!({"value_minor": "1500"})).await?;
    let opening = &committed["opening"];
    let asked = json!({"request": declaration("BESIDE", "IE"), "openings": [opening], "records": [published]});
    let proved = ask("/v1/local/prove", asked).await?;
    ensure!(proved["value_commitment"] == committed["commitment"], "{proved}");
    let filed = ask("/v1/declarations", proved).await?;
    ensure!(filed["validation"] == "VALID", "{filed}");
    ask("/v1/declarations/-/D-BESIDE/opening", json!({"private": opening})).await?;
    running.stop().await;
    let told = system.caller("CustomsMSP")?.get("/v1/declarations/ImporterMSP/D-BESIDE/opening").await?.accepted()?;
    ensure!(told["value_minor"] == "1500", "{told}");
    Ok(())
}

fn gateway(system: &System, msp_id: &str) -> Result<[String; 6]> {
    let path = |path: &Path| path.to_str().map(str::to_owned).context("a path that is no text");
    let authority = path(&system.gateway_authority()?)?;
    let msp = path(&system.msp(msp_id, "User1")?)?;
    let flag = |name: &str| name.to_owned();
    let address = system.addresses.gateway.to_string();
    Ok([flag("--gateway"), address, flag("--authority"), authority, flag("--msp"), msp])
}

#[test]
fn an_opening_is_its_owners_file_and_is_never_overwritten() -> Result<()> {
    let desk = Desk(tempfile::tempdir()?);
    let commit = ["commit", "--opening", "@opening.json"];
    for amount in ["", "12.50", "-1", "+1", "281474976710656"] {
        let refused = desk.refusal(&commit, amount)?;
        ensure!(refused.contains("the amount") && !desk.path("opening.json").exists(), "{amount}: {refused}");
    }
    desk.run_into("commitment", &commit, "281474976710655")?;
    let mode = std::fs::metadata(desk.path("opening.json"))?.permissions().mode();
    ensure!(mode & 0o077 == 0, "the opening has the mode {mode:o}");
    let written = std::fs::read(desk.path("opening.json"))?;
    ensure!(desk.refusal(&commit, "7")?.contains("cannot write"), "an opening was overwritten");
    ensure!(std::fs::read(desk.path("opening.json"))? == written, "the opening has changed");
    Ok(())
}

#[test]
fn what_a_request_lacks_for_its_proof_is_named_and_no_value_is_told() -> Result<()> {
    let desk = Desk(tempfile::tempdir()?);
    desk.put("declaration.json", &declaration("CLERK", "SE"))?;
    desk.run_into("commitment", &["commit", "--opening", "@opening.json"], "151515")?;
    desk.put("half.json", &json!({"value_minor": "151515"}))?;
    let prove = |opening: &'static str| ["prove", "--request", "@declaration.json", "--opening", opening];
    let refused = desk.refusal(&prove("@opening.json"), "")?;
    ensure!(refused.contains(ReadTariff::NAME) && refused.contains("T-CLERK"), "{refused}");
    let refused = desk.refusal(&prove("@half.json"), "")?;
    ensure!(refused.contains("half.json is no opening") && !refused.contains("151515"), "{refused}");
    ensure!(desk.refusal(&["prove"], "")?.contains("--request"), "a request is not asked for");
    Ok(())
}

#[test]
fn a_statement_of_ones_own_is_proved_for_its_record_and_for_no_other() -> Result<()> {
    let bounds = ["--least", "1000", "--most", "2000"];
    let record = |id: &'static str| {
        let of = ["--record-type", "offer", "--record-id", id, "--msp-id", "ImporterMSP"];
        [&of[..], &["--purpose", "tender", "--currency", "EUR"]].concat()
    };
    let prove = [&["prove", "range"][..], &bounds, &record("O-1")].concat();
    let proved: Value = serde_json::from_str(&text(&run(&prove, r#"{"value": "1500"}"#)?)?)?;
    let commitment = proved["commitment"].as_str().context("no commitment")?;
    let proof = proved["proof"].as_str().context("no proof")?;
    let shown = ["--commitment", commitment, "--proof", proof];
    let verify = |id| run(&[&["verify", "range"][..], &bounds, &shown, &record(id)].concat(), "");
    ensure!(verify("O-1")?.status.success(), "the proof does not hold for its record");
    ensure!(!verify("O-2")?.status.success(), "the proof holds for another record");
    for (least, most) in [("1500", "1500"), ("1401", "1500"), ("1801", "2000")] {
        let narrow = ["prove", "range", "--least", least, "--most", most];
        let narrow = [&narrow[..], &record("O-1")].concat();
        let refused = run(&narrow, r#"{"value": "1500"}"#)?;
        let said = String::from_utf8_lossy(&refused.stderr);
        ensure!(!refused.status.success() && said.contains("all but tells the amount"), "{least} to {most}: {said}");
    }
    let told = [&["prove", "range", "--tell", "--least", "1500", "--most", "1500"][..], &record("O-1")].concat();
    ensure!(run(&told, r#"{"value": "1500"}"#)?.status.success(), "what is to be told is not proved");
    let outside = run(&prove, r#"{"value": "2001"}"#)?;
    ensure!(!outside.status.success() && outside.stdout.is_empty(), "a value out of bounds was proved");
    let secret = run(&prove, r#"{"value": "1500", "blinding": "00"}"#)?;
    let told = String::from_utf8_lossy(&secret.stderr).contains("1500");
    ensure!(!secret.status.success() && !told, "the refusal tells the value");
    Ok(())
}
