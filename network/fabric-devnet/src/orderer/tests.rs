//! The orderer as clients meet it (cases C049 to C052 and C158).

use std::time::Duration;

use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_msp::signer::{Signer, SigningIdentity};
use fabric_protos::{
    common::{ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader, Status},
    protos::TxValidationCode::{DuplicateTxid, Valid},
};
use prost::Message;

use super::Orderer;
use crate::{
    clock::unix_seconds,
    ledger::validation_codes,
    testing::{CHAINCODE, CHANNEL, TestLedger},
};

fn message(kind: HeaderType, channel_id: &str, signer: &dyn Signer, data: Vec<u8>) -> Envelope {
    let channel_header = ChannelHeader { r#type: kind as i32, channel_id: channel_id.to_owned(), ..Default::default() };
    let signature_header = SignatureHeader { creator: signer.creator().to_vec(), nonce: vec![1] };
    let header =
        Header { channel_header: channel_header.encode_to_vec(), signature_header: signature_header.encode_to_vec() };
    let payload = Payload { header: Some(header), data }.encode_to_vec();
    let signature = signer.sign(&payload).expect("a signature");
    Envelope { payload, signature }
}

fn start(test: &TestLedger) -> std::sync::Arc<Orderer> {
    Orderer::start(test.ledger.clone(), test.channel.orderer.clone()).expect("started")
}

fn put(test: &TestLedger, key: &str) -> Envelope {
    test.transaction(&["Org1MSP"], |simulator| simulator.put_state(CHAINCODE, key, b"v".to_vec()))
}

async fn wait_for(test: &TestLedger, height: u64) {
    let mut heights = test.ledger.subscribe();
    let reached = heights.wait_for(|reached| *reached >= height);
    tokio::time::timeout(Duration::from_secs(10), reached).await.expect("in time").expect("a ledger");
}

#[tokio::test]
async fn every_refusal_has_its_status_and_text() {
    let test = TestLedger::with(Vec::new());
    let orderer = start(&test);
    let client = &test.channel.clients["Org1MSP"];
    let normal = |signer: &dyn Signer| message(HeaderType::EndorserTransaction, CHANNEL, signer, Vec::new());
    let mut garbage = normal(client);
    garbage.signature = b"garbage".to_vec();
    let no_header = Envelope { payload: Payload::default().encode_to_vec(), signature: vec![1] };
    let large = message(HeaderType::Message, CHANNEL, client, vec![0; 64 * 1024]);
    let too_large = format!(
        "message payload is {} bytes and exceeds maximum allowed 65536 bytes",
        large.payload.len() + large.signature.len()
    );
    let denied = "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied";
    let table = [
        (Envelope::default(), Status::BadRequest, "could not determine channel ID: header not set"),
        (no_header, Status::BadRequest, "could not determine channel ID: header not set"),
        (message(HeaderType::Message, "other", client, Vec::new()), Status::BadRequest, "channel does not exist"),
        (
            message(HeaderType::Config, CHANNEL, client, Vec::new()),
            Status::BadRequest,
            "message is of type that cannot be processed directly",
        ),
        (
            message(HeaderType::OrdererTransaction, CHANNEL, client, Vec::new()),
            Status::BadRequest,
            "message is of type that is no longer supported",
        ),
        (
            message(HeaderType::ConfigUpdate, CHANNEL, client, Vec::new()),
            Status::BadRequest,
            "error applying config update to existing channel 'conf': error authorizing update: ConfigUpdate for channel '' but envelope for channel 'conf'",
        ),
        (large, Status::BadRequest, too_large.as_str()),
        (normal(&expired()), Status::BadRequest, "broadcast client identity expired"),
        (garbage, Status::Forbidden, denied),
        (normal(&test.channel.peers["Org1MSP"]), Status::Forbidden, denied),
        // Neither the id nor the content is looked at.
        (normal(client), Status::Success, ""),
    ];
    for (envelope, status, info) in table {
        let answer = orderer.broadcast(envelope).await;
        assert_eq!((answer.status(), answer.info.as_str()), (status, info));
    }
    orderer.stop().await;
    assert_eq!(orderer.broadcast(normal(client)).await.status(), Status::ServiceUnavailable);
}

/// A signer whose certificate ended a minute ago; its organization does not matter, since expiry is judged first.
fn expired() -> SigningIdentity {
    let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "old")).expect("an authority");
    let mut request = CertificateRequest::identity("old", &["client"]);
    request.not_after = unix_seconds() - 60;
    authority.issue(&request).expect("a certificate").signer("Org1MSP").expect("a signer")
}

#[tokio::test]
async fn blocks_are_cut_by_count_and_by_time_and_form_a_chain() -> Result<(), Box<dyn std::error::Error>> {
    let test = TestLedger::with(Vec::new());
    let orderer = start(&test);
    for key in ["a", "b", "c", "d"] {
        assert_eq!(orderer.broadcast(put(&test, key)).await.status(), Status::Success);
    }
    wait_for(&test, 4).await;
    let sizes = |number| -> Result<usize, crate::ledger::LedgerError> {
        let block = test.ledger.block(number)?.expect("a block");
        Ok(validation_codes(&block).len())
    };
    assert_eq!((sizes(2)?, sizes(3)?), (3, 1));
    assert!(["a", "b", "c", "d"].iter().all(|key| test.value(key).is_some()));
    Ok(())
}

#[tokio::test]
async fn stopping_writes_what_was_accepted_and_a_new_orderer_goes_on() -> Result<(), Box<dyn std::error::Error>> {
    let test = TestLedger::with(Vec::new());
    let orderer = start(&test);
    let first = put(&test, "a");
    orderer.broadcast(first.clone()).await;
    orderer.stop().await;
    assert_eq!(test.ledger.height(), 3);
    let orderer = start(&test);
    orderer.broadcast(first).await;
    orderer.broadcast(put(&test, "b")).await;
    orderer.stop().await;
    let block = test.ledger.block(3)?.expect("a block");
    assert_eq!(validation_codes(&block), [DuplicateTxid, Valid]);
    Ok(())
}
