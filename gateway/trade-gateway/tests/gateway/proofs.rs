//! Transactions and blocks, as the caller's own peer tells them.

use fabric_protos::common::{Block, BlockData, BlockHeader, BlockMetadata};
use prost::Message as _;
use serde_json::{Value, json};
use trade_gateway::ledger::Read;
use trade_model::{Transaction as _, payment::ReadInvoice};

use crate::{
    TestResult,
    envelope::{self, Call, namespace, write},
    lists::{ALL, filled},
    organizations::{EXPORTER, Gateway, IMPORTER, Organizations, signer},
};

/// The transaction that the index has read at this place of a block.
fn id(block: u64, place: u64) -> String {
    format!("{block:032x}{place:032x}")
}

fn block(number: u64) -> Block {
    let header = BlockHeader { number, previous_hash: vec![7; 32], data_hash: vec![8; 32] };
    let metadata = BlockMetadata { metadata: vec![Vec::new(), Vec::new(), vec![254], Vec::new(), Vec::new()] };
    Block { header: Some(header), data: Some(BlockData { data: vec![Vec::new()] }), metadata: Some(metadata) }
}

#[test]
fn a_transaction_is_shown_by_the_callers_own_peer_or_not_at_all() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, _indexed) = filled(&organizations, &ALL)?;
    let caller = gateway.caller(&organizations.member(IMPORTER));
    let answered = |target: &str| -> Result<_, Box<dyn std::error::Error>> {
        let answer = caller.get(target)?;
        Ok((answer.status, answer.json()?["code"].clone()))
    };
    for bad in ["7", &"A".repeat(64), &"g".repeat(64)] {
        assert_eq!(answered(&format!("/v1/transactions/{bad}"))?, (422, json!("parameter_invalid")));
    }
    assert_eq!(answered(&format!("/v1/transactions/{}", "0".repeat(64)))?, (404, json!("record_unknown")));
    assert!(gateway.double.steps().is_empty(), "the network was asked");

    // The peer lacks the block as yet; then it has another one than the index has read.
    let target = format!("/v1/transactions/{}", id(1, 3));
    assert_eq!(answered(&target)?, (503, json!("network_unavailable")));
    gateway.double.script().blocks.insert(1, block(1));
    assert_eq!(answered(&target)?, (502, json!("network_failure")));
    let asked: Vec<_> = gateway.double.recorded().iter().map(|step| (step.step, step.peer_of.clone())).collect();
    assert_eq!(asked, [("block", IMPORTER.to_owned()), ("block", IMPORTER.to_owned())]);
    Ok(())
}

#[test]
fn a_block_is_given_byte_for_byte() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, _indexed) = filled(&organizations, &ALL)?;
    gateway.double.script().blocks.insert(1, block(1));
    let caller = gateway.caller(&organizations.member(IMPORTER));
    let answer = caller.get("/v1/blocks/1")?;
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "application/octet-stream"));
    assert_eq!(answer.body, block(1).encode_to_vec());
    let refused = [("/v1/blocks/2", 404), ("/v1/blocks/-1", 422), ("/v1/blocks/%2B1", 422), ("/v1/blocks/1?a=b", 422)];
    for (target, status) in refused {
        assert_eq!(caller.get(target)?.status, status, "{target}");
    }
    Ok(())
}

#[test]
fn organizations_off_the_channel_are_shown_nothing() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, _indexed) = filled(&organizations, &[EXPORTER])?;
    let caller = gateway.caller(&organizations.member(IMPORTER));
    for target in ["/v1/blocks/1".to_owned(), format!("/v1/transactions/{}", id(1, 0))] {
        assert_eq!(caller.get(&target)?.status, 403, "{target}");
    }
    assert!(gateway.double.steps().is_empty(), "the network was asked");
    Ok(())
}

const INVOICE: &str = "/v1/invoices/ExporterMSP/INV-1?proof=transaction";
const ANSWER: &str = r#"{"total_minor": 1.50, "state":"open"}"#;

/// A transaction that writes an invoice.
fn issuing(id: &str, invoice: &str) -> Vec<u8> {
    let key = format!("\u{0}invoice\u{0}ExporterMSP\u{0}{invoice}\u{0}");
    let call = Call {
        chaincode: "entrepot",
        function: b"payment:IssueInvoice",
        creator: EXPORTER,
        certificate: b"no certificate",
        transaction_id: id.repeat(64),
        event: "payment.invoiced",
        namespaces: vec![namespace("entrepot", vec![write(&key, b"{\"state\":\"open\"}", false)], Vec::new())],
    };
    call.envelope()
}

