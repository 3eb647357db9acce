//! Calls by the declarations of transactions: what is sent and what is answered have the declared types, and the
//! command line sends any transaction by its name.

use anyhow::{Context, Result, ensure};
use trade_model::{
    customs::ReadTariff,
    governance::ReadMembers,
    item::{ReadAlarms, ReadItem},
};

use crate::{
    e2e::commands::{run, text},
    harness::{establish, shared},
};

#[tokio::test]
async fn questions_are_asked_and_answered_by_their_types() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let regulator = system.caller("RegulatorMSP")?;
    let members = regulator.ask(&ReadMembers {}).await?;
    ensure!(members.members.len() == 6, "{} members", members.members.len());
    let none = regulator.ask(&ReadAlarms { limit: Some(1.try_into()?), ..ReadAlarms::default() }).await?;
    ensure!(none.alarms.len() <= 1, "{} alarms on a page of one", none.alarms.len());
    let unknown = ReadTariff { tariff_id: "CustomsMSP/NONE".parse()?, version: Some(1), on: None };
    regulator.call(&unknown, None).await?.refused(404, "customs.tariff_unknown")?;
    let item = ReadItem { item: "https://id.gs1.org/01/09521234543213/21/NEVER".parse()? };
    regulator.call(&item, None).await?.refused(404, "item.unknown")?;
    Ok(())
}

/// A page's cursor goes back through the gateway as it came, for every list that has one.
#[tokio::test]
async fn every_cursor_that_is_answered_is_taken() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let importer = system.caller("ImporterMSP")?;
    for (serial, time) in [("CUR1", "2026-11-02T08:00:00Z"), ("CUR2", "2026-11-02T09:00:00Z")] {
        let event = entrepot::demo::documents::commissioning(&[serial], time, "https://id.gs1.org/414/9521234000006");
        importer.post("/v1/captures", &event).await?.accepted()?;
    }
    let item = Some("https://id.gs1.org/01/09521234543213/21/CUR1".parse()?);
    for item in [None, item] {
        let mut question = ReadAlarms { item, limit: Some(1.try_into()?), ..ReadAlarms::default() };
        let mut seen = Vec::new();
        loop {
            let page = importer.ask(&question).await?;
            seen.extend(page.alarms.into_iter().map(|report| report.alarm.alarm_id));
            let Some(next) = page.next else { break };
            question.after = Some(next);
            ensure!(seen.len() < 1_000, "the pages do not end");
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        ensure!(count > 0 && seen.len() == count, "{count} alarms, {} different ones", seen.len());
    }
    Ok(())
}

#[tokio::test]
async fn the_command_line_lists_describes_and_sends_transactions() -> Result<()> {
    let system = shared()?;
    establish(system).await?;
    let listed = text(&run(&["transaction", "list"], "")?)?;
    ensure!(listed.contains("customs:FileDeclaration") && listed.contains("/v1/declarations"), "{listed}");
    let schema = text(&run(&["transaction", "schema", "payment:ShareInvoiceOpening"], "")?)?;
    let schema: serde_json::Value = serde_json::from_str(&schema)?;
    ensure!(schema["private"].is_object() && schema["answer"].is_object(), "{schema}");

    let domain = system.domain("RegulatorMSP")?;
    let msp = system.layout.user(domain, "User1").join("msp");
    let authority = system.gateway_authority()?;
    let gateway = system.addresses.gateway.to_string();
    let path = |path: &std::path::Path| path.to_str().map(str::to_owned).context("a path that is no text");
    let (authority, msp) = (path(&authority)?, path(&msp)?);
    let send = |name: &str, body: &str| {
        let to = ["--gateway", &gateway, "--authority", &authority, "--msp", &msp];
        run(&[&["transaction", "send", name][..], &to].concat(), body)
    };
    let answered = text(&send("governance:ReadMembers", "{}")?)?;
    ensure!(answered.contains("ExporterMSP"), "{answered}");
    for (name, body, said) in [
        ("customs:ReadTariff", r#"{"tariff_id":".."}"#, "request.id_malformed"),
        ("customs:ReadTariff", r#"{"tariff_id":"CustomsMSP/NONE"}"#, "customs.tariff_unknown"),
        ("customs:Unheard", "{}", "transaction list"),
        ("item:Scan", "{}", "no route"),
    ] {
        let refused = send(name, body)?;
        let words = String::from_utf8_lossy(&refused.stderr);
        ensure!(!refused.status.success() && words.contains(said), "{name}: {words}");
    }
    Ok(())
}
