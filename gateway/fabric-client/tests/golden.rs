//! The same inputs give the bytes that the official Node SDK made. Where its bytes came from stands beside them.

use std::{error::Error, fs, path::PathBuf, sync::Arc, time::Duration};

use fabric_client::{
    CallError, Connection, Gateway, Start, Step, Timestamp,
    events::{BlocksRequest, ChaincodeEventsRequest, Filtered},
    verify_prepared,
};
use fabric_msp::{
    certificate::Certificate,
    hash,
    signer::{Signer, SigningIdentity},
    transport::ClientTls,
};
use fabric_protos::{gateway, google::rpc};
use prost::Message;
use serde_json::Value;
use tonic::{Code, Status};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::test]
async fn a_plain_proposal_is_the_one_of_the_sdk() -> Outcome {
    let (inputs, gateway) = (inputs()?, offline()?);
    let call = gateway.contract("trade", "entrepot").transaction("item:Read").argument("{\"serial\":\"1\"}");
    let (nonce, timestamp) = drawn(&inputs["plain"])?;
    let proposal = call.nonce(nonce).timestamp(timestamp).propose()?;
    assert_eq!(proposal.transaction_id(), text(&inputs["plain"]["transaction_id"]));
    assert_eq!(hex::encode(proposal.digest()), text(&inputs["plain"]["digest"]));
    assert_eq!(proposal.bytes(), fixture("proposed-transaction-plain.bin")?);
    Ok(())
}

#[tokio::test]
async fn a_proposal_with_transient_data_and_organizations_is_the_one_of_the_sdk() -> Outcome {
    let (inputs, gateway) = (inputs()?, offline()?);
    let full = &inputs["full"];
    let mut call = gateway.contract("trade", "entrepot").transaction(text(&full["function"]));
    for argument in full["arguments"].as_array().ok_or("no arguments")? {
        call = call.argument(hex::decode(text(argument))?);
    }
    for (name, value) in full["transient"].as_object().ok_or("no transient data")? {
        call = call.transient(name, hex::decode(text(value))?);
    }
    let (nonce, timestamp) = drawn(full)?;
    let call = call.endorsing(["ImporterMSP", "ExporterMSP"]).nonce(nonce).timestamp(timestamp);
    let proposal = call.propose()?;
    assert_eq!(hex::encode(proposal.digest()), text(&full["digest"]));
    assert_eq!(proposal.bytes(), fixture("proposed-transaction.bin")?);
    Ok(())
}

#[tokio::test]
async fn a_proposal_of_the_sdk_can_be_taken_over_and_signed() -> Outcome {
    let (gateway, signed) = (offline()?, fixture("proposed-transaction-signed.bin")?);
    let proposal = gateway.proposal_from_bytes(&fixture("proposed-transaction.bin")?)?;
    assert_eq!((proposal.channel(), proposal.chaincode()), ("trade", "entrepot"));
    assert_eq!(proposal.arguments()[0], b"payment:IssueInvoice");
    assert_eq!(proposal.transient_names(), ["blinding", "private"]);
    assert_eq!(proposal.endorsing_organizations(), ["ImporterMSP", "ExporterMSP"]);
    assert!(!proposal.is_signed());
    let signature = gateway::ProposedTransaction::decode(signed.as_slice())?.proposal.ok_or("no proposal")?.signature;
    let key = Certificate::from_pem(&fixture("certificate.pem")?)?;
    key.public_key().verify(proposal.signing_input(), &signature)?;
    assert_eq!(proposal.with_signature(signature).bytes(), signed);
    Ok(())
}

#[tokio::test]
async fn a_transaction_of_the_sdk_can_be_taken_over_and_signed() -> Outcome {
    let (inputs, gateway) = (inputs()?, offline()?);
    let transaction = gateway.transaction_from_bytes(&fixture("prepared-transaction.bin")?)?;
    assert_eq!(transaction.bytes(), fixture("prepared-transaction.bin")?);
    assert_eq!(hex::encode(transaction.digest()), text(&inputs["prepared_digest"]));
    assert_eq!(transaction.result(), text(&inputs["result"]).as_bytes());
    assert_eq!(transaction.transaction_id(), text(&inputs["full"]["transaction_id"]));
    let signed = gateway.transaction_from_bytes(&fixture("prepared-transaction-signed.bin")?)?;
    assert!(signed.is_signed());
    let again = transaction.with_signature(signed.envelope().signature.clone());
    assert_eq!(again.bytes(), fixture("prepared-transaction-signed.bin")?);
    Ok(())
}

