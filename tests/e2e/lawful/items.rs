//! Lawful trade of things: consignment, returns, repairs, repacking, sale after title has passed, and parallel import.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{
    e2e::goods::{Trade, alarms, capture, hand_over, item, object, sell, things},
    harness::everywhere,
};

const EXPORTER: &str = "ExporterMSP";
const IMPORTER: &str = "ImporterMSP";
const CARRIER: &str = "LogisticsMSP";

/// The owner grants and the holder accepts a mandate for a purpose.
async fn mandate(trade: &Trade, id: &str, purpose: &str) -> Result<()> {
    let grant = json!({
        "mandate_id": id, "holder": IMPORTER, "purposes": [purpose], "period": { "from": "2020-01-01" },
    });
    trade.exporter.post("/v1/mandates", &grant).await?.accepted()?;
    trade.importer.post(&format!("/v1/mandates/{EXPORTER}/{id}/accept"), &json!({})).await?.accepted()?;
    Ok(())
}

/// An event that must pass without an alarm.
async fn lawful(trade: &Trade, event: Value) -> Result<Value> {
    let receipt = capture(&trade.importer, event).await?;
    ensure!(alarms(&receipt).is_empty() && receipt["events"][0].get("sightings").is_none(), "{receipt}");
    Ok(receipt)
}

#[tokio::test]
async fn goods_on_consignment_are_sold_returned_and_sold_again() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        trade.commission(&["CONSIGN1"]).await?;
        let goods = things(&["CONSIGN1"]);
        hand_over("CONSIGN", &goods, (&trade.exporter, EXPORTER), (&trade.importer, IMPORTER)).await?;
        mandate(&trade, "CONSIGN", "consignment").await?;
        lawful(&trade, object("OBSERVE", "retail_selling", &goods)).await?;
        let mut returned = object("OBSERVE", "receiving", &goods);
        returned["disposition"] = json!("returned");
        lawful(&trade, returned).await?;
        let mut again = object("OBSERVE", "retail_selling", &goods);
        again["eventTime"] = json!("2026-11-04T08:00:00Z");
        lawful(&trade, again).await?;
        let found = item(&trade.exporter, &goods[0]).await?;
        ensure!(found["life"] == "sold" && found["seller_of_record"] == IMPORTER, "{found}");
        ensure!(found["owner"] == EXPORTER, "who owns it has not changed: {found}");
    }
    Ok(())
}

#[tokio::test]
async fn goods_are_repaired_and_repacked_under_mandates() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        trade.commission(&["MEND1"]).await?;
        let goods = things(&["MEND1"]);
        hand_over("MEND", &goods, (&trade.exporter, EXPORTER), (&trade.importer, IMPORTER)).await?;
        mandate(&trade, "MEND-REPAIR", "repair").await?;
        lawful(&trade, object("OBSERVE", "repairing", &goods)).await?;
        let without = capture(&trade.importer, object("OBSERVE", "repackaging", &goods)).await?;
        ensure!(alarms(&without) == ["title_conflict"], "control: another purpose: {without}");
        mandate(&trade, "MEND-REPACK", "repack").await?;
        let mut repacked = object("OBSERVE", "repackaging", &goods);
        repacked["eventTime"] = json!("2026-11-04T08:00:00Z");
        lawful(&trade, repacked).await?;
        hand_over("MEND-BACK", &goods, (&trade.importer, IMPORTER), (&trade.exporter, EXPORTER)).await?;
        ensure!(item(&trade.importer, &goods[0]).await?["holder"] == EXPORTER, "it came back");
    }
    Ok(())
}

#[tokio::test]
async fn goods_first_sold_with_the_makers_consent_are_traded_and_sold_on() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        trade.commission(&["PARALLEL1"]).await?;
        let goods = things(&["PARALLEL1"]);
        sell("PARALLEL-1", &goods, (&trade.exporter, EXPORTER), (&trade.carrier, CARRIER)).await?;
        hand_over("PARALLEL-1", &goods, (&trade.exporter, EXPORTER), (&trade.carrier, CARRIER)).await?;
        sell("PARALLEL-2", &goods, (&trade.carrier, CARRIER), (&trade.importer, IMPORTER)).await?;
        hand_over("PARALLEL-2", &goods, (&trade.carrier, CARRIER), (&trade.importer, IMPORTER)).await?;
        lawful(&trade, object("OBSERVE", "retail_selling", &goods)).await?;
        let found = item(&trade.exporter, &goods[0]).await?;
        ensure!(found["owner"] == IMPORTER && found["life"] == "sold", "{found}");
    }
    Ok(())
}
