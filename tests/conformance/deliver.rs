//! Block streams of peers and the orderer, and questions to the system chaincode about the ledger.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use fabric_msp::signer::Signer;
use fabric_protos::{
    common::{Block, BlockchainInfo, ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader, Status},
    orderer::{
        self, SeekInfo, SeekNewest, SeekOldest, SeekPosition, SeekSpecified,
        seek_info::{SeekBehavior, SeekContentType},
        seek_position,
    },
    protos::{DeliverResponse, deliver_response::Type},
};
use prost::Message;
use tokio_stream::{Stream, StreamExt};

use crate::{
    ask::{Ask, Refusal},
    net::{N, Who},
    network::CHANNEL,
};

/// Which of a peer's streams.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole blocks.
    Blocks,
    /// Blocks without payloads.
    Filtered,
    /// Whole blocks with the private data that the asker may see.
    Private,
}

/// A request for blocks.
#[derive(Clone)]
pub struct Seek {
    net: N,
    who: Who,
    at: usize,
    channel: String,
    info: SeekInfo,
    shift: i64,
}

/// The position of a block.
pub fn number(number: u64) -> Option<SeekPosition> {
    Some(SeekPosition { r#type: Some(seek_position::Type::Specified(SeekSpecified { number })) })
}

/// The position of the newest block.
pub fn newest() -> Option<SeekPosition> {
    Some(SeekPosition { r#type: Some(seek_position::Type::Newest(SeekNewest {})) })
}

/// The position of the oldest block.
pub fn oldest() -> Option<SeekPosition> {
    Some(SeekPosition { r#type: Some(seek_position::Type::Oldest(SeekOldest {})) })
}

impl Seek {
    /// Blocks between two positions for the first organization's user at its own peer.
    pub fn new(net: N, start: Option<SeekPosition>, stop: Option<SeekPosition>) -> Self {
        let info = SeekInfo { start, stop, ..Default::default() };
        Self { net, who: net.u(1), at: 1, channel: CHANNEL.into(), info, shift: 0 }
    }

    /// By another identity.
    pub fn by(self, who: &Who) -> Self {
        Self { who: Who::clone(who), ..self }
    }

    /// At another organization's peer.
    pub fn at(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// On another channel.
    pub fn channel(self, channel: &str) -> Self {
        Self { channel: channel.into(), ..self }
    }

    /// Said to be asked so many seconds from now.
    pub fn shifted(self, seconds: i64) -> Self {
        Self { shift: seconds, ..self }
    }

    /// Failing instead of waiting for blocks that are not there yet.
    pub fn impatient(mut self) -> Self {
        self.info.behavior = SeekBehavior::FailIfNotReady.into();
        self
    }

    /// Headers and signatures only.
    pub fn headers(mut self) -> Self {
        self.info.content_type = SeekContentType::HeaderWithSig.into();
        self
    }

    fn envelope(&self) -> Result<Envelope> {
        let mut timestamp: prost_types::Timestamp = SystemTime::now().into();
        timestamp.seconds += self.shift;
        let channel_header = ChannelHeader {
            r#type: HeaderType::DeliverSeekInfo.into(),
            channel_id: self.channel.clone(),
            timestamp: Some(timestamp),
            ..Default::default()
        };
        let signature_header = SignatureHeader { creator: self.who.creator().to_vec(), nonce: vec![1; 24] };
        let header = Header {
            channel_header: channel_header.encode_to_vec(),
            signature_header: signature_header.encode_to_vec(),
        };
        let payload = Payload { header: Some(header), data: self.info.encode_to_vec() }.encode_to_vec();
        let signature = self.who.sign(&payload)?;
        Ok(Envelope { payload, signature })
    }

    /// What a peer answers, up to the status that ends the answer.
    pub async fn ask(&self, kind: Kind) -> Result<(Vec<Type>, Status)> {
        let requests = tokio_stream::once(self.envelope()?).chain(tokio_stream::pending());
        let mut client = self.net.deliver(self.at);
        let answers = match kind {
            Kind::Blocks => client.deliver(requests).await,
            Kind::Filtered => client.deliver_filtered(requests).await,
            Kind::Private => client.deliver_with_private_data(requests).await,
        };
        let mut answers = answers?.into_inner();
        let mut found = Vec::new();
        loop {
            match next::<DeliverResponse>(&mut answers).await?.r#type.context("an empty answer")? {
                Type::Status(status) => return Ok((found, Status::try_from(status)?)),
                other => found.push(other),
            }
        }
    }

    /// The whole blocks that a peer answers with.
    pub async fn blocks(&self) -> Result<Vec<Block>> {
        let (found, status) = self.ask(Kind::Blocks).await?;
        super::ask::same(status, Status::Success)?;
        let blocks = found.into_iter().map(|one| match one {
            Type::Block(block) => Ok(block),
            _ => bail!("something that is no block"),
        });
        blocks.collect()
    }

    /// What the orderer answers.
    pub async fn ask_orderer(&self) -> Result<(Vec<Block>, Status)> {
        let requests = tokio_stream::once(self.envelope()?).chain(tokio_stream::pending());
        let mut answers = self.net.orderer().deliver(requests).await?.into_inner();
        let mut found = Vec::new();
        loop {
            match next::<orderer::DeliverResponse>(&mut answers).await?.r#type.context("an empty answer")? {
                orderer::deliver_response::Type::Status(status) => return Ok((found, Status::try_from(status)?)),
                orderer::deliver_response::Type::Block(block) => found.push(block),
            }
        }
    }
}

async fn next<T>(answers: &mut (impl Stream<Item = Result<T, tonic::Status>> + Unpin)) -> Result<T> {
    let next = tokio::time::timeout(Duration::from_secs(20), answers.next()).await;
    Ok(next.context("no answer within 20 s")?.context("the stream ended without a status")??)
}

/// A question to the system chaincode about the ledger, as the first organization's user at its own gateway.
pub fn ledger(net: N, function: &str, argument: &[u8]) -> Ask {
    Ask::new(net, CHANNEL, "qscc", vec![function.into(), CHANNEL.into(), argument.to_vec()])
}

/// How many blocks there are.
pub async fn height(net: N) -> Result<u64, Refusal> {
    let info = ledger(net, "GetChainInfo", b"").evaluate().await?;
    Ok(BlockchainInfo::decode(info.payload.as_slice()).unwrap_or_default().height)
}

/// A block by its number.
pub async fn block(net: N, number: u64) -> Result<Block> {
    let block = ledger(net, "GetBlockByNumber", number.to_string().as_bytes()).evaluate().await?;
    Ok(Block::decode(block.payload.as_slice())?)
}
