//! Lawful dealings in rights, through the gateway, each by the member whose act it is.

use anyhow::{Result, ensure};
use entrepot::demo::documents::GTIN;
use fixtures::json;
use serde_json::json;

use crate::e2e::attacks::rights::{attested, check, licensed, mark};
use crate::harness::{establish, everywhere};

const BRAND: &str = "ExporterMSP";
const IMPORTER: &str = "ImporterMSP";
const CUSTOMS: &str = "CustomsMSP";

#[tokio::test]
async fn a_licensed_importer_is_covered_and_gives_its_licence_up_when_it_likes() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right_id = attested(system, "LR-1").await?;
        let path = licensed(system, &right_id, "LR-1").await?;
        let right = mark(BRAND, "LR-1");
        ensure!(check(system, &right, "").await?["verdict"] == "authorised", "the importer is not covered");
        let end = json!({"reason": "another range"});
        let ended = system.caller(IMPORTER)?.post(&format!("{path}/end"), &end).await?.accepted()?;
        ensure!(ended["result"]["state"] == "given_up", "{ended}");
        ensure!(check(system, &right, "").await?["verdict"] != "authorised", "a licence that was given up covers");
    }
    Ok(())
}

#[tokio::test]
async fn a_right_is_passed_on_with_its_licences() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right_id = attested(system, "LR-2").await?;
        let path = licensed(system, &right_id, "LR-2").await?;
        let right = mark(BRAND, "LR-2");
        system.caller(BRAND)?.post(&format!("{right}/offer"), &json!({"to": IMPORTER})).await?.accepted()?;
        system.caller(IMPORTER)?.post(&format!("{right}/offer/accept"), &json!({})).await?.accepted()?;
        let read = system.caller(CUSTOMS)?.get(&right).await?.accepted()?;
        ensure!(read["owner"] == IMPORTER && read["authenticated"] == true, "{read}");
        let licence = system.caller(BRAND)?.get(&path).await?.accepted()?;
        ensure!(licence["licensor_now"] == IMPORTER && licence["state"] == "in_force", "{licence}");
    }
    Ok(())
}

#[tokio::test]
async fn a_contested_number_is_decided_by_an_attester_of_the_office() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let (brand, importer) = (system.caller(BRAND)?, system.caller(IMPORTER)?);
        brand.post("/v1/rights", &json(&fixtures::right("LR-3", &[GTIN]))).await?.accepted()?;
        importer.post("/v1/rights", &json(&fixtures::right("LR-3", &[]))).await?.accepted()?;
        let disputed = mark(IMPORTER, "LR-3");
        let opposition = json!({"ground": {"kind": "same_registration"}, "reason": "it is our mark"});
        brand.post(&format!("{disputed}/opposition"), &opposition).await?.accepted()?;
        let answer = json!({"text": "we thought it was free"});
        importer.post(&format!("{disputed}/opposition/{BRAND}/answer"), &answer).await?.accepted()?;
        let decision = json!({"verdict": "upheld", "reason": "the register names the brand"});
        let path = format!("{disputed}/opposition/{BRAND}/decision");
        system.caller(CUSTOMS)?.post(&path, &decision).await?.accepted()?;
        ensure!(brand.get(&disputed).await?.accepted()?["standing"] == "ended", "the claim still stands");
        ensure!(brand.get(&mark(BRAND, "LR-3")).await?.accepted()?["standing"] == "asserted", "it is still contested");
    }
    Ok(())
}
