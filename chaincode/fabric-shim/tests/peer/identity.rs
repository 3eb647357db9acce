//! What a contract learns of the proposal and its creator.

use base64::{Engine, prelude::BASE64_STANDARD};
use fabric_contract::{Contract, Failure};
use fabric_msp::certificate::Certificate;
use fabric_protos::{
    common::{Header, SignatureHeader},
    msp::SerializedIdentity,
    protos::{ChaincodeMessage, Proposal},
};
use fabric_shim::Limits;
use prost::Message;
use serde_json::{Value, json};

use crate::{
    Test,
    certificates::Authority,
    fake_peer::{FakePeer, creator, transaction},
    serve,
};

fn contract() -> Contract {
    Contract::new("t").submit("Facts", |context, (): ()| {
        let creator = context.creator();
        let facts = json!({
            "channel": context.channel_id(),
            "chaincode": context.chaincode(),
            "tx": context.tx_id(),
            "seconds": context.timestamp().seconds,
            "nanos": context.timestamp().nanos,
            "msp": creator.msp_id,
            "id": creator.id,
            "roles": creator.roles,
            "certificate": hex::encode(creator.certificate_sha256),
            "key": hex::encode(creator.public_key_sha256),
            "transient": context.transient("private").map(<[u8]>::len),
        });
        Ok::<String, Failure>(facts.to_string())
    })
}

#[tokio::test]
async fn the_contract_sees_the_facts_of_the_proposal() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.send_message(transaction("tx", &["t:Facts"], &[("private", "secret")])).await?;
    let facts: Value = serde_json::from_str(&peer.outcome("tx").await?.1)?;
    let identity = SerializedIdentity::decode(creator())?;
    let certificate = Certificate::from_pem(&identity.id_bytes)?;
    let id = BASE64_STANDARD.decode(facts["id"].as_str().unwrap_or_default())?;
    // Go writes the parts of a name in reverse order, and several units as one part with several values.
    assert_eq!(String::from_utf8(id)?, "x509::CN=erp,OU=client+OU=sales::CN=ca.exporter");
    assert_eq!(facts["certificate"], hex::encode(certificate.sha256()));
    assert_eq!(facts["key"], hex::encode(certificate.spki_sha256()));
    assert_eq!(facts["roles"], json!(["client", "sales"]));
    let rest = ["channel", "chaincode", "tx", "seconds", "nanos", "msp", "transient"].map(|name| facts[name].clone());
    let expected = json!(["trade", "entrepot", "tx", 1_767_225_600, 7, "ExporterMSP", 6]);
    assert_eq!(Value::from(rest.to_vec()), expected);
    Ok(())
}

#[tokio::test]
async fn a_creator_without_a_certificate_is_refused_by_name() -> Test {
    let server = serve(contract(), Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let creator = SerializedIdentity { mspid: "IdemixMSP".to_owned(), id_bytes: b"not a certificate".to_vec() };
    peer.send_message(with_creator(creator.encode_to_vec())?).await?;
    assert_eq!(peer.outcome("tx").await?, (400, "creator_unsupported".to_owned()));
    peer.send_message(with_creator(vec![0xff; 5])?).await?;
    assert_eq!(peer.outcome("tx").await?, (500, "proposal_malformed".to_owned()));
    Ok(())
}

#[tokio::test]
async fn attributes_are_those_of_the_certificate_or_the_creator_is_refused() -> Test {
    let contract = Contract::new("t")
        .submit("Attributes", |context, (): ()| Ok::<String, Failure>(json!(context.creator().attributes).to_string()));
    let server = serve(contract, Limits::default()).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let authority = Authority::new("ca.exporter")?;
    for (attributes, status, found) in [
        (&br#"{"attrs":{"desk":"7","hf.Type":"client"}}"#[..], 200, r#"{"desk":"7","hf.Type":"client"}"#),
        (br#"{"attrs":{"desk":"7","desk":"8"}}"#, 403, "creator_attributes_malformed"),
    ] {
        let id_bytes = authority.issue_with("erp", &["client"], Some(attributes))?.certificate;
        let creator = SerializedIdentity { mspid: "ExporterMSP".to_owned(), id_bytes };
        peer.send_message(creating("t:Attributes", creator.encode_to_vec())?).await?;
        assert_eq!(peer.outcome("tx").await?, (status, found.to_owned()));
    }
    Ok(())
}

fn with_creator(creator: Vec<u8>) -> Result<ChaincodeMessage, Box<dyn std::error::Error>> {
    creating("t:Facts", creator)
}

fn creating(function: &str, creator: Vec<u8>) -> Result<ChaincodeMessage, Box<dyn std::error::Error>> {
    let mut message = transaction("tx", &[function], &[]);
    let signed = message.proposal.as_mut().ok_or("no proposal")?;
    let mut proposal = Proposal::decode(signed.proposal_bytes.as_slice())?;
    let mut header = Header::decode(proposal.header.as_slice())?;
    header.signature_header = SignatureHeader { creator, nonce: vec![1; 24] }.encode_to_vec();
    proposal.header = header.encode_to_vec();
    signed.proposal_bytes = proposal.encode_to_vec();
    Ok(message)
}

#[tokio::test]
async fn a_transaction_dated_outside_the_window_is_refused_before_the_contract_runs() -> Test {
    let limits = Limits { time_window: Some(std::time::Duration::from_secs(900)), ..Limits::default() };
    let server = serve(contract(), limits).await?;
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    let mut dated_now = transaction("now", &["t:Facts"], &[]);
    redate(&mut dated_now, std::time::SystemTime::now())?;
    peer.send_message(dated_now).await?;
    assert_eq!(peer.outcome("now").await?.0, 200);
    let mut dated_long_ago = transaction("then", &["t:Facts"], &[]);
    redate(&mut dated_long_ago, std::time::UNIX_EPOCH)?;
    peer.send_message(dated_long_ago).await?;
    let (status, message) = peer.outcome("then").await?;
    assert_eq!(status, 400, "{message}");
    assert!(message.contains("time_outside_window"), "{message}");
    Ok(())
}

/// Gives the proposal of a message another time.
fn redate(message: &mut ChaincodeMessage, time: std::time::SystemTime) -> Test {
    let seconds = i64::try_from(time.duration_since(std::time::UNIX_EPOCH)?.as_secs())?;
    let signed = message.proposal.as_mut().ok_or("no proposal")?;
    let mut proposal = Proposal::decode(signed.proposal_bytes.as_slice())?;
    let mut header = Header::decode(proposal.header.as_slice())?;
    let mut channel = fabric_protos::common::ChannelHeader::decode(header.channel_header.as_slice())?;
    channel.timestamp = Some(prost_types::Timestamp { seconds, nanos: 0 });
    header.channel_header = channel.encode_to_vec();
    proposal.header = header.encode_to_vec();
    signed.proposal_bytes = proposal.encode_to_vec();
    Ok(())
}