/// A peer that reads an invoice from an entry of this block, where it is the second transaction.
fn reads_from(gateway: &Gateway, block: u64) {
    let read = |key: &[&str], block, place| Read { key: key.iter().map(|part| (*part).into()).collect(), block, place };
    let mut script = gateway.double.script();
    script.reads = vec![read(&["members"], 9, 0), read(&["invoice", EXPORTER, "INV-1"], block, 1)];
    script.evaluations.insert(ReadInvoice::NAME.to_owned(), Ok(ANSWER.into()));
    let envelopes = vec![issuing("0", "INV-0"), issuing("1", "INV-1"), issuing("2", "INV-2")];
    script.blocks.insert(3, envelope::block(3, vec![7; 32], envelopes, vec![0, 0, 0]));
    script.blocks.insert(4, envelope::block(4, vec![7; 32], vec![issuing("3", "INV-3"); 2], vec![0, 0]));
}

#[test]
fn a_record_is_shown_with_the_transaction_that_wrote_it_last() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    reads_from(&gateway, 3);
    let identity = organizations.member(EXPORTER);
    let caller = gateway.caller(&identity);
    let plain = caller.get("/v1/invoices/ExporterMSP/INV-1")?;
    assert_eq!(plain.body, ANSWER.as_bytes());
    let tag = plain.headers["etag"].as_str();
    let proven = |target: &str| -> Result<Value, Box<dyn std::error::Error>> {
        // Who has the record has not its last transaction.
        let answer = caller.send("GET", target, &[("If-None-Match", tag)], b"")?;
        assert_eq!((answer.status, answer.headers["etag"].as_str()), (200, tag), "{target}");
        let beginning = ANSWER.trim_end_matches('}');
        assert!(answer.body.starts_with(format!("{beginning},\"transaction_proof\":{{").as_bytes()), "{target}");
        Ok(answer.json()?["transaction_proof"].clone())
    };
    let proof = proven(INVOICE)?;
    let key = json!(["invoice", EXPORTER, "INV-1"]);
    assert_eq!(proof["entries"], json!([{"part": "record", "key": key, "block": 3, "place": 1}]));
    let transaction = &proof["transaction"];
    assert_eq!(transaction["transaction_id"], "1".repeat(64));
    assert_eq!((&transaction["block"]["number"], &transaction["place"]), (&json!(3), &json!(1)));
    assert_eq!(transaction["writes"], json!([{"key": key, "value": "{\"state\":\"open\"}"}]));
    assert_eq!(transaction["told_by"], EXPORTER);
    assert_eq!(proven("/v1/invoices/-/INV-1?proof=transaction")?, proof);
    // Who signs for itself is shown the same.
    let importer = organizations.member(IMPORTER);
    let caller = gateway.caller(&importer);
    let shown = caller.sign(caller.get(INVOICE)?, &signer(IMPORTER, &importer))?;
    assert_eq!((shown.status, &shown.json()?["transaction_proof"]["entries"]), (200, &proof["entries"]));
    // A peer that runs no chaincode reads nothing; the block is the caller's own peer's all the same.
    gateway.double.script().without_chaincode.push(IMPORTER);
    let by_another =
        caller.sign(caller.get(INVOICE)?, &signer(IMPORTER, &importer))?.json()?["transaction_proof"].clone();
    let told = |proof: &Value| (proof["read_by"].clone(), proof["transaction"]["told_by"].clone());
    assert_eq!(told(&shown.json()?["transaction_proof"]), (json!(IMPORTER), json!(IMPORTER)));
    assert_eq!(told(&by_another), (json!(EXPORTER), json!(IMPORTER)));
    Ok(())
}

#[test]
fn a_record_that_cannot_be_proven_is_not_answered_as_if_it_were() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let refused = |target: &str| -> Result<(u16, Value), Box<dyn std::error::Error>> {
        let answer = caller.get(target)?;
        Ok((answer.status, answer.json()?["code"].clone()))
    };
    for target in ["/v1/invoices/ExporterMSP/INV-1?proof=all", "/v1/evidence/1?proof=transaction"] {
        assert_eq!(refused(target)?, (422, json!("parameter_invalid")), "{target}");
    }
    assert!(gateway.double.steps().is_empty(), "the network was asked");
    // Its block has another transaction there; then the peer has no such block, and then nothing public was read.
    reads_from(&gateway, 4);
    assert_eq!(refused(INVOICE)?, (502, json!("network_failure")));
    reads_from(&gateway, 5);
    assert_eq!(refused(INVOICE)?, (503, json!("network_unavailable")));
    gateway.double.script().reads.clear();
    assert_eq!(refused(INVOICE)?, (409, json!("proof_unavailable")));
    // A contract's refusal is one.
    let unknown = crate::double::refusal(404, "invoice.unknown");
    gateway.double.script().evaluations.insert(ReadInvoice::NAME.to_owned(), Err(unknown));
    assert_eq!(refused(INVOICE)?, (404, json!("invoice.unknown")));
    Ok(())
}