#[tokio::test]
async fn a_transaction_of_the_sdk_is_what_its_proposal_asked_for() -> Outcome {
    let gateway = offline()?;
    let mut proposed = gateway::ProposedTransaction::decode(fixture("proposed-transaction.bin")?.as_slice())?;
    proposed.endorsing_organizations.retain(|organization| organization == "ExporterMSP");
    let proposal = gateway.proposal_from_bytes(&proposed.encode_to_vec())?;
    let transaction = gateway.transaction_from_bytes(&fixture("prepared-transaction.bin")?)?;
    let prepared = verify_prepared(&proposal, &transaction, None)?;
    assert_eq!(prepared.endorsers, ["ExporterMSP"]);
    let keys: Vec<_> = prepared.writes[0].public.iter().map(|write| (write.key.as_str(), write.is_delete)).collect();
    assert_eq!(keys, [("item/1", true), ("item/2", false)]);
    Ok(())
}

#[tokio::test]
async fn a_commit_status_request_is_the_one_of_the_sdk() -> Outcome {
    let (inputs, gateway) = (inputs()?, offline()?);
    let unsigned = fixture("signed-commit-status-request-unsigned.bin")?;
    let commit = gateway.commit("trade", text(&inputs["full"]["transaction_id"]));
    assert_eq!(commit.bytes(), unsigned);
    assert_eq!(hex::encode(commit.digest()), text(&inputs["commit_digest"]));
    let signed = fixture("signed-commit-status-request.bin")?;
    let signature = gateway::SignedCommitStatusRequest::decode(signed.as_slice())?.signature;
    let again = gateway.commit_from_bytes(&unsigned)?.with_signature(signature);
    assert_eq!((again.bytes(), again.channel()), (signed, "trade"));
    Ok(())
}

#[tokio::test]
async fn chaincode_events_requests_are_those_of_the_sdk() -> Outcome {
    let gateway = offline()?;
    let events = || gateway.chaincode_events("trade", "entrepot");
    assert_eq!(events().request().bytes(), fixture("chaincode-events-request-next.bin")?);
    let after = events().after(9, &"c".repeat(64)).request();
    assert_eq!(after.bytes(), fixture("chaincode-events-request-after.bin")?);
    let signed = fixture("chaincode-events-request-block-3.bin")?;
    let taken = ChaincodeEventsRequest::from_bytes(&gateway, &signed)?;
    let signature = gateway::SignedChaincodeEventsRequest::decode(signed.as_slice())?.signature;
    let request = events().start(Start::Block(3)).request().with_signature(signature);
    assert_eq!((request.bytes(), taken.bytes()), (signed.clone(), signed));
    Ok(())
}

/// The SDK's streams end at the largest number that JavaScript counts exactly; ours at the largest of the protocol.
#[tokio::test]
async fn requests_for_blocks_are_those_of_the_sdk() -> Outcome {
    let (inputs, gateway) = (inputs()?, offline()?);
    let stop = inputs["deliver"]["stop"].as_u64().ok_or("no stop")?;
    let filtered = gateway.filtered_blocks("trade").until(stop);
    let filtered = filtered.timestamp(timestamp(&inputs["deliver"]["filtered_next_timestamp"])?).request();
    // The fixture carries the hash of a TLS certificate that never was; ours belongs to a connection.
    let hash = text(&inputs["tls_certificate_hash"]);
    let with_hash = with_tls_hash(filtered.signing_input(), &hex::decode(hash)?)?;
    let unsigned = fixture("deliver-envelope-filtered-next-unsigned.bin")?;
    let theirs = BlocksRequest::<Filtered>::from_bytes(&gateway, &unsigned)?;
    assert_eq!(theirs.signing_input(), with_hash);
    assert_eq!(theirs.bytes(), unsigned);

    let blocks = gateway.blocks("trade").start(Start::Block(0)).until(stop);
    let blocks = blocks.timestamp(timestamp(&inputs["deliver"]["block_0_timestamp"])?).request();
    let signed = fixture("deliver-envelope-block-0.bin")?;
    let theirs = fabric_protos::common::Envelope::decode(signed.as_slice())?;
    assert_eq!(theirs.payload, with_tls_hash(blocks.signing_input(), &hex::decode(hash)?)?);
    Ok(())
}

