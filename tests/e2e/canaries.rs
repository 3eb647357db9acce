//! No private value can be found where it does not belong: not in a block, a log, the gateway's files or the store of
//! an organization that is not a party. Controls must hit: a search that finds nothing anywhere is broken.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use base64::{Engine, engine::general_purpose};
use entrepot::demo::{documents, secrets::Secret};
use fabric_operator::layout::Layout;
use fixtures::{band, of, value_in_band};
use serde_json::{Value, json};
use trade_claims::{DeclarationPlace, Deployment, SettlementPlace};

use crate::harness::{System, establish, start, trading};

/// Amounts that occur nowhere by chance.
const DECLARED: u64 = 198_765_432_109_877;
const INVOICED: u64 = 187_654_321_098_765;
const PAID: u64 = 187_654_321_098_321;

/// A private value and the organizations that may keep it.
pub(crate) struct Canary {
    pub(crate) what: &'static str,
    forms: Vec<Vec<u8>>,
    pub(crate) keepers: [&'static str; 2],
}

impl Canary {
    /// Whether the value stands in these bytes in one of its forms.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.iter().any(|form| contains(bytes, form))
    }
}

#[test]
fn private_values_are_nowhere_but_with_the_parties_they_belong_to() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // Everything is logged, so that a secret in any log line is found.
    let network = start(folder.path(), Some("trace"))?;
    let system = System::of(&network)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let canaries = runtime.block_on(a_day_of_business(&system))?;
    network.stop()?;
    search(&system.layout, &canaries)
}

fn search(layout: &Layout, canaries: &[Canary]) -> Result<()> {
    let files = files(layout.root())?;
    ensure!(files.len() > 20, "only {} files were searched", files.len());
    let mut kept: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut logged = 0;
    for path in &files {
        let bytes = fs::read(path)?;
        logged += usize::from(path.extension().is_some_and(|extension| extension == "log") && !bytes.is_empty());
        for canary in canaries {
            if !canary.is_in(&bytes) {
                continue;
            }
            let keeper = canary.keepers.iter().find(|msp_id| is_private_store(path, msp_id));
            let Some(keeper) = keeper else { anyhow::bail!("{} was found in {}", canary.what, path.display()) };
            kept.insert((canary.what, keeper));
        }
    }
    ensure!(logged >= 3, "only {logged} logs were searched");
    for canary in canaries {
        for keeper in canary.keepers {
            ensure!(kept.contains(&(canary.what, keeper)), "control: {} is not in the store of {keeper}", canary.what);
        }
    }
    Ok(())
}

/// The body that shares the opening of a commitment.
fn opening(secret: &Secret) -> Value {
    json!({ "private": secret.opening() })
}

