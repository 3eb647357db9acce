//! A gateway that prepares something else than was meant: each difference is found before anything is signed.

use std::collections::BTreeMap;

use fabric_client::{Intent, IntentError, Timestamp, verify::VerifyError};
use fabric_protos::{
    common::{ChannelHeader, Header, SignatureHeader},
    protos::{self, ChaincodeInvocationSpec, ChaincodeProposalPayload},
};
use prost::Message;

use crate::{Outcome, fake::Peer};

/// The call that the proposal of [`prepared`] makes.
fn intent(peer: &Peer) -> Outcome<Intent> {
    Ok(Intent {
        channel: "trade".to_owned(),
        chaincode: "entrepot".to_owned(),
        creator: peer.gateway()?.creator().to_vec(),
        arguments: vec![b"Capture".to_vec(), b"{}".to_vec()],
        transient: BTreeMap::from([("private".to_owned(), b"secret".to_vec())]),
    })
}

/// The bytes of a proposal and of its prepared transaction, and the id of both.
async fn prepared(peer: &Peer) -> Outcome<(Vec<u8>, Vec<u8>, String)> {
    let contract = peer.gateway()?.contract("trade", "entrepot");
    let call = contract.transaction("Capture").argument("{}").transient("private", "secret");
    let proposal = call.propose()?;
    let (bytes, id) = (proposal.signing_input().to_vec(), proposal.transaction_id().to_owned());
    Ok((bytes, proposal.endorse().await?.signing_input().to_vec(), id))
}

#[tokio::test]
async fn what_was_meant_may_be_signed() -> Outcome {
    let peer = Peer::start().await?;
    let (proposal, transaction, id) = prepared(&peer).await?;
    let intent = intent(&peer)?;
    let checked = intent.check_proposal(&proposal, Timestamp::now())?;
    assert_eq!(checked.transaction_id(), id);
    let verified = checked.check_transaction(&transaction, Timestamp::now(), Some(&peer.network.msps()?))?;
    assert_eq!(verified.endorsers.len(), 2);
    assert_eq!(intent.proposal_of(&transaction)?, proposal, "as a signer makes it again that has forgotten it");
    Ok(())
}

