//! Attacks on the state of things: squatting, moving, selling and disowning what belongs to others.

use anyhow::{Result, ensure};
use entrepot::demo::documents;
use serde_json::json;
use trade_standards::percent::encode;

use crate::{
    e2e::goods::{Trade, aggregation, alarms, capture, erroneous, hand_over, item, object, sell, things},
    harness::everywhere,
};

const EXPORTER: &str = "ExporterMSP";
const IMPORTER: &str = "ImporterMSP";
const CARRIER: &str = "LogisticsMSP";

#[tokio::test]
async fn squatting_serials_alone_or_with_an_accomplice_binds_no_maker() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        let goods = things(&["SQUAT1"]);
        capture(&trade.carrier, object("OBSERVE", "storing", &goods)).await?;
        let claim = capture(&trade.carrier, object("ADD", "commissioning", &goods)).await?;
        ensure!(alarms(&claim) == ["commissioner_not_entitled"], "{claim}");
        let offer = json!({ "transfer_id": "SQUAT", "items": goods, "to": IMPORTER, "condition": "good" });
        trade.carrier.post("/v1/custody-transfers", &offer).await?.refused(404, "item.unknown")?;

        let own = trade.commission(&["SQUAT1"]).await?;
        ensure!(alarms(&own).is_empty(), "the maker is accused of nothing: {own}");
        let found = item(&trade.importer, &goods[0]).await?;
        for field in ["commissioner", "holder", "owner"] {
            ensure!(found[field] == EXPORTER, "{field}: {found}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn squatting_the_next_pallet_number_binds_no_packer() -> Result<()> {
    const PALLET: &str = "095212340000002017";
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        let pallet = documents::pallet(PALLET);
        capture(&trade.carrier, object("OBSERVE", "storing", std::slice::from_ref(&pallet))).await?;
        let own = "https://example.org/thing/squat".to_owned();
        capture(&trade.carrier, aggregation("ADD", "packing", PALLET, &[own])).await?;
        trade.commission(&["SQUAT2"]).await?;
        let packed = trade.pack(PALLET, &["SQUAT2"]).await?;
        ensure!(alarms(&packed).is_empty(), "{packed}");
        let unit = item(&trade.importer, &pallet).await?;
        ensure!(unit["holder"] == EXPORTER && unit["children"] == json!(things(&["SQUAT2"])), "{unit}");
    }
    Ok(())
}

#[tokio::test]
async fn a_strangers_recall_return_and_receipt_change_nothing() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        trade.commission(&["STRANGE1"]).await?;
        let goods = things(&["STRANGE1"]);
        let before = item(&trade.importer, &goods[0]).await?;
        let mut recall = object("OBSERVE", "holding", &goods);
        recall["disposition"] = json!("recalled");
        capture(&trade.carrier, recall).await?;
        let receipt = capture(&trade.carrier, object("OBSERVE", "receiving", &goods)).await?;
        ensure!(alarms(&receipt) == ["not_holder"], "{receipt}");
        ensure!(item(&trade.importer, &goods[0]).await? == before, "a stranger changed it");

        capture(&trade.exporter, object("OBSERVE", "retail_selling", &goods)).await?;
        let mut returned = object("OBSERVE", "receiving", &goods);
        returned["disposition"] = json!("returned");
        capture(&trade.carrier, returned.clone()).await?;
        ensure!(item(&trade.importer, &goods[0]).await?["life"] == "sold", "a stranger returned it");
        let mut again = object("OBSERVE", "retail_selling", &goods);
        again["eventTime"] = json!("2026-11-04T08:00:00Z");
        let sold_twice = capture(&trade.exporter, again).await?;
        ensure!(alarms(&sold_twice) == ["sold_twice"], "{sold_twice}");
        capture(&trade.exporter, returned).await?;
        let mut third = object("OBSERVE", "retail_selling", &goods);
        third["eventTime"] = json!("2026-11-05T08:00:00Z");
        capture(&trade.exporter, third).await?;
        let found = item(&trade.importer, &goods[0]).await?;
        ensure!(found["sales"] == 2, "a return hides no sale: {found}");
    }
    Ok(())
}

#[tokio::test]
async fn title_is_not_clawed_back_nor_sold_twice() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        trade.commission(&["CLAW1"]).await?;
        let goods = things(&["CLAW1"]);
        sell("CLAW", &goods, (&trade.exporter, EXPORTER), (&trade.importer, IMPORTER)).await?;
        let again = json!({ "title_id": "CLAW-2", "items": goods, "buyer": CARRIER });
        trade.exporter.post("/v1/title-transfers", &again).await?.refused(403, "title.not_owner")?;
        let back = json!({ "reason": "a better offer" });
        let withdraw = format!("/v1/title-transfers/{EXPORTER}/CLAW/withdraw");
        trade.exporter.post(&withdraw, &back).await?.refused(409, "title.closed")?;
        let mut claim = object("OBSERVE", "inspecting", &goods);
        claim["destinationList"] =
            json!([{ "type": "owning_party", "destination": "https://id.gs1.org/417/9521234000006" }]);
        capture(&trade.exporter, claim).await?;
        let sold = capture(&trade.exporter, object("OBSERVE", "retail_selling", &goods)).await?;
        ensure!(alarms(&sold) == ["title_conflict"], "its holder sells what it sold before: {sold}");
        let found = item(&trade.importer, &goods[0]).await?;
        ensure!(found["owner"] == IMPORTER && found["life"] == "active", "{found}");
    }
    Ok(())
}

