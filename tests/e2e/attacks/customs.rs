//! Attacks on customs: goods that were stopped are laundered, what is held is moved, an authority reaches beyond its
//! place.

use anyhow::{Context, Result, ensure};
use entrepot::demo::documents;
use serde_json::json;
use trade_standards::percent::encode;

use crate::e2e::border::Border;
use crate::e2e::goods::{aggregation, alarms, capture, erroneous, item, things};
use crate::harness::{establish, everywhere};

#[tokio::test]
async fn an_intercepted_pallet_is_not_laundered() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let border = Border::new(system, "AT").await?;
        let pallet = border.offered_pallet("095212340000001010", &["LAUNDER1", "LAUNDER2"]).await?;
        border.declare("LAUNDER", &json!({ "items": [pallet], "quantity": "3" })).await?.accepted()?;
        let decision = border.assess("LAUNDER").await?.accepted()?;
        ensure!(decision["result"]["outcome"] == "intercept", "{decision}");
        for (id, what) in [
            ("LAUNDER-QUANTITY", json!({ "items": [pallet], "quantity": "2" })),
            ("LAUNDER-HS", json!({ "items": [pallet], "quantity": "2", "hs_code": "910219" })),
            ("LAUNDER-CONTENTS", json!({ "items": [documents::item("LAUNDER1")], "quantity": "1" })),
        ] {
            let answer = border.declare(id, &what).await?;
            answer.refused(409, "customs.item_held").with_context(|| id.to_owned())?;
        }
        let lenient = json!({ "items": [pallet], "quantity": "2", "tariff_id": "CustomsMSP/LENIENT" });
        border.declare("LAUNDER-TARIFF", &lenient).await?.refused(422, "customs.tariff_not_of_destination")?;
    }
    Ok(())
}

#[tokio::test]
async fn held_goods_are_not_laundered_by_unpacking_and_repacking_them() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let border = Border::new(system, "EE").await?;
        let (serials, sscc) = (["REPACK1", "REPACK2"], "095212340000001058");
        let pallet = border.offered_pallet(sscc, &serials).await?;
        border.declare("REPACK", &json!({ "items": [pallet], "quantity": "3" })).await?.accepted()?;
        let decision = border.assess("REPACK").await?.accepted()?;
        ensure!(decision["result"]["outcome"] == "intercept", "{decision}");
        let unpacked = capture(&border.exporter, aggregation("DELETE", "unpacking", sscc, &things(&serials))).await?;
        ensure!(alarms(&unpacked).contains(&"moved_while_held"), "{unpacked}");
        let other = "095212340000001065";
        capture(&border.exporter, aggregation("ADD", "packing", other, &things(&serials))).await?;
        let piece = item(&border.exporter, &things(&serials)[0]).await?;
        ensure!(piece["parent"] == pallet, "it left its pallet: {piece}");
        let again = json!({ "items": things(&serials), "quantity": "2" });
        border.declare("REPACK-AGAIN", &again).await?.refused(409, "customs.item_held")?;
        let trace = format!("/v1/items/{}/trace?direction=backward", encode(&things(&serials)[0]));
        let trace = border.importer.get(&trace).await?.accepted()?;
        ensure!(trace["held"]["authority"] == "CustomsMSP", "the public is not told: {trace}");
    }
    Ok(())
}

#[tokio::test]
async fn a_second_declaration_waits_for_the_first() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let border = Border::new(system, "BE").await?;
        let pallet = border.offered_pallet("095212340000001027", &["SECOND1", "SECOND2"]).await?;
        let goods = json!({ "items": [pallet], "quantity": "2" });
        border.declare("SECOND-A", &goods).await?.accepted()?;
        border.declare("SECOND-B", &goods).await?.refused(409, "customs.declared_before")?;
        let reason = json!({ "reason": "a typing error" });
        border.importer.post("/v1/declarations/-/SECOND-A/withdraw", &reason).await?.accepted()?;
        border.declare("SECOND-B", &goods).await?.accepted()?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_held_is_not_moved_and_one_officer_does_not_seize_it() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let border = Border::new(system, "CZ").await?;
        let pallet = border.offered_pallet("095212340000001034", &["HELD1", "HELD2"]).await?;
        border.commissioned(&["HELD3"]).await?;
        let packed = aggregation("ADD", "packing", "095212340000001034", &things(&["HELD3"]));
        capture(&border.exporter, packed.clone()).await?;
        let goods = json!({ "items": [pallet], "quantity": "3" });
        border.declare("HELD", &goods).await?.accepted()?;
        let hold = border.hold(&pallet).await?.accepted()?["result"].clone();
        let accept = "/v1/custody-transfers/ExporterMSP/095212340000001034/accept";
        border.importer.post(accept, &json!({})).await?.refused(409, "customs.item_held")?;
        let unpacked = capture(&border.exporter, erroneous(packed)).await?;
        ensure!(unpacked["events"][0]["status"] == "correction_proposed", "by the back door: {unpacked}");
        let path = |step: &str| format!("/v1/holds/{}/{step}", hold["hold_id"].as_str().unwrap_or_default());
        let reason = json!({ "reason": "fakes" });
        let seizure = border.officers[0].post(&path("seize"), &reason).await?.accepted()?["result"].clone();
        let proposal = json!({ "proposal": seizure["steps"][1]["done"]["transaction_id"] });
        border.officers[0].post(&path("approve"), &proposal).await?.refused(403, "caller.same_person")?;
        border.officers[1].post(&path("approve"), &proposal).await?.accepted().context("control")?;
    }
    Ok(())
}

#[tokio::test]
async fn an_authority_reaches_no_further_than_its_place() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let border = Border::new(system, "DK").await?;
        let mut tariff = border.tariff("LENIENT-US");
        tariff["jurisdiction"] = json!("US");
        let published = border.customs.post("/v1/tariffs", &tariff).await?;
        published.refused(403, "customs.not_the_authority_of")?;
        let second = border.tariff("LENIENT-DK");
        border.customs.post("/v1/tariffs", &second).await?.refused(409, "customs.second_tariff")?;
        let abroad = border.commissioned(&["ABROAD"]).await?;
        border.hold(&abroad[0]).await?.refused(403, "customs.not_in_place")?;
    }
    Ok(())
}
