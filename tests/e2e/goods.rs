//! Goods in stories: the maker's events about them, and handshakes between two members, through the gateway.

use anyhow::Result;
use entrepot::demo::{documents, rest::Caller};
use serde_json::{Value, json};
use trade_standards::percent::encode;

use crate::harness::System;

/// When events of these stories say they happened.
const TIME: &str = "2026-11-02T08:00:00Z";

/// The members of a story as callers of the gateway.
pub struct Trade {
    pub exporter: Caller,
    pub importer: Caller,
    pub carrier: Caller,
}

impl Trade {
    /// The callers on a system that is established.
    pub async fn on(system: &System) -> Result<Self> {
        crate::harness::establish(system).await?;
        Ok(Self {
            exporter: system.caller("ExporterMSP")?,
            importer: system.caller("ImporterMSP")?,
            carrier: system.caller("LogisticsMSP")?,
        })
    }

    /// The maker puts pieces into use.
    pub async fn commission(&self, serials: &[&str]) -> Result<Value> {
        capture(&self.exporter, object("ADD", "commissioning", &things(serials))).await
    }

    /// The maker packs pieces on a pallet.
    pub async fn pack(&self, sscc: &str, serials: &[&str]) -> Result<Value> {
        capture(&self.exporter, aggregation("ADD", "packing", sscc, &things(serials))).await
    }
}

/// The ids of pieces.
pub fn things(serials: &[&str]) -> Vec<String> {
    serials.iter().map(|serial| documents::item(serial)).collect()
}

/// An ObjectEvent.
pub fn object(action: &str, step: &str, things: &[String]) -> Value {
    json!({
        "type": "ObjectEvent", "eventTime": TIME, "eventTimeZoneOffset": "+00:00",
        "action": action, "bizStep": step, "epcList": things,
    })
}

/// An AggregationEvent on a pallet.
pub fn aggregation(action: &str, step: &str, sscc: &str, things: &[String]) -> Value {
    json!({
        "type": "AggregationEvent", "eventTime": TIME, "eventTimeZoneOffset": "+00:00",
        "action": action, "bizStep": step, "parentID": documents::pallet(sscc), "childEPCs": things,
    })
}

/// The same event, declared erroneous.
pub fn erroneous(mut event: Value) -> Value {
    event["errorDeclaration"] = json!({ "declarationTime": "2026-11-03T08:00:00Z", "reason": "did_not_occur" });
    event
}

/// Records one event; what the ledger answers.
pub async fn capture(who: &Caller, event: Value) -> Result<Value> {
    let document = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": TIME, "epcisBody": { "eventList": [event] },
    });
    Ok(who.post("/v1/captures", &document).await?.accepted()?["result"].clone())
}

/// The kinds of the alarms that a capture raised.
pub fn alarms(receipt: &Value) -> Vec<&str> {
    receipt["alarms"].as_array().into_iter().flatten().filter_map(|alarm| alarm["kind"].as_str()).collect()
}

/// A piece as the ledger knows it.
pub async fn item(who: &Caller, thing: &str) -> Result<Value> {
    who.get(&format!("/v1/items/{}", encode(thing))).await?.accepted()
}

/// Custody from one member to another: both sign.
pub async fn hand_over(id: &str, things: &[String], from: (&Caller, &str), to: (&Caller, &str)) -> Result<()> {
    let offer = json!({ "transfer_id": id, "items": things, "to": to.1, "condition": "sealed, dry" });
    from.0.post("/v1/custody-transfers", &offer).await?.accepted()?;
    to.0.post(&format!("/v1/custody-transfers/{}/{id}/accept", from.1), &json!({})).await?.accepted()?;
    Ok(())
}

/// Title from one member to another: both sign.
pub async fn sell(id: &str, things: &[String], from: (&Caller, &str), to: (&Caller, &str)) -> Result<()> {
    let offer = json!({ "title_id": id, "items": things, "buyer": to.1 });
    from.0.post("/v1/title-transfers", &offer).await?.accepted()?;
    to.0.post(&format!("/v1/title-transfers/{}/{id}/accept", from.1), &json!({})).await?.accepted()?;
    Ok(())
}