#[tokio::test]
async fn a_transaction_of_another_proposal_of_the_same_call_is_not_signed() -> Outcome {
    let peer = Peer::start().await?;
    let (first, of_first, _) = prepared(&peer).await?;
    let (second, of_second, _) = prepared(&peer).await?;
    let (intent, now) = (intent(&peer)?, Timestamp::now());
    for (proposal, own, others) in [(first, &of_first, &of_second), (second, &of_second, &of_first)] {
        let checked = intent.check_proposal(&proposal, now)?;
        assert!(checked.check_transaction(own, now, None).is_ok());
        let refused = checked.check_transaction(others, now, None);
        assert!(matches!(refused, Err(IntentError::Transaction(VerifyError::Header))), "{refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn another_call_than_was_meant_is_named_by_its_difference() -> Outcome {
    let peer = Peer::start().await?;
    let (proposal, transaction, _) = prepared(&peer).await?;
    let (meant, now) = (intent(&peer)?, Timestamp::now());
    let rows = [
        ("the channel", Intent { channel: "other".to_owned(), ..meant.clone() }),
        ("the chaincode", Intent { chaincode: "other".to_owned(), ..meant.clone() }),
        ("the creator", Intent { creator: b"another".to_vec(), ..meant.clone() }),
        ("an argument", Intent { arguments: vec![b"Capture".to_vec(), b"[]".to_vec()], ..meant.clone() }),
        ("an argument", Intent { arguments: vec![b"Capture".to_vec()], ..meant.clone() }),
        ("an argument", Intent { arguments: vec![b"Other".to_vec(), b"{}".to_vec()], ..meant.clone() }),
        ("the transient data", Intent { transient: BTreeMap::new(), ..meant.clone() }),
    ];
    for (expected, other) in rows {
        let refused = other.check_proposal(&proposal, now);
        // With another creator the transaction id does not follow from the header any more.
        let is_named = matches!(&refused, Err(IntentError::Other(named)) if *named == expected);
        assert!(is_named, "{expected}: {refused:?}");
        let made = other.proposal_of(&transaction)?;
        assert_ne!(made, proposal, "{expected}");
        // Transient data are in no transaction: only a signature of the proposal tells of them.
        let is_same = expected == "the transient data";
        let checked = other.check_proposal(&made, now)?.check_transaction(&transaction, now, None);
        assert_eq!(checked.is_ok(), is_same, "{expected}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_hides_in_a_proposal() -> Outcome {
    let peer = Peer::start().await?;
    let (honest, ..) = prepared(&peer).await?;
    let intent = intent(&peer)?;
    let now = Timestamp::now();
    let rows: [(&str, Lie); 6] = [
        ("an initialisation", |_, call| {
            specification(call, |one| {
                if let Some(input) = one.chaincode_spec.as_mut().and_then(|one| one.input.as_mut()) {
                    input.is_init = true;
                }
            })
        }),
        ("another version", |_, call| {
            specification(call, |one| {
                if let Some(id) = one.chaincode_spec.as_mut().and_then(|one| one.chaincode_id.as_mut()) {
                    id.version = "2".to_owned();
                }
            })
        }),
        ("an unknown field", |_, call| call.input.extend([0xfa, 0x3f, 0x01, b'x'])),
        ("another transient value", |_, call| {
            call.transient_map.insert("private".to_owned(), b"other".to_vec());
        }),
        ("another extension", |header, _| header.extension.clear()),
        ("an epoch", |header, _| header.epoch = 1),
    ];
    for (what, lie) in rows {
        let refused = intent.check_proposal(&forged(&honest, lie)?, now);
        assert!(matches!(refused, Err(IntentError::Other(_))), "{what}: {refused:?}");
    }
    let mut longer = honest.clone();
    longer.extend([0xfa, 0x3f, 0x01, b'x']);
    assert!(matches!(intent.check_proposal(&longer, now), Err(IntentError::Other("the form"))));
    assert!(matches!(intent.check_proposal(b"\xff", now), Err(IntentError::Unreadable(_))));
    assert!(matches!(intent.check_proposal(b"", now), Err(IntentError::Other("the nonce"))));
    Ok(())
}

#[tokio::test]
async fn an_old_or_early_proposal_is_not_signed_nor_its_transaction() -> Outcome {
    let peer = Peer::start().await?;
    let (proposal, transaction, _) = prepared(&peer).await?;
    let intent = intent(&peer)?;
    let in_time = intent.check_proposal(&proposal, Timestamp::now())?;
    for (seconds, is_good) in [(0, true), (800, true), (-800, true), (1_000, false), (-1_000, false)] {
        let now = Timestamp { seconds: Timestamp::now().seconds + seconds, nanos: 0 };
        let checked = intent.check_proposal(&proposal, now);
        assert_eq!(checked.is_ok(), is_good, "{seconds}: {checked:?}");
        let checked = in_time.check_transaction(&transaction, now, None);
        assert_eq!(checked.is_ok(), is_good, "{seconds}: {checked:?}");
        assert!(is_good || matches!(checked, Err(IntentError::Time(_))), "{checked:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_proposal_is_no_transaction_and_a_transaction_no_proposal() -> Outcome {
    let peer = Peer::start().await?;
    let (proposal, transaction, _) = prepared(&peer).await?;
    let intent = intent(&peer)?;
    let now = Timestamp::now();
    let checked = intent.check_proposal(&proposal, now)?;
    assert!(checked.check_transaction(&proposal, now, None).is_err());
    assert!(intent.check_proposal(&transaction, now).is_err());
    let none = checked.check_transaction(b"", now, None);
    assert!(matches!(none, Err(IntentError::Transaction(VerifyError::Header))), "{none:?}");
    assert!(matches!(intent.proposal_of(b""), Err(IntentError::Other("the nonce"))));
    Ok(())
}

type Lie = fn(&mut ChannelHeader, &mut ChaincodeProposalPayload);

fn specification(call: &mut ChaincodeProposalPayload, change: impl FnOnce(&mut ChaincodeInvocationSpec)) {
    let mut invocation = ChaincodeInvocationSpec::decode(call.input.as_slice()).expect("valid");
    change(&mut invocation);
    call.input = invocation.encode_to_vec();
}

fn forged(honest: &[u8], lie: Lie) -> Outcome<Vec<u8>> {
    let mut proposal = protos::Proposal::decode(honest)?;
    let mut header = Header::decode(proposal.header.as_slice())?;
    let mut channel_header = ChannelHeader::decode(header.channel_header.as_slice())?;
    let mut call = ChaincodeProposalPayload::decode(proposal.payload.as_slice())?;
    lie(&mut channel_header, &mut call);
    SignatureHeader::decode(header.signature_header.as_slice())?;
    header.channel_header = channel_header.encode_to_vec();
    proposal.header = header.encode_to_vec();
    proposal.payload = call.encode_to_vec();
    Ok(proposal.encode_to_vec())
}
