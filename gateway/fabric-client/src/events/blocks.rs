//! Blocks from a peer, whole, filtered or with private data, and from an orderer. One code for the four, which differ
//! in the method that is called and in what arrives.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use fabric_msp::hash;
use fabric_protos::{
    common::{Block, Envelope, Payload, Status as DeliverStatus},
    orderer::{self, atomic_broadcast_client::AtomicBroadcastClient},
    protos::{
        BlockAndPrivateData, DeliverResponse, FilteredBlock, deliver_client::DeliverClient, deliver_response::Type,
    },
};
use prost::Message;
use tokio_stream::{Stream, StreamExt};
use tonic::{Response, Status, Streaming, transport::Channel};

use super::{error::EventError, source::Source, start::Start};
use crate::{
    call::Step,
    connection::sized,
    message::{SeekParts, Timestamp},
    session::Session,
};

/// What kind of blocks a stream carries.
pub trait BlockKind: sealed::Kind + Clone + Send + Sync + Unpin + 'static {
    /// What arrives.
    type Block: Send + Unpin + 'static;
}

/// Blocks without payloads: transaction ids, verdicts, event names.
#[derive(Clone, Copy, Debug)]
pub struct Filtered;

/// Whole blocks.
#[derive(Clone, Copy, Debug)]
pub struct Full;

/// Whole blocks with the private data that the asking identity may read.
#[derive(Clone, Copy, Debug)]
pub struct WithPrivateData;

/// Whole blocks straight from an orderer, as it wrote them: without the verdicts of peers.
#[derive(Clone, Copy, Debug)]
pub struct Ordered;

impl BlockKind for Filtered {
    type Block = FilteredBlock;
}

impl BlockKind for Full {
    type Block = Block;
}

impl BlockKind for WithPrivateData {
    type Block = BlockAndPrivateData;
}

impl BlockKind for Ordered {
    type Block = Block;
}

/// What to ask for.
#[derive(Clone, Debug)]
pub struct BlocksBuilder<K> {
    session: Session,
    channel: String,
    start: Start,
    until: u64,
    timestamp: Option<Timestamp>,
    kind: PhantomData<K>,
}

impl<K: BlockKind> BlocksBuilder<K> {
    pub(crate) fn new(session: &Session, channel: &str) -> Self {
        Self {
            session: session.clone(),
            channel: channel.to_owned(),
            start: Start::Next,
            until: u64::MAX,
            timestamp: None,
            kind: PhantomData,
        }
    }

    /// Where to begin. Default: [`Start::Next`].
    #[must_use]
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// The last block to send; without this the stream goes on for ever.
    #[must_use]
    pub fn until(mut self, block_number: u64) -> Self {
        self.until = block_number;
        self
    }

    /// A time of one's own instead of the present. Peers refuse what is more than 15 minutes off.
    #[must_use]
    pub fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    pub(super) fn beginning(&self) -> Start {
        self.start
    }

    pub(super) fn last(&self) -> u64 {
        self.until
    }

    /// The request, not yet signed and not sent.
    pub fn request(self) -> BlocksRequest<K> {
        let parts = SeekParts {
            creator: self.session.creator(),
            timestamp: self.timestamp.unwrap_or_else(Timestamp::now),
            channel: &self.channel,
            tls_certificate_hash: self.session.connection().tls_certificate_hash(),
            start: self.start.position(),
            stop: self.until,
        };
        BlocksRequest { envelope: parts.envelope(), session: self.session, kind: PhantomData }
    }

    /// Sends the request. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`EventError::Unsigned`], [`EventError::Sign`]; errors of the peer come through the stream.
    pub fn open(self) -> Result<Blocks<K>, EventError> {
        self.request().open()
    }
}

/// A request for blocks, signed or not.
#[derive(Clone, Debug)]
pub struct BlocksRequest<K> {
    session: Session,
    envelope: Envelope,
    kind: PhantomData<K>,
}

impl<K: BlockKind> BlocksRequest<K> {
    /// Reads what [`BlocksRequest::bytes`] wrote, in this process or another, in this or another SDK.
    ///
    /// # Errors
    /// [`EventError::Malformed`].
    pub fn from_bytes(session: impl AsRef<Session>, bytes: &[u8]) -> Result<Self, EventError> {
        let envelope = Envelope::decode(bytes)?;
        Payload::decode(envelope.payload.as_slice())?;
        Ok(Self { session: session.as_ref().clone(), envelope, kind: PhantomData })
    }

    /// The encoded `Envelope`.
    pub fn bytes(&self) -> Vec<u8> {
        self.envelope.encode_to_vec()
    }

    /// The bytes for the requesting identity to sign.
    pub fn signing_input(&self) -> &[u8] {
        &self.envelope.payload
    }

    /// SHA-256 of [`BlocksRequest::signing_input`].
    pub fn digest(&self) -> [u8; 32] {
        hash::sha256(self.signing_input())
    }

    /// With a signature that was made elsewhere over [`BlocksRequest::signing_input`].
    #[must_use]
    pub fn with_signature(mut self, signature: impl Into<Vec<u8>>) -> Self {
        self.envelope.signature = signature.into();
        self
    }

