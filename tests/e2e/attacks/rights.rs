//! Attacks on rights, licences and evidence, through the gateway, by the member that would gain.

use anyhow::{Result, ensure};
use entrepot::demo::documents::GTIN;
use fixtures::json;
use serde_json::{Value, json};

use crate::harness::{System, establish, everywhere};

const BRAND: &str = "ExporterMSP";
const IMPORTER: &str = "ImporterMSP";
const CARRIER: &str = "LogisticsMSP";
const BANK: &str = "BankMSP";
const CUSTOMS: &str = "CustomsMSP";

/// The mark of a number, as the member that registers it names it.
pub(crate) fn mark(owner: &str, number: &str) -> String {
    format!("/v1/rights/{owner}/EM-mark-{number}")
}

/// Registers a mark of the brand's and lets customs attest it; answers its whole name.
pub(crate) async fn attested(system: &System, number: &str) -> Result<String> {
    let right = fixtures::right(number, &[GTIN]);
    system.caller(BRAND)?.post("/v1/rights", &json(&right)).await?.accepted()?;
    let path = format!("{}/attestation", mark(BRAND, number));
    system.caller(CUSTOMS)?.post(&path, &json!({"basis": {"kind": "register"}})).await?.accepted()?;
    Ok(format!("{BRAND}/EM-mark-{number}"))
}

/// Grants the importer a licence under a right, and lets it accept; answers the path of the licence.
pub(crate) async fn licensed(system: &System, right_id: &str, licence_id: &str) -> Result<String> {
    grant(system, right_id, licence_id).await?;
    let path = format!("/v1/licences/{BRAND}/{licence_id}");
    system.caller(IMPORTER)?.post(&format!("{path}/accept"), &json!({})).await?.accepted()?;
    Ok(path)
}

async fn grant(system: &System, right_id: &str, licence_id: &str) -> Result<Value> {
    let licence = licence(right_id, licence_id);
    system.caller(BRAND)?.post("/v1/licences", &licence).await?.accepted()
}

fn licence(right_id: &str, licence_id: &str) -> Value {
    json(&fixtures::licence(licence_id, &fixtures::of(right_id), IMPORTER, &[GTIN]))
}

/// What the ledger says about an import by the importer.
pub(crate) async fn check(system: &System, right: &str, more: &str) -> Result<Value> {
    let path = format!("{right}/check?by={IMPORTER}&act=import&product={GTIN}&territory=DE{more}");
    system.caller(CUSTOMS)?.get(&path).await?.accepted()
}

#[tokio::test]
async fn squatting_a_mark_before_its_owner_hinders_it_in_nothing() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right = json(&fixtures::right("AR-1", &[]));
        system.caller(IMPORTER)?.post("/v1/rights", &right).await?.accepted()?;
        attested(system, "AR-1").await?;
        let owners = system.caller(CUSTOMS)?.get(&mark(BRAND, "AR-1")).await?.accepted()?;
        ensure!(owners["standing"] == "attested" && owners["authenticated"] == true, "{owners}");
        let squatters = system.caller(CUSTOMS)?.get(&mark(IMPORTER, "AR-1")).await?.accepted()?;
        ensure!(squatters["standing"] == "contested", "{squatters}");
        let path = format!("{}/attestation", mark(IMPORTER, "AR-1"));
        let refused = system.caller(CUSTOMS)?.post(&path, &json!({"basis": {"kind": "register"}})).await?;
        refused.refused(409, "rights.attested_for_another")?;
    }
    Ok(())
}

#[tokio::test]
async fn squatting_a_brands_products_is_refused() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right = json(&fixtures::right("AR-2", &[GTIN]));
        let refused = system.caller(IMPORTER)?.post("/v1/rights", &right).await?;
        refused.refused(422, "rights.product_of_another")?;
        let path = format!("/v1/products/{GTIN}/rights?territory=DE");
        let found = system.caller(CUSTOMS)?.get(&path).await?.accepted()?;
        let owners: Vec<_> = found["rights"].as_array().into_iter().flatten().map(|right| &right["owner"]).collect();
        ensure!(owners.iter().all(|owner| **owner == BRAND), "{found}");
    }
    Ok(())
}

#[tokio::test]
async fn stretching_a_mark_of_the_union_to_switzerland_is_refused() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let mut right = json(&fixtures::right("AR-3", &[GTIN]));
        right["territories"] = json!(["DE", "CH"]);
        let refused = system.caller(BRAND)?.post("/v1/rights", &right).await?;
        refused.refused(422, "rights.office_territory")?;
    }
    Ok(())
}

#[tokio::test]
async fn attesting_ones_own_right_is_refused_and_an_own_extract_attests_nothing() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let brand = system.caller(BRAND)?;
        brand.post("/v1/rights", &json(&fixtures::right("AR-4", &[GTIN]))).await?.accepted()?;
        let deposit = json(&fixtures::deposit("extract AR-4"));
        brand.post("/v1/evidence", &deposit).await?.accepted()?;
        let basis = json!({"basis": {"kind": "extract", "sha256": deposit["sha256"]}});
        let refused = brand.post(&format!("{}/attestation", mark(BRAND, "AR-4")), &basis).await?;
        refused.refused(403, "rights.not_attester")?;
        let read = brand.get(&mark(BRAND, "AR-4")).await?.accepted()?;
        ensure!(read["standing"] == "asserted", "{read}");
    }
    Ok(())
}

