//! What is repeated after a failure, and what never is.

use std::time::Duration;

use fabric_client::{ClientError, Retries};
use fabric_protos::protos::TxValidationCode;
use tonic::{Code, Status};

use crate::{
    Outcome,
    fake::{Answer, Peer, tell},
};

const QUICK: Retries = Retries { attempts: 3, pause: Duration::from_millis(1), longest: Duration::from_millis(4) };

#[tokio::test]
async fn an_endorsement_is_asked_for_again_with_the_same_signed_proposal() -> Outcome {
    let peer = Peer::start().await?;
    let busy = Status::unknown("too many requests for /gateway.Gateway, exceeding concurrency limit (500)");
    tell(&peer.told.endorse, [Answer::Fail(Status::unavailable("restarting")), Answer::Fail(busy)]);
    let proposal = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").propose()?;
    QUICK.endorse(&proposal).await?;
    let endorsed = peer.seen().endorsed;
    assert_eq!(endorsed.len(), 3);
    assert!(endorsed.iter().all(|request| request == &endorsed[0]), "not one byte differs");
    Ok(())
}

#[tokio::test]
async fn tries_are_bounded_and_a_refusal_is_final() -> Outcome {
    let peer = Peer::start().await?;
    let contract = peer.gateway()?.contract("trade", "entrepot");
    let proposal = contract.transaction("item:Capture").propose()?;
    let lost = || Answer::Fail(Status::unavailable("restarting"));
    tell(&peer.told.endorse, [lost(), lost(), lost()]);
    assert_eq!(QUICK.endorse(&proposal).await.err().and_then(|error| error.code()), Some(Code::Unavailable));
    assert_eq!(peer.seen().endorsed.len(), 3);
    tell(&peer.told.endorse, [Answer::Fail(Status::aborted("chaincode response 409, taken"))]);
    assert!(matches!(QUICK.endorse(&proposal).await, Err(ClientError::Endorse(_))));
    assert_eq!(peer.seen().endorsed.len(), 4);
    Ok(())
}

#[tokio::test]
async fn a_conflict_gets_a_new_proposal_and_an_unknown_outcome_does_not() -> Outcome {
    let peer = Peer::start().await?;
    let contract = peer.gateway()?.contract("trade", "entrepot");
    tell(&peer.told.commit_status, [Answer::Give(TxValidationCode::MvccReadConflict as i32)]);
    QUICK.submit(|| contract.transaction("item:Capture")).await?;
    let submitted = peer.seen().submitted;
    assert_eq!(submitted.len(), 2);
    assert_ne!(submitted[0].transaction_id, submitted[1].transaction_id);

    let policy = TxValidationCode::EndorsementPolicyFailure as i32;
    tell(&peer.told.commit_status, [Answer::Give(policy), Answer::Give(policy)]);
    let failed = QUICK.submit(|| contract.transaction("item:Capture")).await;
    assert!(matches!(failed, Err(ClientError::Commit(_))));
    assert_eq!(peer.seen().submitted.len(), 4, "a new proposal is made once");

    let lost = || Answer::Fail(Status::unavailable("gone"));
    tell(&peer.told.submit, [lost(), lost(), lost()]);
    tell(&peer.told.commit_status, (0..6).map(|_| Answer::Hang));
    let failed = QUICK.submit(|| contract.transaction("item:Capture")).await;
    assert!(matches!(failed, Err(ClientError::Indeterminate { .. })), "{failed:?}");
    let submitted = peer.seen().submitted;
    assert!(submitted[4..].iter().all(|request| request == &submitted[4]), "only the identical envelope was sent");
    Ok(())
}