/// Declares, invoices, pays and settles with known private values, in every form in which they could leak.
pub(crate) async fn a_day_of_business(system: &System) -> Result<Vec<Canary>> {
    establish(system).await?;
    let exporter = system.caller("ExporterMSP")?;
    let importer = system.caller("ImporterMSP")?;
    let bank = system.caller("BankMSP")?;
    let customs = system.caller("CustomsMSP")?;
    let deployment = Deployment { channel: &system.consortium.channel, chaincode: &system.consortium.chaincode.name };

    let commissioning =
        documents::commissioning(&["CANARY1"], "2026-11-02T08:00:00Z", "https://id.gs1.org/414/9521234000006");
    exporter.post("/v1/captures", &commissioning).await?.accepted()?;
    let bands = vec![band("b", "91", (0, 200_000_000_000_000), 0)];
    let tariff = fixtures::tariff("T", "NL", bands, vec![value_in_band()]);
    customs.post("/v1/tariffs", &fixtures::json(&tariff)).await?.accepted()?;

    let declared = Secret::new(DECLARED)?;
    let context = DeclarationPlace::parse("ImporterMSP", "D", ("CustomsMSP/T", 1), "b", "EUR")?.context(deployment)?;
    let proof = declared.prove_range(&context, 0, 200_000_000_000_000)?;
    let item = documents::item("CANARY1");
    let declaration = fixtures::declaration("D", &tariff, &[&item], of(&declared.commitment()), of(&proof));
    importer.post("/v1/declarations", &fixtures::json(&declaration)).await?.accepted()?;
    importer.post("/v1/declarations/ImporterMSP/D/opening", &opening(&declared)).await?.accepted()?;
    let officers = [system.caller_as("CustomsMSP", "Officer1")?, system.caller_as("CustomsMSP", "Officer2")?];
    officers[0].post("/v1/declarations/ImporterMSP/D/assessment", &json!({})).await?.accepted()?;
    officers[1].post("/v1/declarations/ImporterMSP/D/decision/approve", &json!({ "number": 1 })).await?.accepted()?;

    trading(system).await?;
    let invoiced = Secret::new(INVOICED)?;
    let invoice = fixtures::invoice("I", "ImporterMSP", of(&invoiced.commitment()));
    exporter.post("/v1/invoices", &fixtures::json(&invoice)).await?.accepted()?;
    exporter.post("/v1/invoices/-/I/opening", &opening(&invoiced)).await?.accepted()?;
    importer.post("/v1/invoices/ExporterMSP/I/accept", &json!({})).await?.accepted()?;
    let paid = Secret::new(PAID)?;
    let entry = fixtures::entry("E", "ExporterMSP", "R1", of(&paid.commitment()));
    bank.post("/v1/statement-entries", &fixtures::json(&entry)).await?.accepted()?;
    bank.post("/v1/statement-entries/-/E/opening", &opening(&paid)).await?.accepted()?;
    let place = SettlementPlace::parse("ExporterMSP/I", "BankMSP/E", "EUR")?;
    let context = place.context(deployment)?;
    let share = invoiced.share_claim(&paid, place, 500);
    let settle = json!({
        "invoice_id": "I", "entry_id": "BankMSP/E", "tolerance_reason": "bank_charge",
        "proof": invoiced.prove_match(&paid, &context, 1000)?,
        "share_proof": invoiced.prove_share(&paid, &share, deployment)?,
    });
    exporter.post("/v1/settlements", &settle).await?.accepted()?;

    let mut canaries = Vec::new();
    for (secret, names, keepers) in [
        (&declared, ["the declared value", "its blinding factor"], ["ImporterMSP", "CustomsMSP"]),
        (&invoiced, ["the invoice's total", "its blinding factor (invoice)"], ["ExporterMSP", "ImporterMSP"]),
        (&paid, ["the paid amount", "its blinding factor (payment)"], ["BankMSP", "ExporterMSP"]),
    ] {
        let amount = secret.minor().to_string();
        canaries.push(Canary { what: names[0], forms: forms(amount.as_bytes()), keepers });
        let blinding = secret.blinding();
        let mut blinding_forms = forms(blinding.as_bytes());
        blinding_forms.extend(forms(&hex::decode(&blinding)?));
        canaries.push(Canary { what: names[1], forms: blinding_forms, keepers });
    }
    Ok(canaries)
}

/// A value plain, in hexadecimal, and in base64 at each of its three alignments.
fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![value.to_vec(), hex::encode(value).into_bytes()];
    for offset in 0..3 {
        let mut shifted = vec![0; offset];
        shifted.extend_from_slice(value);
        let encoded = general_purpose::STANDARD_NO_PAD.encode(&shifted);
        // The characters at both ends also depend on what stands beside the value.
        let inner = &encoded[4.min(encoded.len())..encoded.len().saturating_sub(4)];
        forms.push(inner.as_bytes().to_vec());
    }
    forms
}

/// Whether a file is part of an organization's own private store.
fn is_private_store(path: &Path, msp_id: &str) -> bool {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.windows(2).any(|pair| pair[0] == "private" && pair[1] == msp_id)
}

/// Every file of the network but the keys.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("crypto") {
                open.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && memchr::memmem::find(haystack, needle).is_some()
}