    /// Sends the request. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`EventError::Unsigned`], [`EventError::Sign`]; errors of the peer come through the stream.
    pub fn open(mut self) -> Result<Blocks<K>, EventError> {
        let Envelope { payload, signature } = &self.envelope;
        let signature = self.session.signature(Step::Blocks, "", payload, signature);
        self.envelope.signature = signature.map_err(EventError::unsigned)?;
        let channel = self.session.connection().channel();
        Ok(Blocks { source: Source::open(Step::Blocks, K::call(channel, self.envelope)) })
    }
}

/// Blocks as they come. Ends after the last one that was asked for, or with an error; dropping it tells the node to
/// stop.
pub struct Blocks<K: BlockKind> {
    source: Source<K::Message>,
}

impl<K: BlockKind> Stream for Blocks<K> {
    type Item = Result<K::Block, EventError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let message = match ready!(self.source.poll(context)) {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        };
        let item = match K::read(message) {
            Part::Status(status) if status == DeliverStatus::Success as i32 => None,
            Part::Status(status) => Some(Err(EventError::Refused(status))),
            Part::Block(block) => Some(Ok(block)),
            Part::Other => Some(Err(EventError::Unexpected("the kind of block that was asked for"))),
            Part::Nothing => Some(Err(EventError::Unexpected("a block or a status"))),
        };
        if !matches!(item, Some(Ok(_))) {
            self.source.end();
        }
        Poll::Ready(item)
    }
}

/// What one message holds.
pub enum Part<B> {
    /// The end of the stream, and why.
    Status(i32),
    /// A block of the right kind.
    Block(B),
    /// A block of another kind.
    Other,
    /// Nothing.
    Nothing,
}

type Call<M> = Pin<Box<dyn Future<Output = Result<Response<Streaming<M>>, Status>> + Send>>;

/// Keeps the ways in which the kinds differ out of sight, and others from adding kinds.
mod sealed {
    use super::{BlockKind, Call, Channel, Envelope, Part};

    pub trait Kind {
        type Message: Send + 'static;

        fn call(channel: Channel, envelope: Envelope) -> Call<Self::Message>;

        fn read(message: Self::Message) -> Part<<Self as BlockKind>::Block>
        where
            Self: BlockKind;

        fn number(block: &<Self as BlockKind>::Block) -> Option<u64>
        where
            Self: BlockKind;
    }
}

/// The number of a block, when it has a header.
pub(super) fn number<K: BlockKind>(block: &K::Block) -> Option<u64> {
    K::number(block)
}

/// The request stream stays open after its only message: some servers take its end for the end of the call.
fn once(envelope: Envelope) -> impl Stream<Item = Envelope> + Send + 'static {
    tokio_stream::once(envelope).chain(tokio_stream::pending())
}

fn peer(channel: Channel) -> DeliverClient<Channel> {
    sized!(DeliverClient::new(channel))
}

fn header_number(block: &Block) -> Option<u64> {
    block.header.as_ref().map(|header| header.number)
}

impl sealed::Kind for Filtered {
    type Message = DeliverResponse;

    fn call(channel: Channel, envelope: Envelope) -> Call<DeliverResponse> {
        Box::pin(async move { peer(channel).deliver_filtered(once(envelope)).await })
    }

    fn read(message: DeliverResponse) -> Part<FilteredBlock> {
        match message.r#type {
            Some(Type::FilteredBlock(block)) => Part::Block(block),
            Some(Type::Status(status)) => Part::Status(status),
            Some(_) => Part::Other,
            None => Part::Nothing,
        }
    }

    fn number(block: &FilteredBlock) -> Option<u64> {
        Some(block.number)
    }
}

impl sealed::Kind for Full {
    type Message = DeliverResponse;

    fn call(channel: Channel, envelope: Envelope) -> Call<DeliverResponse> {
        Box::pin(async move { peer(channel).deliver(once(envelope)).await })
    }

    fn read(message: DeliverResponse) -> Part<Block> {
        match message.r#type {
            Some(Type::Block(block)) => Part::Block(block),
            Some(Type::Status(status)) => Part::Status(status),
            Some(_) => Part::Other,
            None => Part::Nothing,
        }
    }

    fn number(block: &Block) -> Option<u64> {
        header_number(block)
    }
}

impl sealed::Kind for WithPrivateData {
    type Message = DeliverResponse;

    fn call(channel: Channel, envelope: Envelope) -> Call<DeliverResponse> {
        Box::pin(async move { peer(channel).deliver_with_private_data(once(envelope)).await })
    }

    fn read(message: DeliverResponse) -> Part<BlockAndPrivateData> {
        match message.r#type {
            Some(Type::BlockAndPrivateData(block)) => Part::Block(block),
            Some(Type::Status(status)) => Part::Status(status),
            Some(_) => Part::Other,
            None => Part::Nothing,
        }
    }

    fn number(block: &BlockAndPrivateData) -> Option<u64> {
        block.block.as_ref().and_then(header_number)
    }
}

impl sealed::Kind for Ordered {
    type Message = orderer::DeliverResponse;

    fn call(channel: Channel, envelope: Envelope) -> Call<orderer::DeliverResponse> {
        let mut client = sized!(AtomicBroadcastClient::new(channel));
        Box::pin(async move { client.deliver(once(envelope)).await })
    }

    fn read(message: orderer::DeliverResponse) -> Part<Block> {
        match message.r#type {
            Some(orderer::deliver_response::Type::Block(block)) => Part::Block(block),
            Some(orderer::deliver_response::Type::Status(status)) => Part::Status(status),
            None => Part::Nothing,
        }
    }

    fn number(block: &Block) -> Option<u64> {
        header_number(block)
    }
}
