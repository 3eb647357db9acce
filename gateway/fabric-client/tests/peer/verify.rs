//! A gateway that lies: each way in which a prepared transaction can differ from its proposal has its own refusal.

use fabric_client::{Proposal, Transaction, verify::VerifyError, verify_prepared};
use fabric_msp::signer::Signer;
use fabric_protos::{
    common::{Envelope, Header, Payload},
    gateway::PreparedTransaction,
    protos::{
        self, ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeProposalPayload,
        ProposalResponsePayload,
    },
};
use prost::Message;

use crate::{
    Outcome,
    fake::{Network, Peer, RESULT},
};

#[tokio::test]
async fn an_honest_gateway_passes() -> Outcome {
    let (peer, proposal, transaction) = prepared().await?;
    let verified = verify_prepared(&proposal, &transaction, Some(&peer.network.msps()?))?;
    assert_eq!((verified.result.as_slice(), verified.endorsers.len()), (RESULT, 2));
    let [writes] = verified.writes.as_slice() else { return Err("not one namespace is written".into()) };
    assert_eq!((writes.namespace.as_str(), writes.public[0].key.as_str()), ("entrepot", "item/1"));
    assert_eq!(writes.policies, ["item/1"]);
    assert_eq!(writes.private, [("_implicit_org_ExporterMSP".to_owned(), 1)]);
    Ok(())
}