#[tokio::test]
async fn drowning_an_importer_in_licences_and_a_licence_in_sub_licences_hides_nothing() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right_id = attested(system, "AR-5").await?;
        let good = licensed(system, &right_id, "AR-5-good").await?;
        let importer = system.caller(IMPORTER)?;
        for number in 0..8 {
            grant(system, &right_id, &format!("AR-5-{number}")).await?;
            let mut sub = licence(&right_id, &format!("AR-5-sub-{number}"));
            sub["parent_licence_id"] = json!(format!("{BRAND}/AR-5-good"));
            sub["licensee"] = json!(CARRIER);
            importer.post("/v1/licences", &sub).await?.accepted()?;
        }
        let covered = check(system, &mark(BRAND, "AR-5"), "").await?;
        ensure!(covered["verdict"] == "authorised", "{covered}");
        ensure!(covered["chain"] == json!([format!("{BRAND}/AR-5-good")]), "{covered}");
        let held = importer.get(&format!("/v1/members/{IMPORTER}/licences?right_id={BRAND}%2FEM-mark-AR-5")).await?;
        let held = held.accepted()?;
        ensure!(held["licences"].as_array().map(Vec::len) == Some(1), "{held}");
        ensure!(importer.get(&good).await?.accepted()?["state"] == "in_force", "the good one is hidden");
    }
    Ok(())
}

#[tokio::test]
async fn backdating_into_a_licence_covers_nothing_before_both_have_signed() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right_id = attested(system, "AR-6").await?;
        grant(system, &right_id, "AR-6").await?;
        let right = mark(BRAND, "AR-6");
        ensure!(check(system, &right, "").await?["verdict"] == "unknown", "an offer covers something");
        let accepted = system.caller(IMPORTER)?.post(&format!("/v1/licences/{BRAND}/AR-6/accept"), &json!({})).await?;
        let accepted = accepted.accepted()?;
        ensure!(check(system, &right, "").await?["verdict"] == "authorised", "{accepted}");
        // The licence's own period began long before.
        let before = check(system, &right, "&at=2026-11-01T00%3A00%3A00Z").await?;
        ensure!(before["verdict"] == "not_covered", "{before}");
        let reasons = before["reasons"].as_array().cloned().unwrap_or_default();
        ensure!(reasons.contains(&json!("not_accepted")), "{before}");
    }
    Ok(())
}

#[tokio::test]
async fn revoking_a_licence_for_the_past_is_not_possible() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right_id = attested(system, "AR-7").await?;
        let path = licensed(system, &right_id, "AR-7").await?;
        let accepted = system.caller(IMPORTER)?.get(&path).await?.accepted()?["reply"]["replied"]["at"].clone();
        let reason = json!({"reason": "sold too cheap"});
        let refused = system.caller(CARRIER)?.post(&format!("{path}/revocation"), &reason).await?;
        refused.refused(403, "rights.not_licensor")?;
        system.caller(BRAND)?.post(&format!("{path}/revocation"), &reason).await?.accepted()?;
        let right = mark(BRAND, "AR-7");
        ensure!(check(system, &right, "").await?["reasons"] == json!(["revoked"]), "it is still in force");
        let then = accepted.as_str().unwrap_or_default().replace(':', "%3A");
        let then = check(system, &right, &format!("&at={then}")).await?;
        ensure!(then["verdict"] == "authorised", "{then}");
    }
    Ok(())
}

#[tokio::test]
async fn passing_on_what_is_opposed_is_refused() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        system.caller(BRAND)?.post("/v1/rights", &json(&fixtures::right("AR-8", &[GTIN]))).await?.accepted()?;
        let importer = system.caller(IMPORTER)?;
        importer.post("/v1/rights", &json(&fixtures::right("AR-8", &[]))).await?.accepted()?;
        let opposition = json!({"ground": {"kind": "same_registration"}, "reason": "it is ours"});
        importer.post(&format!("{}/opposition", mark(BRAND, "AR-8")), &opposition).await?.accepted()?;
        let offer = format!("{}/offer", mark(BRAND, "AR-8"));
        let offered = system.caller(BRAND)?.post(&offer, &json!({"to": IMPORTER})).await?;
        offered.refused(409, "rights.under_opposition")?;
        let again = importer.post(&format!("{}/opposition", mark(BRAND, "AR-8")), &opposition).await?;
        again.refused(409, "rights.opposition_exists")?;
    }
    Ok(())
}

#[tokio::test]
async fn stealing_a_priority_gives_the_second_place() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let mut deposit = json(&fixtures::deposit("AR-9: our design"));
        deposit["claim"] = json!("we made it");
        system.caller(BRAND)?.post("/v1/evidence", &deposit).await?.accepted()?;
        system.caller(BANK)?.post("/v1/evidence", &deposit).await?.accepted()?;
        let sha256 = deposit["sha256"].as_str().unwrap_or_default();
        let check = system.caller(CUSTOMS)?.get(&format!("/v1/evidence/{sha256}/verification")).await?.accepted()?;
        let by: Vec<_> =
            check["deposits"].as_array().into_iter().flatten().map(|one| &one["deposited"]["by"]).collect();
        ensure!(by == [BRAND, BANK], "{check}");
        ensure!(check["deposits"][0]["authenticated"] == true, "{check}");
    }
    Ok(())
}
