//! A border of the tests: a country with a tariff of its own on a shared system, and goods that come to it.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use entrepot::demo::documents;
use entrepot::demo::rest::{Answer, Caller};
use entrepot::demo::secrets::Secret;
use fixtures::{band, of, rule};
use serde_json::{Value, json};
use trade_claims::{DeclarationPlace, Deployment};
use trade_model::customs::CustomsCheck::{
    Custody, Documents, HsCode, Inspection, LicenceChain, NoOtherDeclaration, Quantity, ValueInBand,
};
use trade_model::customs::Outcome::{DocumentCheck, Intercept};
use trade_standards::time::UtcTime;

use crate::harness::System;

const IMPORTER: &str = "ImporterMSP";
const BOUNDS: (u64, u64) = (1_000, 9_000);
const DAY: i64 = 86_400;
const PLANT: &str = "https://id.gs1.org/414/9521234000006";

pub struct Border {
    pub exporter: Caller,
    pub importer: Caller,
    pub customs: Caller,
    pub officers: [Caller; 2],
    country: &'static str,
    guards_rights: bool,
    channel: String,
    chaincode: String,
}

impl Border {
    /// The border of a country, whose tariff it publishes. Each test has a country of its own.
    pub async fn new(system: &System, country: &'static str) -> Result<Self> {
        Self::open(system, country, false).await
    }

    /// The same, where goods without a licence are stopped.
    pub async fn guarding_rights(system: &System, country: &'static str) -> Result<Self> {
        Self::open(system, country, true).await
    }

    async fn open(system: &System, country: &'static str, guards_rights: bool) -> Result<Self> {
        let border = Self {
            exporter: system.caller("ExporterMSP")?,
            importer: system.caller(IMPORTER)?,
            customs: system.caller("CustomsMSP")?,
            officers: [system.caller_as("CustomsMSP", "Officer1")?, system.caller_as("CustomsMSP", "Officer2")?],
            country,
            guards_rights,
            channel: system.consortium.channel.clone(),
            chaincode: system.consortium.chaincode.name.clone(),
        };
        undisturbed(&border.customs, "/v1/tariffs", &border.tariff(&border.tariff_id())).await?.accepted()?;
        Ok(border)
    }

    fn tariff_id(&self) -> String {
        format!("BORDER-{}", self.country)
    }

    /// A tariff of the country under an id.
    pub fn tariff(&self, tariff_id: &str) -> Value {
        let mut rules = vec![
            rule("value", ValueInBand, Intercept, DocumentCheck),
            rule("custody", Custody, DocumentCheck, DocumentCheck),
            rule("quantity", Quantity, Intercept, DocumentCheck),
            rule("hs-code", HsCode, DocumentCheck, DocumentCheck),
            rule("others", NoOtherDeclaration, DocumentCheck, DocumentCheck),
            rule("documents", Documents, DocumentCheck, DocumentCheck),
            rule("inspection", Inspection, Intercept, DocumentCheck),
        ];
        if self.guards_rights {
            rules.push(rule("chain", LicenceChain, Intercept, DocumentCheck));
        }
        fixtures::json(&fixtures::tariff(tariff_id, self.country, vec![band("b", "91", BOUNDS, 0)], rules))
    }

    /// New pieces with the maker.
    pub async fn commissioned(&self, serials: &[&str]) -> Result<Vec<String>> {
        let event = documents::commissioning(serials, "2026-11-02T08:00:00Z", PLANT);
        undisturbed(&self.exporter, "/v1/captures", &event).await?.accepted()?;
        Ok(serials.iter().map(|serial| documents::item(serial)).collect())
    }

    /// New pieces on a pallet that the maker offers to the importer, by an offer with the pallet's number.
    pub async fn offered_pallet(&self, sscc: &str, serials: &[&str]) -> Result<String> {
        self.commissioned(serials).await?;
        let packed =
            documents::packing_and_shipping(sscc, serials, "2026-11-02T09:00:00Z", "2026-11-02T10:00:00Z", PLANT);
        undisturbed(&self.exporter, "/v1/captures", &packed).await?.accepted()?;
        let pallet = documents::pallet(sscc);
        let offer = json!({ "transfer_id": sscc, "items": [pallet], "to": IMPORTER, "condition": "sealed" });
        undisturbed(&self.exporter, "/v1/custody-transfers", &offer).await?.accepted()?;
        Ok(pallet)
    }

    /// The importer declares goods; `goods` has what differs from one piece of a watch.
    pub async fn declare(&self, id: &str, goods: &Value) -> Result<Answer> {
        let secret = Secret::new(5_000)?;
        let deployment = Deployment { channel: &self.channel, chaincode: &self.chaincode };
        let place =
            DeclarationPlace::parse(IMPORTER, id, (&format!("CustomsMSP/{}", self.tariff_id()), 1), "b", "EUR")?;
        let proof = secret.prove_range(&place.context(deployment)?, BOUNDS.0, BOUNDS.1)?;
        let tariff = serde_json::from_value(self.tariff(&self.tariff_id()))?;
        let item = documents::item("ANY");
        let request = fixtures::declaration(id, &tariff, &[&item], of(&secret.commitment()), of(&proof));
        let mut request = fixtures::json(&request);
        for (field, value) in goods.as_object().into_iter().flatten() {
            request[field] = value.clone();
        }
        undisturbed(&self.importer, "/v1/declarations", &request).await
    }

    /// An officer decides by rule.
    pub async fn assess(&self, id: &str) -> Result<Answer> {
        undisturbed(&self.officers[0], &format!("/v1/declarations/{IMPORTER}/{id}/assessment"), &json!({})).await
    }

    /// A second officer approves a decision.
    pub async fn approve(&self, id: &str, number: u32) -> Result<Answer> {
        let path = format!("/v1/declarations/{IMPORTER}/{id}/decision/approve");
        undisturbed(&self.officers[1], &path, &json!({ "number": number })).await
    }

    /// An officer holds a thing for a few days.
    pub async fn hold(&self, item: &str) -> Result<Answer> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let until = UtcTime::from_unix(i64::try_from(now)? + 5 * DAY, 0)?;
        let request = json!({ "country": self.country, "items": [item], "reason": "a report", "until": until });
        undisturbed(&self.officers[0], "/v1/holds", &request).await
    }
}

/// Sends a request anew while another transaction changes the same record first, as tests that share a system may.
pub async fn undisturbed(caller: &Caller, path: &str, body: &Value) -> Result<Answer> {
    for _ in 0..20 {
        let answer = caller.post(path, body).await?;
        // The peers answer while a block changes what they read, or another transaction is faster.
        if answer.body["code"] != "ledger_conflict" && answer.body["code"] != "endorsement_mismatch" {
            return Ok(answer);
        }
    }
    anyhow::bail!("{path} is disturbed for ever")
}
