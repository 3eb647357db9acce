//! Signing outside the process at every step: each thing leaves as bytes and comes back with a signature.

use fabric_client::{
    ClientError, Start, Step,
    events::{BlocksRequest, ChaincodeEventsRequest, EventError, Filtered},
};
use fabric_msp::signer::Signer;
use fabric_protos::gateway::ChaincodeEventsResponse;
use tokio_stream::StreamExt;

use crate::{
    Outcome,
    fake::{Answer, BLOCK, End, Peer, RESULT, Script, tell},
};

#[tokio::test]
async fn every_step_can_be_signed_elsewhere() -> Outcome {
    let peer = Peer::start().await?;
    let (gateway, user) = (peer.offline()?, peer.network.user.clone());
    let proposal = gateway.contract("trade", "entrepot").transaction("item:Capture").propose()?;
    let signature = user.sign(proposal.signing_input())?;
    let proposal = peer.offline()?.proposal_from_bytes(&proposal.bytes())?.with_signature(signature);
    assert_eq!(proposal.evaluate().await?, RESULT);

    let transaction = proposal.endorse().await?;
    let signature = user.sign(transaction.signing_input())?;
    let transaction = peer.offline()?.transaction_from_bytes(&transaction.bytes())?.with_signature(signature.clone());
    assert_eq!((transaction.result(), transaction.transaction_id()), (RESULT, proposal.transaction_id()));

    let commit = transaction.submit().await?;
    let commit_signature = user.sign(commit.signing_input())?;
    let commit = peer.offline()?.commit_from_bytes(&commit.bytes())?.with_signature(commit_signature);
    let status = commit.status().await?;
    assert_eq!((status.is_valid(), status.block_number), (true, BLOCK));

    let envelope = peer.seen().submitted[0].prepared_transaction.clone().unwrap_or_default();
    assert_eq!(envelope.signature, signature);
    Ok(())
}

#[tokio::test]
async fn without_signature_and_signer_nothing_is_sent() -> Outcome {
    let peer = Peer::start().await?;
    let contract = peer.offline()?.contract("trade", "entrepot");
    let proposal = contract.transaction("item:Capture").propose()?;
    let unsigned = |error: &ClientError, expected| {
        assert!(matches!(error, ClientError::Unsigned { step, .. } if *step == expected), "{error:?}");
        assert_eq!(error.transaction_id(), Some(proposal.transaction_id()));
    };
    unsigned(&proposal.evaluate().await.expect_err("it is unsigned"), Step::Evaluate);
    unsigned(&proposal.endorse().await.expect_err("it is unsigned"), Step::Endorse);

    let signature = peer.network.user.sign(proposal.signing_input())?;
    let transaction = proposal.clone().with_signature(signature).endorse().await?;
    unsigned(&transaction.clone().submit().await.expect_err("it is unsigned"), Step::Submit);
    let signature = peer.network.user.sign(transaction.signing_input())?;
    let commit = transaction.with_signature(signature).submit().await?;
    unsigned(&commit.status().await.expect_err("it is unsigned"), Step::CommitStatus);

    let seen = peer.seen();
    assert_eq!((seen.evaluated.len(), seen.submitted.len(), seen.asked.len()), (0, 1, 0));
    let gateway = peer.offline()?;
    assert!(matches!(gateway.blocks("trade").open(), Err(EventError::Unsigned)));
    assert!(matches!(gateway.chaincode_events("trade", "entrepot").open(), Err(EventError::Unsigned)));
    Ok(())
}

#[tokio::test]
async fn event_requests_can_be_signed_elsewhere() -> Outcome {
    let peer = Peer::start().await?;
    let (gateway, user) = (peer.offline()?, peer.network.user.clone());
    tell(&peer.told.chaincode_events, [Script { messages: vec![ChaincodeEventsResponse::default()], end: End::Close }]);
    let request = gateway.chaincode_events("trade", "entrepot").start(Start::Block(2)).request();
    let signature = user.sign(request.signing_input())?;
    let request = ChaincodeEventsRequest::from_bytes(&gateway, &request.bytes())?.with_signature(signature);
    assert!(matches!(request.open()?.next().await, Some(Err(EventError::Ended))));

    tell(&peer.told.blocks, [Script { messages: Vec::new(), end: End::Close }]);
    let request = gateway.filtered_blocks("trade").start(Start::Oldest).request();
    let signature = user.sign(request.signing_input())?;
    let request = BlocksRequest::<Filtered>::from_bytes(&gateway, &request.bytes())?.with_signature(signature);
    assert!(matches!(request.open()?.next().await, Some(Err(EventError::Ended))));
    assert_eq!(peer.seen().seeks.len(), 1);
    assert!(ChaincodeEventsRequest::from_bytes(&gateway, b"\xff").is_err());
    assert!(BlocksRequest::<Filtered>::from_bytes(&gateway, b"\xff").is_err());
    Ok(())
}

#[tokio::test]
async fn a_proposal_with_a_forged_transaction_id_is_not_taken_over() -> Outcome {
    use fabric_protos::gateway::ProposedTransaction;
    use prost::Message;
    let peer = Peer::start().await?;
    let gateway = peer.offline()?;
    tell(&peer.told.evaluate, [Answer::Hang]);
    let proposal = gateway.contract("trade", "entrepot").transaction("item:Read").propose()?;
    let mut message = ProposedTransaction::decode(proposal.bytes().as_slice())?;
    message.transaction_id = "0".repeat(64);
    let forged = gateway.proposal_from_bytes(&message.encode_to_vec());
    assert!(matches!(forged, Err(ClientError::Malformed { .. })), "{forged:?}");
    Ok(())
}