#[tokio::test]
async fn the_hash_in_requests_for_blocks_is_that_of_the_tls_certificate() -> Outcome {
    let (certificate, key) = (fixture("certificate.pem")?, fixture("key.pem")?);
    let tls = ClientTls { ca_pem: certificate.clone(), identity: Some((certificate.clone(), key)), server_name: None };
    let connection = Connection::lazy("localhost:1", Some(tls), Duration::from_secs(1))?;
    let expected = hash::sha256(&openssl::x509::X509::from_pem(&certificate)?.to_der()?);
    assert_eq!(connection.tls_certificate_hash(), Some(&expected));
    let gateway = Gateway::offline(connection, b"a creator".to_vec());
    let request = gateway.blocks("trade").request();
    assert!(request.signing_input().windows(32).any(|window| window == expected), "the hash is not in the header");
    Ok(())
}

#[tokio::test]
async fn our_signatures_have_a_low_s_and_verify() -> Outcome {
    let signer = SigningIdentity::from_pem("ExporterMSP", &fixture("certificate.pem")?, &fixture("key.pem")?)?;
    let key = signer.certificate().public_key().clone();
    let connection = Connection::lazy("localhost:1", None, Duration::from_secs(1))?;
    let gateway = Gateway::new(connection, Arc::new(signer));
    for _ in 0..16 {
        let proposal = gateway.contract("trade", "entrepot").transaction("item:Read").propose()?.signed()?;
        let message =
            gateway::ProposedTransaction::decode(proposal.bytes().as_slice())?.proposal.ok_or("no proposal")?;
        // Verifying refuses signatures with a high s.
        key.verify(&message.proposal_bytes, &message.signature)?;
    }
    Ok(())
}

#[test]
fn details_of_an_error_are_read_as_the_sdk_reads_them() -> Outcome {
    let details = fixture("grpc-status-details.bin")?;
    let status = rpc::Status::decode(details.as_slice())?;
    let status = Status::with_details(Code::Aborted, status.message, details.into());
    let bad = gateway::ErrorDetail::decode(rpc::Status::decode(status.details())?.details[0].value.as_slice())?;
    let error = CallError::from_status(Step::Endorse, "1", &status);
    assert_eq!(error.details.len(), 2);
    assert_eq!((&error.details[0].address, &error.details[0].msp_id), (&bad.address, &bad.msp_id));
    assert_eq!(error.chaincode_response(), Some((404, "{\"code\":\"item.unknown\"}")));
    Ok(())
}

fn offline() -> Outcome<Gateway> {
    let signer = SigningIdentity::from_pem("ExporterMSP", &fixture("certificate.pem")?, &fixture("key.pem")?)?;
    let connection = Connection::lazy("localhost:1", None, Duration::from_secs(1))?;
    Ok(Gateway::offline(connection, signer.creator().to_vec()))
}

fn inputs() -> Outcome<Value> {
    Ok(serde_json::from_slice(&fixture("inputs.json")?)?)
}

fn drawn(inputs: &Value) -> Outcome<(Vec<u8>, Timestamp)> {
    Ok((hex::decode(text(&inputs["nonce"]))?, timestamp(&inputs["timestamp"])?))
}

fn timestamp(value: &Value) -> Outcome<Timestamp> {
    let nanos = value["nanos"].as_i64().ok_or("no nanos")?;
    Ok(Timestamp { seconds: value["seconds"].as_i64().ok_or("no seconds")?, nanos: i32::try_from(nanos)? })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The payload with a TLS certificate hash in its channel header.
fn with_tls_hash(payload: &[u8], hash: &[u8]) -> Outcome<Vec<u8>> {
    let mut payload = fabric_protos::common::Payload::decode(payload)?;
    let header = payload.header.as_mut().ok_or("no header")?;
    let mut channel_header = fabric_protos::common::ChannelHeader::decode(header.channel_header.as_slice())?;
    channel_header.tls_cert_hash = hash.to_vec();
    header.channel_header = channel_header.encode_to_vec();
    Ok(payload.encode_to_vec())
}

fn fixture(name: &str) -> Outcome<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/golden/node-gateway-1.11");
    fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}").into())
}
