//! The three deliver services of an organization's peer.

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use fabric_config::ChannelConfig;
use fabric_protos::{
    common::{Block, Envelope, Status as CommonStatus},
    protos::{
        BlockAndPrivateData, DeliverResponse,
        deliver_response::Type,
        deliver_server::{Deliver, DeliverServer},
    },
    rwset::TxPvtReadWriteSet,
};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use super::{Channels, Client, FILTERED, View, WHOLE, WITH_PRIVATE_DATA, filtered_block, serve};
use crate::{
    ledger::{Ledger, LedgerError},
    metrics::DeliverMetrics,
    state::collection,
};

/// The largest request, in bytes (1 MiB): it holds a position and a certificate.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;
const DEFAULT_POLICY: &str = "/Channel/Application/Readers";

/// Blocks, filtered blocks, and blocks with private data.
pub struct PeerDeliver {
    channels: Channels,
    msp_id: String,
    metrics: Arc<DeliverMetrics>,
}

impl PeerDeliver {
    /// The services of the peer of an organization.
    pub(crate) fn new(channels: Channels, msp_id: &str, metrics: &Arc<DeliverMetrics>) -> Self {
        Self { channels, msp_id: msp_id.to_owned(), metrics: Arc::clone(metrics) }
    }

    /// As a gRPC service, with the limits for messages set.
    pub fn into_service(self) -> DeliverServer<Self> {
        DeliverServer::new(self)
            .max_decoding_message_size(REQUEST_BYTES_MAX)
            .max_encoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
    }

    fn answer(&self, kind: Kind, request: Request<Streaming<Envelope>>) -> Response<Answers> {
        let view = Arc::new(PeerView { kind, msp_id: self.msp_id.clone(), metrics: Arc::clone(&self.metrics) });
        Response::new(serve(self.channels.clone(), view, request.into_inner()))
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<DeliverResponse, Status>> + Send>>;

#[tonic::async_trait]
impl Deliver for PeerDeliver {
    type DeliverStream = Answers;
    type DeliverFilteredStream = Answers;
    type DeliverWithPrivateDataStream = Answers;

    async fn deliver(&self, request: Request<Streaming<Envelope>>) -> Result<Response<Answers>, Status> {
        Ok(self.answer(Kind::Whole, request))
    }

    async fn deliver_filtered(&self, request: Request<Streaming<Envelope>>) -> Result<Response<Answers>, Status> {
        Ok(self.answer(Kind::Filtered, request))
    }

    async fn deliver_with_private_data(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Answers>, Status> {
        Ok(self.answer(Kind::WithPrivateData, request))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Whole,
    Filtered,
    WithPrivateData,
}

pub(super) struct PeerView {
    pub(super) kind: Kind,
    pub(super) msp_id: String,
    pub(super) metrics: Arc<DeliverMetrics>,
}

impl View for PeerView {
    type Answer = DeliverResponse;

    fn policy(&self, channel: &ChannelConfig) -> String {
        let resource = if self.kind == Kind::Filtered { "event/FilteredBlock" } else { "event/Block" };
        channel.acl(resource).unwrap_or(DEFAULT_POLICY).to_owned()
    }

    fn metrics(&self) -> &DeliverMetrics {
        &self.metrics
    }

    fn data_type(&self) -> &'static str {
        match self.kind {
            Kind::Whole => WHOLE,
            Kind::Filtered => FILTERED,
            Kind::WithPrivateData => WITH_PRIVATE_DATA,
        }
    }

    fn status(&self, status: CommonStatus) -> DeliverResponse {
        DeliverResponse { r#type: Some(Type::Status(status as i32)) }
    }

    fn block(&self, block: Block, ledger: &Ledger, client: &Client) -> DeliverResponse {
        let answer = match self.kind {
            Kind::Whole => Type::Block(block),
            Kind::Filtered => Type::FilteredBlock(filtered_block(&block)),
            Kind::WithPrivateData => {
                let number = block.header.as_ref().map_or(0, |header| header.number);
                let private_data_map = self.private_data(number, ledger, client).unwrap_or_else(|cause| {
                    tracing::error!(%cause, number, "private data of a block cannot be read");
                    BTreeMap::new()
                });
                Type::BlockAndPrivateData(BlockAndPrivateData { block: Some(block), private_data_map })
            }
        };
        DeliverResponse { r#type: Some(answer) }
    }
}

impl PeerView {
    /// The private data of a block that this peer has and the client may read.
    fn private_data(
        &self,
        block: u64,
        ledger: &Ledger,
        client: &Client,
    ) -> Result<BTreeMap<u64, TxPvtReadWriteSet>, LedgerError> {
        let channel = ledger.channel();
        let mut readable = BTreeMap::new();
        for (index, mut set) in ledger.private_data(&self.msp_id, block)? {
            for part in &mut set.ns_pvt_rwset {
                let mut kept = Vec::new();
                for collection in std::mem::take(&mut part.collection_pvt_rwset) {
                    let config = ledger.collection_at(&part.namespace, &collection.collection_name, block)?;
                    let may_read = config.is_some_and(|config| {
                        let is_member = |who| collection::is_member(&config, who, &channel);
                        !config.member_only_read || client.identity.as_ref().is_some_and(is_member)
                    });
                    if may_read {
                        kept.push(collection);
                    }
                }
                part.collection_pvt_rwset = kept;
            }
            set.ns_pvt_rwset.retain(|part| !part.collection_pvt_rwset.is_empty());
            if !set.ns_pvt_rwset.is_empty() {
                readable.insert(index, set);
            }
        }
        Ok(readable)
    }
}
