//! Lawful trade at customs: documents are provided, an interception is appealed against, goods are released.

use anyhow::{Result, ensure};
use entrepot::demo::documents::GTIN;
use serde_json::{Value, json};

use crate::e2e::attacks::rights::mark;
use crate::e2e::border::{Border, undisturbed};
use crate::e2e::goods::{Trade, capture, hand_over, object, sell, things};
use crate::harness::{establish, everywhere};

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[tokio::test]
async fn a_miscounted_pallet_is_intercepted_inspected_and_released() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let border = Border::new(system, "FR").await?;
        let pallet = border.offered_pallet("095212340000001041", &["LAWFUL1", "LAWFUL2"]).await?;
        border.declare("LAWFUL", &json!({ "items": [pallet], "quantity": "3" })).await?.accepted()?;
        border.assess("LAWFUL").await?.accepted()?;
        let own = |what: &str| format!("/v1/declarations/-/LAWFUL/{what}");
        let theirs = |what: &str| format!("/v1/declarations/ImporterMSP/LAWFUL/{what}");
        let reason = json!({ "reason": "three are on the pallet" });
        undisturbed(&border.importer, &own("appeals"), &reason).await?.accepted()?;
        let asked = json!({ "documents": ["packing list"] });
        undisturbed(&border.officers[0], &theirs("document-requests"), &asked).await?.accepted()?;
        let provided = json!({ "request": 2, "document": 1, "sha256": DIGEST });
        undisturbed(&border.importer, &own("documents"), &provided).await?.accepted()?;
        let found = json!({
            "result": "conforms", "findings": "three", "quantity_found": "3", "report_sha256": DIGEST,
        });
        undisturbed(&border.officers[0], &theirs("inspections"), &found).await?.accepted()?;
        let decision = border.assess("LAWFUL").await?.accepted()?;
        ensure!(decision["result"]["outcome"] == "clear", "{decision}");
        border.approve("LAWFUL", 2).await?.accepted()?;
        let accept = "/v1/custody-transfers/ExporterMSP/095212340000001041/accept";
        undisturbed(&border.importer, accept, &json!({})).await?.accepted()?;
        let replayed = border.importer.get(&own("replay")).await?.accepted()?;
        ensure!(replayed["same_decision"] == true && replayed["inputs_unchanged"] == true, "{replayed}");
    }
    Ok(())
}

/// The importer's place in Germany, where the brand has its mark.
const GERMANY: &str = "https://id.gs1.org/414/4012345002256";

/// A piece that the brand sells to the carrier, in Germany or not, and the carrier to the importer, who declares it.
async fn imported(border: &Border, trade: &Trade, serial: &str, in_germany: bool) -> Result<Value> {
    trade.commission(&[serial]).await?;
    let goods = things(&[serial]);
    if in_germany {
        let mut stored = object("OBSERVE", "storing", &goods);
        stored["bizLocation"] = json!({ "id": GERMANY });
        capture(&trade.exporter, stored).await?;
    }
    let (brand, carrier) = ((&trade.exporter, "ExporterMSP"), (&trade.carrier, "LogisticsMSP"));
    let importer = (&trade.importer, "ImporterMSP");
    sell(&format!("{serial}-1"), &goods, brand, carrier).await?;
    sell(&format!("{serial}-2"), &goods, carrier, importer).await?;
    hand_over(serial, &goods, brand, importer).await?;
    border.declare(serial, &json!({ "items": goods, "quantity": "1" })).await?.accepted()?;
    Ok(border.assess(serial).await?.accepted()?["result"].clone())
}

#[tokio::test]
async fn goods_that_the_brand_sold_in_the_territory_come_in_without_a_licence_and_others_do_not() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        let mut right = fixtures::json(&fixtures::right("LC-1", &[GTIN]));
        right["territories"] = json!(["DE", "IT"]);
        undisturbed(&trade.exporter, "/v1/rights", &right).await?.accepted()?;
        let border = Border::guarding_rights(system, "IT").await?;
        let attestation = format!("{}/attestation", mark("ExporterMSP", "LC-1"));
        undisturbed(&border.customs, &attestation, &json!({ "basis": { "kind": "register" } })).await?.accepted()?;
        let sold_there = imported(&border, &trade, "EXHAUST1", true).await?;
        ensure!(sold_there["outcome"] == "clear", "{sold_there}");
        let sold_elsewhere = imported(&border, &trade, "EXHAUST2", false).await?;
        ensure!(sold_elsewhere["outcome"] == "intercept", "{sold_elsewhere}");
    }
    Ok(())
}
