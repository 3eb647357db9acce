//! Transactions and blocks, as the caller's own peer tells them.

use fabric_protos::common::{Block, BlockData, BlockHeader, BlockMetadata};
use prost::Message as _;
use serde_json::json;

use crate::{
    TestResult,
    lists::{ALL, filled},
    organizations::{EXPORTER, IMPORTER, Organizations},
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