#[tokio::test]
async fn every_lie_of_a_gateway_has_its_own_refusal() -> Outcome {
    let (peer, proposal, honest) = prepared().await?;
    let rows: [(&str, Lie, Expected); 10] = [
        ("another channel", other_channel, |error| matches!(error, VerifyError::Header)),
        ("two actions", |parts, _| parts.actions = 2, |error| matches!(error, VerifyError::Actions(2))),
        (
            "another action header",
            |parts, _| parts.action_header.push(0),
            |error| matches!(error, VerifyError::ActionHeader),
        ),
        ("transient data", transient, |error| matches!(error, VerifyError::Transient)),
        ("another call", |parts, _| parts.call.input.push(0), |error| matches!(error, VerifyError::Call)),
        (
            "another hash",
            |parts, _| parts.response.proposal_hash[0] ^= 1,
            |error| matches!(error, VerifyError::ProposalHash),
        ),
        ("another chaincode", other_chaincode, |error| matches!(error, VerifyError::Chaincode(_))),
        (
            "no endorsement",
            |parts, _| parts.endorsed.endorsements.clear(),
            |error| matches!(error, VerifyError::NoEndorsement),
        ),
        ("one twice", one_twice, |error| matches!(error, VerifyError::DuplicateEndorser)),
        (
            "one missing",
            |parts, _| parts.endorsed.endorsements.truncate(1),
            |error| matches!(error, VerifyError::NotEndorsedBy(organization) if organization == "ImporterMSP"),
        ),
    ];
    for (name, lie, expected) in rows {
        let forged = forge(&honest, lie, &peer.network)?;
        let refused = verify_prepared(&proposal, &forged.with_id(&honest)?, None);
        assert!(refused.as_ref().is_err_and(expected), "{name}: {refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn with_the_channels_organizations_every_signature_counts() -> Outcome {
    let (peer, proposal, honest) = prepared().await?;
    let msps = peer.network.msps()?;
    let rows: [(&str, Lie, Expected); 3] = [
        (
            "a changed result",
            |parts, _| parts.action.results.clear(),
            |error| matches!(error, VerifyError::Signature(_)),
        ),
        ("a foreign signature", swapped, |error| matches!(error, VerifyError::Signature(_))),
        ("an endorser from nowhere", unknown_endorser, |error| matches!(error, VerifyError::Identity(_))),
    ];
    for (name, lie, expected) in rows {
        let forged = forge(&honest, lie, &peer.network)?.with_id(&honest)?;
        let refused = verify_prepared(&proposal, &forged, Some(&msps));
        assert!(refused.as_ref().is_err_and(expected), "{name}: {refused:?}");
    }
    Ok(())
}

type Lie = fn(&mut Parts, &Network);
type Expected = fn(&VerifyError) -> bool;

/// A prepared transaction taken apart.
struct Parts {
    header: Header,
    actions: usize,
    action_header: Vec<u8>,
    call: ChaincodeProposalPayload,
    endorsed: ChaincodeEndorsedAction,
    response: ProposalResponsePayload,
    action: ChaincodeAction,
}

fn other_channel(parts: &mut Parts, _: &Network) {
    let mut header =
        fabric_protos::common::ChannelHeader::decode(parts.header.channel_header.as_slice()).expect("valid");
    header.channel_id = "other".to_owned();
    parts.header.channel_header = header.encode_to_vec();
}

fn transient(parts: &mut Parts, _: &Network) {
    parts.call.transient_map.insert("private".to_owned(), b"secret".to_vec());
}

fn other_chaincode(parts: &mut Parts, _: &Network) {
    parts.action.chaincode_id = None;
}

fn one_twice(parts: &mut Parts, _: &Network) {
    let first = parts.endorsed.endorsements[0].clone();
    parts.endorsed.endorsements.push(first);
}

fn swapped(parts: &mut Parts, _: &Network) {
    let [first, second] = &mut parts.endorsed.endorsements[..] else { return };
    std::mem::swap(&mut first.signature, &mut second.signature);
}

fn unknown_endorser(parts: &mut Parts, network: &Network) {
    let pem = network.user.certificate().pem().to_vec();
    let identity = fabric_protos::msp::SerializedIdentity { mspid: "NowhereMSP".to_owned(), id_bytes: pem };
    parts.endorsed.endorsements[0].endorser = identity.encode_to_vec();
}

struct Forged(Envelope);

impl Forged {
    fn with_id(self, honest: &Transaction) -> Outcome<Transaction> {
        let prepared =
            PreparedTransaction { transaction_id: honest.transaction_id().to_owned(), envelope: Some(self.0) };
        Ok(Transaction::from_bytes(
            fabric_client::Gateway::offline(
                fabric_client::Connection::lazy("localhost:1", None, std::time::Duration::from_secs(1))?,
                Vec::new(),
            ),
            &prepared.encode_to_vec(),
        )?)
    }
}

fn forge(honest: &Transaction, lie: Lie, network: &Network) -> Outcome<Forged> {
    let payload = Payload::decode(honest.signing_input())?;
    let transaction = protos::Transaction::decode(payload.data.as_slice())?;
    let action_payload = ChaincodeActionPayload::decode(transaction.actions[0].payload.as_slice())?;
    let endorsed = action_payload.action.ok_or("no action")?;
    let response = ProposalResponsePayload::decode(endorsed.proposal_response_payload.as_slice())?;
    let mut parts = Parts {
        header: payload.header.ok_or("no header")?,
        actions: 1,
        action_header: transaction.actions[0].header.clone(),
        call: ChaincodeProposalPayload::decode(action_payload.chaincode_proposal_payload.as_slice())?,
        action: ChaincodeAction::decode(response.extension.as_slice())?,
        endorsed,
        response,
    };
    lie(&mut parts, network);
    parts.response.extension = parts.action.encode_to_vec();
    parts.endorsed.proposal_response_payload = parts.response.encode_to_vec();
    let action_payload =
        ChaincodeActionPayload { chaincode_proposal_payload: parts.call.encode_to_vec(), action: Some(parts.endorsed) };
    let action = protos::TransactionAction { header: parts.action_header, payload: action_payload.encode_to_vec() };
    let data = protos::Transaction { actions: vec![action; parts.actions] }.encode_to_vec();
    let payload = Payload { header: Some(parts.header), data };
    Ok(Forged(Envelope { payload: payload.encode_to_vec(), signature: Vec::new() }))
}

async fn prepared() -> Outcome<(Peer, Proposal, Transaction)> {
    let peer = Peer::start().await?;
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").transient("private", "secret");
    let proposal = call.endorsing(["ExporterMSP", "ImporterMSP"]).propose()?;
    let transaction = proposal.endorse().await?;
    Ok((peer, proposal, transaction))
}
