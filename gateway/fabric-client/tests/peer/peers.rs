//! Several peers of one organization: which one is asked, and what is never handed to a second one.

use std::time::Duration;

use fabric_client::{
    Advice, Gateway, Peers,
    peers::{PeersOptions, Standing},
};
use fabric_protos::orderer::{SeekSpecified, seek_position};
use tokio::io::AsyncWriteExt;
use tonic::{Code, Status};

use crate::{
    Outcome,
    fake::{Answer, BLOCK, Peer, RESULT, lock, status, tell, until},
};

const QUICK: PeersOptions = PeersOptions {
    every: Duration::from_millis(10),
    first: Duration::from_millis(5),
    longest: Duration::from_millis(20),
    patience: Duration::from_millis(500),
};

/// A peer that shows its blocks.
async fn serving(address: &str, newest: u64) -> Outcome<Peer> {
    let peer = Peer::start_at(address, None).await?;
    *lock(&peer.told.newest) = Some(newest);
    Ok(peer)
}

fn watched(first: Gateway, second: &Peer) -> Outcome<Peers> {
    Ok(Peers::watched((first, None), [(second.gateway()?, None)], "trade", QUICK))
}

fn stands(peers: &Peers, up: [bool; 2]) -> bool {
    peers.standing().borrow().up == up
}

/// Evaluates at the peers.
async fn evaluated(peers: &Peers) -> Result<Vec<u8>, fabric_client::ClientError> {
    let evaluate = |_, gateway: Gateway| async move {
        gateway.contract("trade", "entrepot").transaction("item:ReadItem").evaluate().await
    };
    peers.ask(evaluate).await
}

