//! Straight to a peer's endorser and to an orderer.

use fabric_client::{
    EndorserClient, OrdererClient, Step,
    endorser::{EndorserError, prepare},
    orderer::BroadcastError,
    verify_prepared,
};
use fabric_protos::{
    common,
    orderer::BroadcastResponse,
    protos::{ProposalResponse, Response},
};

use crate::{
    Outcome,
    fake::{Peer, RESULT, endorsement, tell},
};

#[tokio::test]
async fn a_peer_can_be_asked_directly_and_without_a_channel() -> Outcome {
    let peer = Peer::start().await?;
    let endorser = EndorserClient::new(peer.connection()?);
    let proposal = peer.gateway()?.contract("", "_lifecycle").transaction("QueryInstalledChaincodes").propose()?;
    assert_eq!(endorser.query(&proposal).await?, RESULT);
    Ok(())
}

#[tokio::test]
async fn a_peer_that_refuses_is_quoted() -> Outcome {
    let peer = Peer::start().await?;
    let refusal = Response { status: 500, message: "Failed to authorize invocation".to_owned(), payload: Vec::new() };
    tell(&peer.told.propose, [refusal]);
    let proposal = peer.gateway()?.contract("", "_lifecycle").transaction("InstallChaincode").propose()?;
    let error = EndorserClient::new(peer.connection()?).endorse(&proposal).await.expect_err("it was refused");
    let EndorserError::Refused { status, message } = error else { return Err(error.into()) };
    assert_eq!((status, message.as_str()), (500, "Failed to authorize invocation"));
    Ok(())
}

#[tokio::test]
async fn endorsements_collected_by_hand_make_the_transaction_that_a_gateway_makes() -> Outcome {
    let peer = Peer::start().await?;
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").transient("private", "secret");
    let proposal = call.propose()?;
    let responses = collected(&peer, proposal.signing_input())?;
    let again = responses[0].clone();
    let transaction = prepare(&proposal, [responses, vec![again]].concat())?;
    let verified = verify_prepared(&proposal, &transaction, Some(&peer.network.msps()?))?;
    assert_eq!(verified.endorsers, ["ExporterMSP", "ImporterMSP"]);
    let theirs = proposal.endorse().await?;
    let length = |bytes: &[u8]| bytes.len().abs_diff(transaction.signing_input().len());
    assert!(length(theirs.signing_input()) <= 8, "only the length of signatures may differ");
    let transaction = transaction.signed()?;
    OrdererClient::new(peer.connection()?).broadcast(transaction.envelope().clone()).await?;
    assert_eq!(peer.seen().broadcast, [transaction.envelope().clone()]);
    Ok(())
}

#[tokio::test]
async fn peers_that_disagree_make_no_transaction() -> Outcome {
    let peer = Peer::start().await?;
    let proposal = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").propose()?;
    let mut responses = collected(&peer, proposal.signing_input())?;
    responses[1].payload.push(0);
    assert!(matches!(prepare(&proposal, responses), Err(EndorserError::Mismatch)));
    assert!(matches!(prepare(&proposal, Vec::new()), Err(EndorserError::NoEndorsement)));
    let unsigned = ProposalResponse { endorsement: None, ..collected(&peer, proposal.signing_input())?.remove(0) };
    assert!(matches!(prepare(&proposal, vec![unsigned]), Err(EndorserError::NoEndorsement)));
    Ok(())
}

#[tokio::test]
async fn an_orderer_that_refuses_is_quoted() -> Outcome {
    let peer = Peer::start().await?;
    let orderer = OrdererClient::new(peer.connection()?);
    tell(&peer.told.broadcast, [Some(BroadcastResponse { status: 403, info: "not a writer".to_owned() }), None]);
    let error = orderer.broadcast(common::Envelope::default()).await.expect_err("it was refused");
    assert_eq!(error.status(), Some(common::Status::Forbidden));
    assert!(error.to_string().contains("FORBIDDEN: not a writer"), "{error}");
    let error = orderer.broadcast(common::Envelope::default()).await.expect_err("there was no answer");
    assert!(matches!(&error, BroadcastError::Call(call) if call.step == Step::Broadcast), "{error:?}");
    Ok(())
}

fn collected(peer: &Peer, proposal: &[u8]) -> Outcome<Vec<ProposalResponse>> {
    Ok(peer.network.peers.iter().map(|endorser| endorsement(proposal, endorser)).collect::<Result<_, _>>()?)
}
