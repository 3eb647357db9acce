//! Many transactions, one stream: verdicts arrive, survive a broken stream, and need no signature of who submitted.

use std::{sync::Arc, time::Duration};

use fabric_client::{
    ClientError, CommitTracker,
    tracker::{TrackerOptions, TrackerState},
};
use fabric_msp::signer::Signer;
use fabric_protos::{
    orderer::{SeekNewest, SeekSpecified, seek_position},
    protos::{DeliverResponse, FilteredBlock, FilteredTransaction, deliver_response::Type},
};
use tonic::Status;

use crate::{
    Outcome,
    fake::{Answer, End, Peer, Script, tell, until},
};

const LIMIT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn one_stream_answers_for_many_transactions() -> Outcome {
    let peer = Peer::start().await?;
    let ids: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    let blocks = ids.chunks(50).enumerate().map(|(index, ids)| {
        block(index as u64 + 1, &ids.iter().map(|id| (id.as_str(), i32::from(id == "77") * 11)).collect::<Vec<_>>())
    });
    tell(&peer.told.blocks, [Script { messages: blocks.collect(), end: End::Stay }]);
    let tracker = start(&peer)?;
    for id in &ids {
        let status = tracker.status(id, LIMIT).await?;
        assert_eq!(status.is_valid(), id != "77");
        assert_eq!(status.block_number, id.parse::<u64>()? / 50 + 1);
    }
    assert_eq!((tracker.pending(), peer.seen().seeks.len()), (0, 1));
    Ok(())
}

#[tokio::test]
async fn a_broken_stream_is_opened_again_from_its_position() -> Outcome {
    let peer = Peer::start().await?;
    tell(
        &peer.told.blocks,
        [
            Script { messages: vec![block(5, &[("a", 0)])], end: End::Fail(Status::unavailable("restarting")) },
            Script { messages: vec![refusal(404)], end: End::Stay },
            Script { messages: vec![block(6, &[("b", 0)]), block(7, &[("a", 9)])], end: End::Stay },
        ],
    );
    let tracker = start(&peer)?;
    assert_eq!(tracker.status("b", LIMIT).await?.block_number, 6);
    until(|| tracker.state().borrow().block_number == Some(7)).await?;
    let first = tracker.status("a", LIMIT).await?;
    assert_eq!((first.code, first.block_number), (0, 5));
    assert_eq!(*tracker.state().borrow(), TrackerState { block_number: Some(7), failure: None });

    let starts: Vec<_> = peer.seen().seeks.iter().map(|seek| seek.start.unwrap_or_default().r#type).collect();
    let sixth = Some(seek_position::Type::Specified(SeekSpecified { number: 6 }));
    assert_eq!(starts, [Some(seek_position::Type::Newest(SeekNewest {})), sixth, sixth]);
    Ok(())
}

#[tokio::test]
async fn a_transaction_that_does_not_appear_is_not_seen() -> Outcome {
    let peer = Peer::start().await?;
    let tracker = start(&peer)?;
    let error = tracker.status("a", Duration::from_millis(50)).await.expect_err("no block comes");
    assert!(matches!(error, ClientError::NotSeen { .. }), "{error:?}");
    assert_eq!(tracker.pending(), 0);
    Ok(())
}

#[tokio::test]
async fn a_transaction_signed_elsewhere_is_tracked_without_a_third_signature() -> Outcome {
    let peer = Peer::start().await?;
    let (proposal, user) = (propose(&peer)?, peer.network.user.clone());
    tell(&peer.told.blocks, [Script { messages: vec![block(4, &[(proposal.transaction_id(), 0)])], end: End::Stay }]);
    let tracker = start(&peer)?;
    let proposal_signature = user.sign(proposal.signing_input())?;
    let transaction = proposal.with_signature(proposal_signature).endorse().await?;
    let signature = user.sign(transaction.signing_input())?;
    let committed = transaction.with_signature(signature).submit_and_track(&tracker).await?;
    assert_eq!((committed.block_number, peer.seen().asked.len()), (4, 0));
    Ok(())
}

#[tokio::test]
async fn a_tracked_transaction_is_sent_again_until_its_block_comes() -> Outcome {
    let peer = Peer::start().await?;
    let proposal = propose(&peer)?;
    // The first stream shows nothing and breaks when its time comes; the second has the block.
    let blocks = Script { messages: vec![block(4, &[(proposal.transaction_id(), 11)])], end: End::Stay };
    let tracker = start(&peer)?;
    until(|| peer.seen().seeks.len() == 1).await?;
    let user = peer.network.user.clone();
    let proposal_signature = user.sign(proposal.signing_input())?;
    let transaction = proposal.with_signature(proposal_signature).endorse().await?;
    let signature = user.sign(transaction.signing_input())?;
    let transaction = transaction.with_signature(signature);
    drop(tracker);

    tell(&peer.told.submit, [Answer::Fail(Status::unavailable("gone"))]);
    tell(&peer.told.blocks, [Script { messages: Vec::new(), end: End::Fail(Status::unavailable("gone")) }, blocks]);
    let options = TrackerOptions { pause: Duration::from_millis(400), ..TrackerOptions::default() };
    let tracker = CommitTracker::start(&peer.gateway()?, "trade", options);
    let error = transaction.submit_and_track(&tracker).await.expect_err("it is invalid");
    assert!(matches!(&error, ClientError::Commit(verdict) if verdict.code == 11), "{error:?}");
    let submitted = peer.seen().submitted;
    assert!(submitted.len() >= 2 && submitted.iter().all(|request| *request == submitted[0]), "{}", submitted.len());
    Ok(())
}

#[tokio::test]
async fn when_no_block_comes_the_peer_is_asked_at_last() -> Outcome {
    let peer = Peer::start().await?;
    let tracker = start(&peer)?;
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture");
    call.submit_tracked(&tracker).await?;
    assert_eq!((peer.seen().submitted.len(), peer.seen().asked.len()), (3, 1));
    Ok(())
}

#[tokio::test]
async fn a_dropped_tracker_closes_its_stream() -> Outcome {
    let peer = Peer::start().await?;
    let tracker = start(&peer)?;
    let mut watch = tracker.watch("a")?;
    let state = tracker.state();
    drop(tracker);
    until(|| state.has_changed().is_err()).await?;
    assert!(matches!(watch.within(Duration::from_millis(10)).await, Err(ClientError::NotSeen { .. })));
    Ok(())
}

fn start(peer: &Peer) -> Outcome<CommitTracker> {
    let options = TrackerOptions { pause: Duration::from_millis(5), ..TrackerOptions::default() };
    let service: Arc<dyn Signer> = peer.network.peers[1].clone();
    let gateway = fabric_client::Gateway::new(peer.connection()?, service);
    Ok(CommitTracker::start(&gateway, "trade", options))
}

fn propose(peer: &Peer) -> Outcome<fabric_client::Proposal> {
    Ok(peer.offline()?.contract("trade", "entrepot").transaction("item:Capture").propose()?)
}

fn block(number: u64, transactions: &[(&str, i32)]) -> DeliverResponse {
    let transactions = transactions.iter().map(|(txid, code)| FilteredTransaction {
        txid: (*txid).to_owned(),
        tx_validation_code: *code,
        ..FilteredTransaction::default()
    });
    let block = FilteredBlock { number, filtered_transactions: transactions.collect(), ..FilteredBlock::default() };
    DeliverResponse { r#type: Some(Type::FilteredBlock(block)) }
}

fn refusal(status: i32) -> DeliverResponse {
    DeliverResponse { r#type: Some(Type::Status(status)) }
}
