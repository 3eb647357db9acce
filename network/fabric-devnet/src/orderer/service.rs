//! The orderer's gRPC service.

use std::{pin::Pin, sync::Arc};

use fabric_config::ChannelConfig;
use fabric_protos::{
    MAX_MESSAGE_BYTES,
    common::{Block, Envelope, Status as CommonStatus},
    orderer::{
        BroadcastResponse, DeliverResponse,
        atomic_broadcast_server::{AtomicBroadcast, AtomicBroadcastServer},
        deliver_response::Type,
    },
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

use super::node::OrderingNode;
use crate::{
    deliver::{self, Client, View},
    ledger::Ledger,
    metrics::DeliverMetrics,
};

/// Answers that may wait for a slow client.
const ANSWERS_MAX: usize = 16;
/// Metadata entries that only peers fill in.
const PEER_ENTRIES: std::ops::RangeInclusive<usize> = 2..=4;

/// Broadcast and Deliver.
pub(crate) struct OrdererService {
    node: Arc<OrderingNode>,
}

/// The gRPC service of a node with both calls, with the limits for messages set.
pub(crate) fn service(node: &Arc<OrderingNode>) -> AtomicBroadcastServer<OrdererService> {
    AtomicBroadcastServer::new(OrdererService { node: Arc::clone(node) })
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES)
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl AtomicBroadcast for OrdererService {
    type BroadcastStream = Answers<BroadcastResponse>;
    type DeliverStream = Answers<DeliverResponse>;

    async fn broadcast(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::BroadcastStream>, Status> {
        let mut messages = request.into_inner();
        let (answers, stream) = mpsc::channel(ANSWERS_MAX);
        let node = self.node.clone();
        tokio::spawn(async move {
            while let Some(message) = messages.next().await {
                let envelope = match message {
                    Ok(envelope) => envelope,
                    // An error says that the client is gone.
                    Err(status) => return drop(answers.send(Err(status)).await),
                };
                let answer = node.broadcast(envelope).await;
                let refused = answer.status != CommonStatus::Success as i32;
                // A refusal also ends the stream.
                if answers.send(Ok(answer)).await.is_err() || refused {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn deliver(&self, request: Request<Streaming<Envelope>>) -> Result<Response<Self::DeliverStream>, Status> {
        let node = Arc::clone(&self.node);
        let channels: deliver::Channels =
            Arc::new(move |channel_id| node.chain(channel_id).map(|chain| Arc::clone(chain.ledger())));
        Ok(Response::new(deliver::serve(
            channels,
            Arc::new(OrderedBlocks(Arc::clone(self.node.deliver()))),
            request.into_inner(),
        )))
    }
}

/// Blocks as the orderer made them, without what peers add.
struct OrderedBlocks(Arc<DeliverMetrics>);

impl View for OrderedBlocks {
    type Answer = DeliverResponse;

    fn policy(&self, channel: &ChannelConfig) -> String {
        let policy = if channel.is_in_maintenance() { "/Channel/Orderer/Readers" } else { "/Channel/Readers" };
        policy.to_owned()
    }

    fn metrics(&self) -> &DeliverMetrics {
        &self.0
    }

    fn data_type(&self) -> &'static str {
        deliver::WHOLE
    }

    fn status(&self, status: CommonStatus) -> DeliverResponse {
        DeliverResponse { r#type: Some(Type::Status(status as i32)) }
    }

    fn block(&self, block: Block, _: &Ledger, _: &Client) -> DeliverResponse {
        DeliverResponse { r#type: Some(Type::Block(as_ordered(block))) }
    }
}

/// A block without what peers add.
pub(super) fn as_ordered(mut block: Block) -> Block {
    let entries = block.metadata.iter_mut().flat_map(|metadata| &mut metadata.metadata);
    for (index, entry) in entries.enumerate() {
        if PEER_ENTRIES.contains(&index) {
            entry.clear();
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use fabric_protos::common::BlockMetadata;

    #[test]
    fn the_orderer_hides_what_peers_add() {
        let metadata = BlockMetadata { metadata: (0..5).map(|entry| vec![entry]).collect() };
        let block = Block { metadata: Some(metadata), ..Default::default() };
        let entries = as_ordered(block).metadata.map(|metadata| metadata.metadata).unwrap_or_default();
        assert_eq!(entries, [vec![0], vec![1], vec![], vec![], vec![]]);
    }
}
