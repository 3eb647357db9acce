//! Streams: what comes, in which order, and why they end.

use fabric_client::{Start, Step, events::EventError};
use fabric_protos::{
    common::{self, Block, BlockHeader},
    gateway::ChaincodeEventsResponse,
    orderer::{SeekSpecified, seek_position},
    protos::{BlockAndPrivateData, ChaincodeEvent, DeliverResponse, FilteredBlock, deliver_response::Type},
};
use tokio_stream::StreamExt;
use tonic::{Code, Status};

use crate::{
    Outcome,
    fake::{End, Peer, Script, tell},
};

#[tokio::test]
async fn events_come_one_by_one_in_the_order_of_the_ledger() -> Outcome {
    let peer = Peer::start().await?;
    let messages = vec![response(3, &["a", "b"]), response(4, &[]), response(5, &["c"])];
    tell(&peer.told.chaincode_events, [Script { messages, end: End::Stay }]);
    let events = peer.gateway()?.chaincode_events("trade", "entrepot").open()?;
    let events: Vec<_> = events.take(3).collect::<Result<_, _>>().await?;
    let found: Vec<_> = events.iter().map(|event| (event.block_number, event.transaction_id.as_str())).collect();
    assert_eq!(found, [(3, "a"), (3, "b"), (5, "c")]);
    assert_eq!((events[0].chaincode.as_str(), events[0].name.as_str()), ("entrepot", "item.captured"));
    Ok(())
}

#[tokio::test]
async fn a_stream_of_events_tells_why_it_ended_and_then_nothing() -> Outcome {
    let peer = Peer::start().await?;
    let denied = Status::permission_denied("not a reader");
    tell(
        &peer.told.chaincode_events,
        [
            Script { messages: vec![response(3, &["a"])], end: End::Fail(denied) },
            Script { messages: vec![response(3, &["a"])], end: End::Close },
        ],
    );
    let gateway = peer.gateway()?;
    let mut events = gateway.chaincode_events("trade", "entrepot").open()?;
    assert!(matches!(events.next().await, Some(Ok(_))));
    let Some(Err(EventError::Call(error))) = events.next().await else { return Err("no error".into()) };
    assert_eq!((error.step, error.code), (Step::ChaincodeEvents, Code::PermissionDenied));
    assert!(events.next().await.is_none());

    let mut events = gateway.chaincode_events("trade", "entrepot").open()?;
    assert!(matches!(events.next().await, Some(Ok(_))));
    assert!(matches!(events.next().await, Some(Err(EventError::Ended))));
    assert!(events.next().await.is_none());
    Ok(())
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_an_error_in_the_stream() -> Outcome {
    let peer = Peer::start().await?;
    let gateway = peer.gateway()?;
    peer.stop();
    let mut events = gateway.chaincode_events("trade", "entrepot").open()?;
    assert!(matches!(events.next().await, Some(Err(EventError::Call(_)))));
    Ok(())
}

#[tokio::test]
async fn three_kinds_of_blocks_come_as_asked_and_end_with_the_last() -> Outcome {
    let peer = Peer::start().await?;
    let gateway = peer.gateway()?;
    let block = Block { header: Some(BlockHeader { number: 5, ..BlockHeader::default() }), ..Block::default() };
    let filtered = FilteredBlock { number: 5, ..FilteredBlock::default() };
    let private = BlockAndPrivateData { block: Some(block.clone()), ..BlockAndPrivateData::default() };

    tell(&peer.told.blocks, [ending(Type::FilteredBlock(filtered.clone()))]);
    let mut blocks = gateway.filtered_blocks("trade").start(Start::Block(5)).until(5).open()?;
    assert_eq!(blocks.next().await.transpose()?, Some(filtered));
    assert!(blocks.next().await.is_none(), "success is no error");

    tell(&peer.told.blocks, [ending(Type::Block(block.clone()))]);
    let mut blocks = gateway.blocks("trade").open()?;
    assert_eq!(blocks.next().await.transpose()?, Some(block));

    tell(&peer.told.blocks, [ending(Type::BlockAndPrivateData(private.clone()))]);
    let mut blocks = gateway.blocks_with_private_data("trade").open()?;
    assert_eq!(blocks.next().await.transpose()?, Some(private));

    let seek = peer.seen().seeks[0];
    let at = |number| Some(seek_position::Type::Specified(SeekSpecified { number }));
    assert_eq!((seek.start.unwrap_or_default().r#type, seek.stop.unwrap_or_default().r#type), (at(5), at(5)));
    Ok(())
}

#[tokio::test]
async fn a_status_of_the_deliver_service_is_a_typed_error() -> Outcome {
    let peer = Peer::start().await?;
    let gateway = peer.gateway()?;
    for (code, name) in
        [(403, common::Status::Forbidden), (404, common::Status::NotFound), (400, common::Status::BadRequest)]
    {
        let refusal = DeliverResponse { r#type: Some(Type::Status(code)) };
        tell(&peer.told.blocks, [Script { messages: vec![refusal], end: End::Stay }]);
        let mut blocks = gateway.filtered_blocks("trade").open()?;
        let Some(Err(error)) = blocks.next().await else { return Err("no error".into()) };
        assert_eq!(error.status(), Some(name), "{error}");
        assert!(blocks.next().await.is_none());
    }
    Ok(())
}

#[tokio::test]
async fn something_else_than_was_asked_for_is_an_error() -> Outcome {
    let peer = Peer::start().await?;
    let gateway = peer.gateway()?;
    for unexpected in [Some(Type::Block(Block::default())), None] {
        let message = DeliverResponse { r#type: unexpected };
        tell(&peer.told.blocks, [Script { messages: vec![message], end: End::Stay }]);
        let mut blocks = gateway.filtered_blocks("trade").open()?;
        assert!(matches!(blocks.next().await, Some(Err(EventError::Unexpected(_)))));
        assert!(blocks.next().await.is_none());
    }
    Ok(())
}

fn response(block_number: u64, transactions: &[&str]) -> ChaincodeEventsResponse {
    let events = transactions.iter().map(|transaction| ChaincodeEvent {
        chaincode_id: "entrepot".to_owned(),
        tx_id: (*transaction).to_owned(),
        event_name: "item.captured".to_owned(),
        payload: b"1".to_vec(),
    });
    ChaincodeEventsResponse { events: events.collect(), block_number }
}

/// One message and the word that it was the last.
fn ending(message: Type) -> Script<DeliverResponse> {
    let messages = [message, Type::Status(200)].map(|r#type| DeliverResponse { r#type: Some(r#type) });
    Script { messages: messages.into(), end: End::Stay }
}
