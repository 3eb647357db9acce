//! What a reader needs to check a transaction by himself, without believing gateway or peer.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use fabric_config::block::{data_hash, header_bytes, header_hash};
use fabric_msp::certificate::Certificate;
use fabric_protos::common::Block;
use fixtures::json;
use prost::Message;
use serde_json::Value;
use trade_gateway::routes;
use trade_standards::percent;

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

        // The read of the record shows the same, and what was written is what is answered.
        let read = caller.get(&format!("/v1/rights/{BRAND}/EM-mark-PV-1?proof=transaction")).await?.accepted()?;
        ensure!(read["transaction_proof"]["transaction"] == shown, "{read}");
        is_what_was_written(&read)?;

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

/// A record that was read with its proof has the fields that the proven transaction has written.
fn is_what_was_written(read: &Value) -> Result<()> {
    let proof = &read["transaction_proof"];
    ensure!([BRAND, REGULATOR].contains(&proof["read_by"].as_str().unwrap_or_default()), "{proof}");
    let key = &proof["entries"][0]["key"];
    let writes = proof["transaction"]["writes"].as_array().context("writes")?;
    let written = writes.iter().find(|one| one["key"] == *key).context("the entry")?;
    let written: Value = serde_json::from_str(written["value"].as_str().context("a value")?)?;
    let fields = written.as_object().context("a record")?;
    for (name, value) in fields {
        ensure!(read.get(name).is_none_or(|answered| answered == value), "{name} of {read}");
    }
    ensure!(fields.keys().filter(|name| read.get(name).is_some()).count() > 3, "{read}");
    Ok(())
}

/// Whatever the network holds by now: other tests have put records there, too.
#[tokio::test]
async fn records_of_every_list_that_is_read_one_by_one_have_their_transaction() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        until(system, BRAND, "/v1/foundings?limit=1", has_rows).await?;
        let caller = system.caller(BRAND)?;
        let mut proven = 0;
        for resource in routes::all().iter().filter_map(|route| routes::record_of(route)) {
            let page = caller.get(&format!("/v1/{}?limit=2", resource.name)).await?.accepted()?;
            for row in page["rows"].as_array().context("rows")? {
                let id = row["id"].as_str().context("an id")?;
                let key: Vec<_> = id.splitn(resource.key.len(), '/').map(percent::encode).collect();
                let target = format!("/v1/{}/{}?proof=transaction", resource.name, key.join("/"));
                let read = caller.get(&target).await?.accepted().with_context(|| target.clone())?;
                let entries = read["transaction_proof"]["entries"].as_array().context("entries")?;
                ensure!(entries.iter().any(|entry| entry["part"] == "record"), "{target}: {read}");
                proven += 1;
            }
        }
        ensure!(proven > 0, "there was nothing to prove");
    }
    Ok(())
}