#[tokio::test]
async fn a_maker_does_not_disown_what_it_sold() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        let goods = things(&["DISOWN1"]);
        trade.commission(&["DISOWN1"]).await?;
        hand_over("DISOWN", &goods, (&trade.exporter, EXPORTER), (&trade.importer, IMPORTER)).await?;
        let declared = capture(&trade.exporter, erroneous(object("ADD", "commissioning", &goods))).await?;
        ensure!(declared["events"][0]["status"] == "correction_proposed", "{declared}");
        let found = item(&trade.importer, &goods[0]).await?;
        let record_id = declared["events"][0]["record_id"].as_str().unwrap_or_default().to_owned();
        ensure!(found["commissioner"] == EXPORTER && found["corrections_proposed"] == json!([record_id]), "{found}");

        let consent = format!("/v1/corrections/{}/consent", encode(&record_id));
        trade.carrier.post(&consent, &json!({})).await?.refused(403, "item.correction_not_concerned")?;
        trade.importer.post(&consent, &json!({})).await?.accepted()?;
        let found = item(&trade.importer, &goods[0]).await?;
        ensure!(found.get("commissioner").is_none(), "who relied on it agreed: {found}");
    }
    Ok(())
}

#[tokio::test]
async fn packing_a_strangers_thing_poisons_no_trace() -> Result<()> {
    const PALLET: &str = "095212340000002024";
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        trade.commission(&["POISON1", "POISON2"]).await?;
        let stolen = things(&["POISON2"]);
        hand_over("POISON", &stolen, (&trade.exporter, EXPORTER), (&trade.carrier, CARRIER)).await?;
        trade.pack(PALLET, &["POISON1"]).await?;
        let slipped = capture(&trade.carrier, aggregation("ADD", "packing", PALLET, &stolen)).await?;
        ensure!(alarms(&slipped) == ["not_holder"], "{slipped}");
        let emptied =
            capture(&trade.carrier, aggregation("DELETE", "unpacking", PALLET, &things(&["POISON1"]))).await?;
        ensure!(alarms(&emptied) == ["not_holder", "not_holder"], "of the pallet and of the watch: {emptied}");
        let path = format!("/v1/items/{}/trace?direction=forward", encode(&documents::pallet(PALLET)));
        let trace = trade.importer.get(&path).await?.accepted()?;
        let named = |thing: &str| trace["steps"].as_array().into_iter().flatten().any(|step| step["item_id"] == thing);
        ensure!(!named(&stolen[0]), "{trace}");
        let unit = item(&trade.importer, &documents::pallet(PALLET)).await?;
        ensure!(unit["children"] == json!(things(&["POISON1"])), "control: what its holder packed lies in it: {unit}");
    }
    Ok(())
}

#[tokio::test]
async fn a_holder_does_not_keep_the_owner_from_ending_its_mandate() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::on(system).await?;
        trade.commission(&["ENDLESS1"]).await?;
        let goods = things(&["ENDLESS1"]);
        hand_over("ENDLESS", &goods, (&trade.exporter, EXPORTER), (&trade.importer, IMPORTER)).await?;
        let grant = json!({
            "mandate_id": "ENDLESS", "holder": IMPORTER, "purposes": ["consignment"], "period": { "from": "2020-01-01" },
        });
        let granted = trade.exporter.post("/v1/mandates", &grant).await?.accepted()?;
        let path = |step: &str| format!("/v1/mandates/{EXPORTER}/ENDLESS/{step}");
        trade.importer.post(&path("accept"), &json!({})).await?.accepted()?;
        let never = json!({ "on": "9999-12-31", "reason": "some day" });
        trade.importer.post(&path("end"), &never).await?.refused(422, "mandate.holder_ends_at_once")?;
        let today = granted["result"]["granted"]["at"].as_str().unwrap_or_default();
        let over = json!({ "on": &today[..today.len().min(10)], "reason": "the season is over" });
        trade.exporter.post(&path("end"), &over).await?.accepted()?;
        let sold = capture(&trade.importer, object("OBSERVE", "retail_selling", &goods)).await?;
        ensure!(alarms(&sold) == ["title_conflict"], "{sold}");
    }
    Ok(())
}