#[tokio::test]
async fn the_next_peer_stands_in_until_the_first_has_caught_up_with_it() -> Outcome {
    let second = serving("127.0.0.1:0", BLOCK).await?;
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let nowhere = fabric_client::Connection::lazy(&free, None, Duration::from_secs(5))?;
    let peers = watched(Gateway::new(nowhere, second.network.user.clone()), &second)?;
    assert_eq!(evaluated(&peers).await?, RESULT);
    assert_eq!(*peers.standing().borrow(), Standing { up: vec![false, true], failovers: 1 });
    assert_eq!(peers.preferred().0, 1);

    let first = serving(&free, BLOCK - 1).await?;
    let newest_of_the_other = Some(seek_position::Type::Specified(SeekSpecified { number: BLOCK }));
    let seeks = || first.seen().seeks.into_iter().map(|seek| seek.start.unwrap_or_default().r#type).collect::<Vec<_>>();
    until(|| seeks().len() > 1).await?;
    assert!(seeks().iter().all(|start| *start == newest_of_the_other), "{:?}", seeks());
    assert!(stands(&peers, [false, true]), "it is reached, and has not caught up");
    evaluated(&peers).await?;
    assert!(first.seen().evaluated.is_empty());

    *lock(&first.told.newest) = Some(BLOCK);
    peers.other_than(1).await;
    assert_eq!(*peers.standing().borrow(), Standing { up: vec![true, true], failovers: 1 });
    evaluated(&peers).await?;
    assert_eq!((first.seen().evaluated.len(), second.seen().evaluated.len()), (1, 2));
    Ok(())
}

#[tokio::test]
async fn a_peer_that_has_no_answer_is_passed_over_and_one_that_refuses_is_not() -> Outcome {
    let (first, second) = (serving("127.0.0.1:0", BLOCK).await?, serving("127.0.0.1:0", BLOCK).await?);
    let peers = watched(first.gateway()?, &second)?;
    let limit = Status::unknown("too many requests for /gateway.Gateway, exceeding concurrency limit (500)");
    for away in [Status::unavailable("stopping"), Status::failed_precondition("no peers available"), limit] {
        tell(&first.told.evaluate, [Answer::Fail(away)]);
        assert_eq!(evaluated(&peers).await?, RESULT);
    }
    assert_eq!((first.seen().evaluated.len(), second.seen().evaluated.len()), (3, 3));
    for refusal in ["chaincode response 404, no such item", "access denied"] {
        tell(&first.told.evaluate, [Answer::Fail(status(Code::Aborted, refusal, &[]))]);
        assert_eq!(evaluated(&peers).await.map_err(|error| error.advice()), Err(Advice::Never), "{refusal}");
    }
    assert_eq!((first.seen().evaluated.len(), second.seen().evaluated.len()), (5, 3));
    assert!(stands(&peers, [true, true]), "it answers");

    for peer in [&first, &second] {
        tell(&peer.told.evaluate, [Answer::Fail(Status::unavailable("stopping"))]);
    }
    let none = evaluated(&peers).await.map_err(|error| error.advice());
    assert_eq!(none, Err(Advice::RetryFreely), "nobody is left");
    Ok(())
}

#[tokio::test]
async fn a_question_is_given_up_when_its_peer_falls_silent() -> Outcome {
    let (first, second) = (serving("127.0.0.1:0", BLOCK).await?, serving("127.0.0.1:0", BLOCK).await?);
    let patient = fabric_client::Timeouts::default();
    let peers = watched(first.gateway()?.timeouts(patient), &second)?;
    tell(&first.told.evaluate, [Answer::Hang]);
    *lock(&first.told.newest) = None;
    assert_eq!(evaluated(&peers).await?, RESULT);
    assert_eq!((first.seen().evaluated.len(), second.seen().evaluated.len()), (1, 1));
    assert!(stands(&peers, [false, true]));
    Ok(())
}

#[tokio::test]
async fn a_peer_that_says_that_it_is_not_well_is_not_asked() -> Outcome {
    let (first, second) = (serving("127.0.0.1:0", BLOCK).await?, serving("127.0.0.1:0", BLOCK).await?);
    let operations = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = operations.local_addr()?.to_string();
    let says = tokio::spawn(async move {
        while let Ok((mut stream, _)) = operations.accept().await {
            // Who asks may be gone already.
            let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n{}").await;
        }
    });
    let further = [(second.gateway()?, None)];
    let peers = Peers::watched((first.gateway()?, Some(address)), further, "trade", QUICK);
    peers.other_than(0).await;
    assert_eq!(evaluated(&peers).await?, RESULT);
    assert_eq!((first.seen().evaluated.len(), second.seen().evaluated.len()), (0, 1));
    // Nobody says any more how it is, and it serves.
    says.abort();
    peers.other_than(1).await;
    assert!(stands(&peers, [true, true]));
    Ok(())
}

#[tokio::test]
async fn what_a_peer_may_have_taken_is_handed_to_no_other() -> Outcome {
    let (first, second) = (serving("127.0.0.1:0", BLOCK).await?, serving("127.0.0.1:0", BLOCK).await?);
    let options = PeersOptions { longest: Duration::from_secs(60), ..QUICK };
    let further = [(second.gateway()?, None)];
    let peers = Peers::watched((first.gateway()?, None), further, "trade", options);
    let gateway = first.gateway()?;
    let proposal = gateway.contract("trade", "entrepot").transaction("custody:Offer").propose()?.signed()?;
    let bytes = proposal.endorse().await?.signed()?.bytes();
    let submit = async || {
        let submit = |_, gateway: Gateway| {
            let bytes = bytes.clone();
            async move { gateway.transaction_from_bytes(&bytes)?.submit().await.map(drop) }
        };
        peers.hand_over(submit).await.map_err(|error| error.advice())
    };
    // A peer at its limit has not read it.
    let limit = Status::unknown("too many requests for /gateway.Gateway, exceeding concurrency limit (500)");
    tell(&first.told.submit, [Answer::Fail(limit)]);
    assert_eq!(submit().await, Ok(()));
    let submitted = || (first.seen().submitted.len(), second.seen().submitted.len());
    assert_eq!(submitted(), (1, 1));
    tell(&first.told.submit, [Answer::Fail(Status::unavailable("the answer was lost"))]);
    assert_eq!(submit().await, Err(Advice::SameEnvelope));
    assert_eq!(submitted(), (2, 1));
    // Once it has been asked for, it may be handed over again, and then not where it came to nothing.
    assert_eq!(submit().await, Ok(()));
    assert_eq!(submitted(), (2, 2));
    Ok(())
}
