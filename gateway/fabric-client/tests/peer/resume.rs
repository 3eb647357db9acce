//! Streams that break and go on: every event once, in order, from where the reader was.

use std::{sync::Arc, time::Duration};

use fabric_client::{
    OrdererClient, Start,
    checkpoint::{Checkpointer, FileCheckpointer, MemoryCheckpointer, Position},
    events::{Backoff, EventError},
};
use fabric_protos::{
    common::{Block, BlockHeader},
    gateway::ChaincodeEventsResponse,
    orderer::{self, SeekInfo, SeekPosition, SeekSpecified, seek_position},
    protos::{BlockAndPrivateData, ChaincodeEvent, DeliverResponse, FilteredBlock, deliver_response::Type},
};
use tonic::Status;

use crate::{
    Outcome,
    fake::{End, Peer, Script, tell},
};

const QUICK: Backoff = Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(4), attempts: 0 };

#[tokio::test]
async fn every_event_comes_once_however_often_the_stream_breaks() -> Outcome {
    let peer = Peer::start().await?;
    let ends = [
        End::Close,
        End::Fail(Status::unavailable("restarting")),
        End::Fail(Status::aborted("ledger closed")),
        End::Fail(Status::unknown("too many requests for /gateway.Gateway, exceeding concurrency limit (500)")),
        End::Fail(Status::cancelled("shutting down")),
    ];
    let messages = [
        vec![events(3, &["a", "b"])],
        vec![events(3, &["c"]), events(5, &["d"])],
        vec![],
        vec![events(5, &["d", "e"])],
        vec![events(4, &["z"]), events(6, &["f"])],
    ];
    let scripts = messages.into_iter().zip(ends).map(|(messages, end)| Script { messages, end });
    tell(&peer.told.chaincode_events, scripts);
    let builder = peer.gateway()?.chaincode_events("trade", "entrepot").start(Start::Block(3));
    let mut source = builder.resuming(MemoryCheckpointer::new()).backoff(QUICK);
    let mut found = Vec::new();
    while found.len() < 6 {
        found.push(source.next().await?.ok_or("the stream ended")?.transaction_id);
    }
    assert_eq!(found, ["a", "b", "c", "d", "e", "f"]);
    let asked: Vec<_> = peer
        .seen()
        .event_questions
        .into_iter()
        .map(|question| (question.start_position, question.after_transaction_id))
        .collect();
    let expected = [(3, ""), (3, "b"), (5, "d"), (5, "d"), (5, "e")];
    assert_eq!(asked, expected.map(|(number, after)| (Some(at(number)), after.to_owned())));
    Ok(())
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_in_the_next_process_and_nothing_else() -> Outcome {
    let peer = Peer::start().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("checkpoint.json");
    let stay = |messages| Script { messages, end: End::Stay };
    tell(&peer.told.chaincode_events, [stay(vec![events(3, &["a", "b"])]), stay(vec![events(3, &["b"])])]);
    let builder = peer.gateway()?.chaincode_events("trade", "entrepot").start(Start::Block(3));
    let mut source = builder.clone().resuming(FileCheckpointer::open(&path)?);
    source.next().await?.ok_or("no event")?;
    source.acknowledge()?;
    source.next().await?.ok_or("no event")?;
    drop(source);

    let mut source = builder.resuming(FileCheckpointer::open(&path)?);
    assert_eq!(source.next().await?.ok_or("no event")?.transaction_id, "b");
    let asked = peer.seen().event_questions.pop().ok_or("nothing was asked")?;
    assert_eq!((asked.start_position, asked.after_transaction_id.as_str()), (Some(at(3)), "a"));
    Ok(())
}

#[tokio::test]
async fn who_begins_with_the_next_block_misses_none_when_the_first_stream_breaks() -> Outcome {
    let peer = Peer::start().await?;
    tell(&peer.told.blocks, [Script { messages: vec![filtered(7)], end: End::Stay }]);
    tell(
        &peer.told.chaincode_events,
        [Script { messages: vec![], end: End::Close }, Script { messages: vec![events(8, &["a"])], end: End::Stay }],
    );
    let builder = peer.gateway()?.chaincode_events("trade", "entrepot");
    let mut memory = MemoryCheckpointer::new();
    let mut source = builder.resuming(&mut memory).backoff(QUICK);
    assert_eq!(source.next().await?.ok_or("no event")?.transaction_id, "a");
    drop(source);
    assert_eq!(memory.load()?, Some(Position::block(8)), "where it begins is kept before the first event");
    let newest = SeekPosition { r#type: Some(seek_position::Type::Newest(Default::default())) };
    assert_eq!(peer.seen().seeks[0].start, Some(newest));
    let starts: Vec<_> = peer.seen().event_questions.into_iter().map(|question| question.start_position).collect();
    assert_eq!(starts, [Some(at(8)), Some(at(8))]);
    Ok(())
}

#[tokio::test]
async fn blocks_of_each_kind_go_on_after_the_last_one() -> Outcome {
    let peer = Peer::start().await?;
    let gateway = peer.gateway()?;

    let not_yet = DeliverResponse { r#type: Some(Type::Status(404)) };
    tell(
        &peer.told.blocks,
        [
            Script { messages: vec![filtered(4), filtered(5)], end: End::Close },
            Script { messages: vec![not_yet], end: End::Stay },
            Script {
                messages: vec![filtered(5), filtered(6), DeliverResponse { r#type: Some(Type::Status(200)) }],
                end: End::Stay,
            },
        ],
    );
    let builder = gateway.filtered_blocks("trade").start(Start::Block(4)).until(6);
    let mut source = builder.clone().resuming(MemoryCheckpointer::new()).backoff(QUICK);
    let mut numbers = Vec::new();
    while let Some(block) = source.next().await? {
        numbers.push(block.number);
        source.acknowledge()?;
    }
    assert_eq!(numbers, [4, 5, 6]);
    assert_eq!(peer.seen().seeks.iter().map(start).collect::<Vec<_>>(), [at(4), at(6), at(6)]);
    let mut done = builder.resuming(source.into_checkpointer());
    assert!(done.next().await?.is_none(), "nothing is left to ask for");

    let full = |number| DeliverResponse { r#type: Some(Type::Block(block(number))) };
    tell(
        &peer.told.blocks,
        [Script { messages: vec![full(4)], end: End::Close }, Script { messages: vec![full(5)], end: End::Stay }],
    );
    let mut source = gateway.blocks("trade").start(Start::Block(4)).resuming(MemoryCheckpointer::new()).backoff(QUICK);
    for number in [4, 5] {
        assert_eq!(source.next().await?.ok_or("no block")?, block(number));
    }

    let private = |number| {
        let data = BlockAndPrivateData { block: Some(block(number)), ..BlockAndPrivateData::default() };
        DeliverResponse { r#type: Some(Type::BlockAndPrivateData(data)) }
    };
    tell(
        &peer.told.blocks,
        [Script { messages: vec![private(4)], end: End::Close }, Script { messages: vec![private(5)], end: End::Stay }],
    );
    let builder = gateway.blocks_with_private_data("trade").start(Start::Block(4));
    let mut source = builder.resuming(MemoryCheckpointer::at(Position::after_transaction(4, "a"))).backoff(QUICK);
    for number in [4, 5] {
        assert_eq!(source.next().await?.ok_or("no block")?.block, Some(block(number)));
    }
    Ok(())
}

#[tokio::test]
async fn a_refusal_ends_it_and_says_so() -> Outcome {
    let peer = Peer::start().await?;
    let gateway = peer.gateway()?;
    let denied = Status::permission_denied("not a reader");
    tell(&peer.told.chaincode_events, [Script { messages: vec![], end: End::Fail(denied) }]);
    let builder = gateway.chaincode_events("trade", "entrepot").start(Start::Block(1));
    let mut source = builder.resuming(MemoryCheckpointer::new()).backoff(QUICK);
    assert!(matches!(source.next().await, Err(EventError::Call(_))));
    assert!(source.next().await?.is_none());

    let forbidden = DeliverResponse { r#type: Some(Type::Status(403)) };
    tell(&peer.told.blocks, [Script { messages: vec![forbidden], end: End::Stay }]);
    let builder = gateway.filtered_blocks("trade").start(Start::Block(1));
    let mut source = builder.resuming(MemoryCheckpointer::new()).backoff(QUICK);
    assert!(matches!(source.next().await, Err(EventError::Refused(403))));
    Ok(())
}

#[tokio::test]
async fn a_missing_block_is_an_error_and_not_passed_over() -> Outcome {
    let peer = Peer::start().await?;
    tell(&peer.told.blocks, [Script { messages: vec![filtered(1), filtered(3)], end: End::Stay }]);
    let builder = peer.gateway()?.filtered_blocks("trade").start(Start::Block(1));
    let mut source = builder.resuming(MemoryCheckpointer::new());
    assert_eq!(source.next().await?.ok_or("no block")?.number, 1);
    assert!(matches!(source.next().await, Err(EventError::Gap { expected: 2, found: 3 })));
    Ok(())
}

#[tokio::test]
async fn failures_in_a_row_are_told_when_there_is_a_bound_and_trying_may_go_on() -> Outcome {
    let peer = Peer::start().await?;
    let failing = || Script { messages: vec![], end: End::Fail(Status::unavailable("restarting")) };
    tell(
        &peer.told.chaincode_events,
        [failing(), failing(), failing(), Script { messages: vec![events(1, &["a"])], end: End::Stay }],
    );
    let builder = peer.gateway()?.chaincode_events("trade", "entrepot").start(Start::Block(1));
    let mut source = builder.resuming(MemoryCheckpointer::new()).backoff(Backoff { attempts: 3, ..QUICK });
    assert!(matches!(source.next().await, Err(error) if error.is_transient()));
    assert_eq!(source.failures(), 3);
    assert_eq!(source.next().await?.ok_or("no event")?.transaction_id, "a");
    assert_eq!(source.failures(), 0);
    Ok(())
}

#[tokio::test]
async fn giving_up_a_wait_loses_no_event() -> Outcome {
    let peer = Peer::start().await?;
    tell(
        &peer.told.chaincode_events,
        [
            Script { messages: vec![], end: End::Close },
            Script { messages: vec![events(1, &["a", "b"])], end: End::Stay },
        ],
    );
    let builder = peer.gateway()?.chaincode_events("trade", "entrepot").start(Start::Block(1));
    let mut source = builder.resuming(MemoryCheckpointer::new()).backoff(QUICK);
    let mut found = Vec::new();
    while found.len() < 2 {
        let waited = tokio::time::timeout(Duration::from_micros(200), source.next()).await;
        found.extend(waited.ok().transpose()?.flatten().map(|event| event.transaction_id));
    }
    assert_eq!(found, ["a", "b"]);
    Ok(())
}

#[tokio::test]
async fn an_orderer_gives_its_blocks_and_goes_on_after_a_break() -> Outcome {
    let peer = Peer::start().await?;
    let message = |r#type| orderer::DeliverResponse { r#type: Some(r#type) };
    let whole = |number| message(orderer::deliver_response::Type::Block(block(number)));
    let refused = |status| message(orderer::deliver_response::Type::Status(status));
    tell(
        &peer.told.ordered,
        [
            Script { messages: vec![whole(0), whole(1)], end: End::Close },
            Script { messages: vec![refused(503)], end: End::Stay },
            Script { messages: vec![whole(2)], end: End::Stay },
        ],
    );
    let blocks = OrdererClient::new(peer.connection()?).blocks("trade", Arc::clone(&peer.network.user) as _);
    let mut source = blocks.start(Start::Oldest).resuming(MemoryCheckpointer::new()).backoff(QUICK);
    for number in 0..3 {
        assert_eq!(source.next().await?.ok_or("no block")?, block(number));
    }
    assert_eq!(peer.seen().seeks.iter().map(start).collect::<Vec<_>>(), [at(0), at(2), at(2)]);
    Ok(())
}

fn events(block_number: u64, transactions: &[&str]) -> ChaincodeEventsResponse {
    let events = transactions.iter().map(|transaction| ChaincodeEvent {
        chaincode_id: "entrepot".to_owned(),
        tx_id: (*transaction).to_owned(),
        ..ChaincodeEvent::default()
    });
    ChaincodeEventsResponse { events: events.collect(), block_number }
}

fn filtered(number: u64) -> DeliverResponse {
    DeliverResponse { r#type: Some(Type::FilteredBlock(FilteredBlock { number, ..FilteredBlock::default() })) }
}

fn block(number: u64) -> Block {
    Block { header: Some(BlockHeader { number, ..BlockHeader::default() }), ..Block::default() }
}

fn at(number: u64) -> SeekPosition {
    SeekPosition { r#type: Some(seek_position::Type::Specified(SeekSpecified { number })) }
}

fn start(seek: &SeekInfo) -> SeekPosition {
    seek.start.unwrap_or_default()
}
