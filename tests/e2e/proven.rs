//! What a reader needs to check a transaction by himself, without believing gateway or peer.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use fabric_config::block::{data_hash, header_bytes, header_hash};
use fabric_msp::certificate::Certificate;
use fabric_protos::common::Block;
use fixtures::json;
use prost::Message;
use serde_json::Value;

use super::lists::{has_rows, until};
use crate::harness::{establish, everywhere};

const BRAND: &str = "ExporterMSP";
const REGULATOR: &str = "RegulatorMSP";

fn bytes(value: &Value) -> Result<Vec<u8>> {
    Ok(STANDARD.decode(value.as_str().context("base64")?)?)
}

fn is_signed(certificate: &Value, message: &[u8], signature: &Value) -> Result<bool> {
    let certificate = Certificate::from_pem(certificate.as_str().context("a certificate")?.as_bytes())?;
    Ok(certificate.public_key().verify(message, &bytes(signature)?).is_ok())
}

#[tokio::test]
async fn endorsements_block_and_value_of_a_record_are_checked_from_what_the_gateway_shows() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right = json(&fixtures::right("PV-1", &[]));
        let committed = system.caller(BRAND)?.post("/v1/rights", &right).await?.accepted()?;
        until(system, REGULATOR, "/v1/rights?number=PV-1", has_rows).await?;

        // The record's history names the transaction, and the regulator's own peer shows it.
        let caller = system.caller(REGULATOR)?;
        let history = caller.get(&format!("/v1/rights/{BRAND}/EM-mark-PV-1/history")).await?.accepted()?;
        let id = history["versions"][0]["transaction_id"].as_str().context("a transaction")?;
        ensure!(id == committed["transaction_id"], "{history}");
        let shown = caller.get(&format!("/v1/transactions/{id}")).await?.accepted()?;
        ensure!(shown["told_by"] == REGULATOR && shown["validation"] == "VALID", "{shown}");
        ensure!(shown["block"]["number"] == committed["block_number"], "{shown}");

        let endorsed = bytes(&shown["endorsed"])?;
        let endorsements = shown["endorsements"].as_array().context("endorsements")?;
        ensure!(endorsements.len() >= 2, "{shown}");
        for one in endorsements {
            let message = [endorsed.clone(), bytes(&one["endorser"])?].concat();
            ensure!(is_signed(&one["certificate"], &message, &one["signature"])?, "{one}");
            let mut forged = message;
            forged[9] ^= 1;
            ensure!(!is_signed(&one["certificate"], &forged, &one["signature"])?, "any bytes pass");
        }

        // The block as a whole: its envelopes make its digest, and the orderers have signed its head.
        let number = shown["block"]["number"].as_u64().context("a number")?;
        let block = caller.get_bytes(&format!("/v1/blocks/{number}")).await?;
        let block = Block::decode(block.as_slice())?;
        let (header, data) = (block.header.context("a header")?, block.data.context("envelopes")?);
        ensure!(data_hash(&data).as_slice() == header.data_hash, "the envelopes are not those of the head");
        ensure!(shown["block"]["header_sha256"] == hex::encode(header_hash(&header)), "{shown}");
        let place = usize::try_from(shown["place"].as_u64().context("a place")?)?;
        ensure!(data.data[place] == bytes(&shown["envelope"])?, "another envelope stands there");
        let signatures = shown["block"]["signatures"].as_array().context("signatures")?;
        ensure!(!signatures.is_empty(), "{shown}");
        for one in signatures {
            let signed = bytes(&one["signed"])?;
            ensure!(signed.ends_with(&header_bytes(&header)), "the signature is of another head");
            ensure!(is_signed(&one["certificate"], &signed, &one["signature"])?, "{one}");
        }

        // What the ledger holds under the record's key is what the transaction wrote.
        let value = &history["versions"][0]["value"];
        let mut written = shown["writes"].as_array().into_iter().flatten().filter_map(|one| one["value"].as_str());
        let is_value = |text: &&str| serde_json::from_str::<Value>(text).is_ok_and(|written| written == *value);
        let text = written.find(is_value).with_context(|| format!("{value} in {shown}"))?;
        ensure!(endorsed.windows(text.len()).any(|part| part == text.as_bytes()), "{text} was not endorsed");
    }
    Ok(())
}
