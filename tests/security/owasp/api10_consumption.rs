//! API10: unsafe consumption of APIs. Documents by others carry what readers of XML and JSON have fallen for.

use anyhow::{Context, Result, ensure};
use entrepot::demo::documents;
use serde_json::json;

use super::{commissioning, system};

#[tokio::test]
async fn entities_of_a_banks_message_are_neither_read_nor_expanded() -> Result<()> {
    let system = system().await?;
    let bank = system.caller("BankMSP")?;
    let xml = [("content-type", "application/xml")];
    let message = documents::credit_notification(&documents::Credit {
        minor: 1_000,
        currency: "EUR",
        end_to_end_id: "INV-1",
        creditor_reference: "RF18539007547034",
        servicer_reference: "REF-1",
        day: "2026-11-20",
    });
    let (declaration, rest) = message.split_once('\n').context("no declaration")?;
    let file = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>";
    let laughs = "<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;&x;&x;&x;&x;&x;&x;\"><!ENTITY z \"&y;&y;&y;&y;&y;&y;&y;&y;\">]>";
    for (document_type, entity) in [(file, "&x;"), (laughs, "&z;")] {
        let hostile = format!("{declaration}\n{document_type}\n{}", rest.replace("INV-1", entity));
        let answer = bank.send("POST", "/v1/bank-statements", hostile.into_bytes(), &xml).await?;
        ensure!((400..500).contains(&answer.status), "{} {}", answer.status, answer.body);
    }
    let read = bank.send("POST", "/v1/bank-statements", message.into_bytes(), &xml).await?;
    let read = read.accepted().context("control")?;
    ensure!(read["statements"][0]["entries"][0]["amount_minor"] == "1000", "{read}");
    Ok(())
}

#[tokio::test]
async fn markup_in_an_event_reaches_a_consumers_page_as_text() -> Result<()> {
    let system = system().await?;
    let (exporter, carrier) = (system.caller("ExporterMSP")?, system.caller("LogisticsMSP")?);
    exporter.post("/v1/captures", &commissioning("MARKUP1")).await?.accepted()?;
    let mut hostile = commissioning("MARKUP1");
    hostile["epcisBody"]["eventList"][0]["readPoint"] = json!({"id": "https://example.com/<script>alert(1)</script>"});
    // Taken as a second commissioning, with an alarm that the page tells of, or refused by its form.
    carrier.post("/v1/captures", &hostile).await?;
    let consumer = entrepot::demo::rest::Caller::anonymous(system.addresses.gateway, &system.gateway_authority()?)?;
    let path = format!("/01/{}/21/MARKUP1", documents::GTIN);
    let page = consumer.send("GET", &path, Vec::new(), &[("accept", "text/html")]).await?.accepted()?.to_string();
    ensure!(page.contains("MARKUP1") && !page.contains("<script>alert"), "{page}");
    Ok(())
}
