//! Attacks with orders to disclose: by one officer, by a member, to one that holds nothing; and what others read of it.

use anyhow::{Context, Result, ensure};
use entrepot::demo::secrets::Secret;
use serde_json::{Value, json};

use crate::{e2e::money::Trade, harness::everywhere};

const ORDERS: &str = "/v1/disclosure-orders";

fn order(id: &str, invoice: &str, from: &str) -> Value {
    let subject = json!({ "kind": "invoice", "of": format!("ExporterMSP/{invoice}") });
    json!({ "order_id": id, "subject": subject, "from": from, "ground": "case 7 of the customs court" })
}

#[tokio::test]
async fn one_officer_or_a_member_orders_what_only_two_officers_can() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::open(system).await?;
        let total = Secret::new(12_345)?;
        trade.owe("ORDERED-1", &total).await?;
        let wanted = order("O-1", "ORDERED-1", "ImporterMSP");
        trade.exporter.post(ORDERS, &wanted).await?.refused(403, "role_not_permitted")?;
        let officers = [system.caller_as("CustomsMSP", "Officer1")?, system.caller_as("CustomsMSP", "Officer2")?];
        let clerk = system.caller_as("CustomsMSP", "User1")?;
        clerk.post(ORDERS, &wanted).await?.refused(403, "duty_missing")?;
        let banks = order("O-1", "ORDERED-1", "BankMSP");
        officers[0].post(ORDERS, &banks).await?.refused(422, "disclosure.holds_nothing")?;
        let sellers = order("O-1", "ORDERED-1", "ExporterMSP");
        officers[0].post(ORDERS, &sellers).await?.refused(403, "disclosure.not_in_jurisdiction")?;
        officers[0].post(ORDERS, &wanted).await?.accepted()?;

        let opening = format!("{ORDERS}/CustomsMSP/O-1/opening");
        let own = json!({ "private": total.opening() });
        trade.importer.post(&opening, &own).await?.refused(409, "disclosure.order_not_in_force")?;
        let approve = format!("{ORDERS}/CustomsMSP/O-1/approve");
        officers[0].post(&approve, &json!({})).await?.refused(403, "caller.same_person")?;
        officers[1].post(&approve, &json!({})).await?.accepted().context("control: a second officer")?;
        officers[1].get(&opening).await?.refused(409, "disclosure.not_disclosed")?;

        let false_words = json!({ "private": Secret::new(1)?.opening() });
        trade.importer.post(&opening, &false_words).await?.refused(422, "private.opening_wrong")?;
        trade.exporter.post(&opening, &own).await?.refused(403, "disclosure.not_ordered")?;
        trade.importer.post(&opening, &own).await?.accepted()?;
        let read = officers[0].get(&opening).await?.accepted()?;
        ensure!(read["value_minor"] == "12345", "{read}");
        for stranger in ["ExporterMSP", "LogisticsMSP", "BankMSP", "RegulatorMSP"] {
            let answer = system.caller(stranger)?.get(&opening).await?;
            answer.refused(403, "caller.not_a_party").with_context(|| stranger.to_owned())?;
        }
        let seen = system.caller("RegulatorMSP")?.get(&format!("{ORDERS}/CustomsMSP/O-1")).await?.accepted()?;
        ensure!(
            seen["disclosed"] == true && seen["authenticated"] == true && !seen.to_string().contains("12345"),
            "{seen}"
        );
    }
    Ok(())
}
