//! Sending blocks to those who ask for them: shared by the orderer and by the three services of a peer.
//!
//! One stream serves any number of requests, one after another. What a block looks like and which policy guards it is
//! the business of a [`View`]; which blocks are sent and when is decided here, by Fabric's rules.

mod filtered;
mod peer;
mod seek;
#[cfg(test)]
mod tests;

use std::{pin::Pin, sync::Arc};

use fabric_config::ChannelConfig;
use fabric_msp::{identity::Identity, policy::SignedData};
use fabric_protos::common::{
    Block, ChannelHeader, Envelope, HeaderType, Payload, SignatureHeader, Status as CommonStatus,
};
use prost::Message;
use tokio_stream::{Stream, StreamExt};
use tonic::Status;

pub(crate) use self::filtered::filtered_block;
pub use self::peer::PeerDeliver;
use self::seek::Seek;
use crate::{
    budget::{self, Sender},
    clock::{is_expired, unix_seconds},
    ledger::{Ledger, LedgerError},
    metrics::DeliverMetrics,
};

/// Fabric's metrics name so what is sent: whole blocks, filtered ones, and blocks with private data.
pub(crate) const WHOLE: &str = "block";
const FILTERED: &str = "filtered_block";
const WITH_PRIVATE_DATA: &str = "block_and_pvtdata";

/// Blocks that may wait for a slow client.
const ANSWERS_MAX: usize = 16;
/// What these blocks may weigh together, in bytes (4 MiB); a heavier one waits alone.
const ANSWERS_BYTES_MAX: u32 = 4 * 1024 * 1024;
/// How far a request's time may be from ours, in seconds.
const TIME_WINDOW_SECONDS: u64 = 15 * 60;

/// Finds the ledger of a channel by its name.
pub type Channels = Arc<dyn Fn(&str) -> Option<Arc<Ledger>> + Send + Sync>;

/// A process with one channel.
pub fn only(ledger: Arc<Ledger>) -> Channels {
    Arc::new(move |channel_id| (channel_id == ledger.channel_id()).then(|| ledger.clone()))
}

/// Who asked.
pub(crate) struct Client {
    pub(crate) identity: Option<Identity>,
}

/// What clients of a service get to see.
pub(crate) trait View: Send + Sync + 'static {
    type Answer: Message + 'static;

    /// The path of the policy that readers must satisfy.
    fn policy(&self, channel: &ChannelConfig) -> String;

    /// Where streams, requests and blocks are counted.
    fn metrics(&self) -> &DeliverMetrics;

    /// What is sent, as Fabric's metrics name it.
    fn data_type(&self) -> &'static str;

    fn status(&self, status: CommonStatus) -> Self::Answer;

    /// May read from the disk.
    fn block(&self, block: Block, ledger: &Ledger, client: &Client) -> Self::Answer;
}

/// Answers requests until the client goes away or a request fails.
pub(crate) fn serve<V: View>(
    channels: Channels,
    view: Arc<V>,
    requests: impl Stream<Item = Result<Envelope, Status>> + Send + Unpin + 'static,
) -> Pin<Box<dyn Stream<Item = Result<V::Answer, Status>> + Send>> {
    let (answers, stream) = budget::queue(ANSWERS_MAX, ANSWERS_BYTES_MAX);
    tokio::spawn(answer_all(channels, view, requests, answers));
    Box::pin(stream)
}

async fn answer_all<V: View>(
    channels: Channels,
    view: Arc<V>,
    mut requests: impl Stream<Item = Result<Envelope, Status>> + Unpin,
    answers: Sender<Result<V::Answer, Status>>,
) {
    view.metrics().streams_opened.add(&[]);
    let _open = Open(Arc::clone(&view));
    while let Some(request) = requests.next().await {
        let request = match request {
            Ok(request) => request,
            Err(status) => {
                // An error says that the client is gone.
                let _ = answers.send(Err(status), 0).await;
                return;
            }
        };
        let status = match Session::open(&channels, &view, &request) {
            Ok(session) => session.send_blocks(&answers).await,
            Err(status) => status,
        };
        let answer = view.status(status);
        let bytes = answer.encoded_len();
        if answers.send(Ok(answer), bytes).await.is_err() || status != CommonStatus::Success {
            return;
        }
    }
}

/// A stream, which is counted as closed when this is dropped.
struct Open<V: View>(Arc<V>);

impl<V: View> Drop for Open<V> {
    fn drop(&mut self) {
        self.0.metrics().streams_closed.add(&[]);
    }
}

/// A request for blocks of a channel that is here, which is counted as completed when this is dropped.
struct Asked<V: View> {
    view: Arc<V>,
    channel_id: String,
    success: bool,
}

impl<V: View> Asked<V> {
    fn begin(view: &Arc<V>, channel_id: String) -> Self {
        let asked = Self { view: Arc::clone(view), channel_id, success: false };
        asked.view.metrics().requests_received.add(&asked.labels());
        asked
    }

    fn sent(&self) {
        self.view.metrics().blocks_sent.add(&self.labels());
    }

    fn labels(&self) -> [&str; 3] {
        let data_type = self.view.data_type();
        [&self.channel_id, if data_type == FILTERED { "true" } else { "false" }, data_type]
    }
}

impl<V: View> Drop for Asked<V> {
    fn drop(&mut self) {
        let [channel_id, filtered, data_type] = self.labels();
        let labels = [channel_id, filtered, data_type, if self.success { "true" } else { "false" }];
        self.view.metrics().requests_completed.add(&labels);
    }
}

/// One accepted request.
struct Session<V: View> {
    view: Arc<V>,
    asked: Asked<V>,
    ledger: Arc<Ledger>,
    seek: Seek,
    signed: SignedData,
    /// The sequence of the configuration under which the client was last allowed to read.
    allowed_at: u64,
    client: Arc<Client>,
}

impl<V: View> Session<V> {
    /// Checks a request in Fabric's order.
    fn open(channels: &Channels, view: &Arc<V>, request: &Envelope) -> Result<Self, CommonStatus> {
        let payload = Payload::decode(&*request.payload).map_err(|_| CommonStatus::BadRequest)?;
        let header = payload.header.ok_or(CommonStatus::BadRequest)?;
        let channel_header = ChannelHeader::decode(&*header.channel_header).map_err(|_| CommonStatus::BadRequest)?;
        let signature_header =
            SignatureHeader::decode(&*header.signature_header).map_err(|_| CommonStatus::BadRequest)?;
        let time = channel_header.timestamp.ok_or(CommonStatus::BadRequest)?;
        if unix_seconds().abs_diff(time.seconds) > TIME_WINDOW_SECONDS {
            return Err(CommonStatus::BadRequest);
        }
        let ledger = channels(&channel_header.channel_id).ok_or(CommonStatus::NotFound)?;
        let asked = Asked::begin(view, channel_header.channel_id);
        let info = fabric_protos::orderer::SeekInfo::decode(&*payload.data).map_err(|_| CommonStatus::BadRequest)?;
        let signed = SignedData {
            data: request.payload.clone(),
            identity: signature_header.creator,
            signature: request.signature.clone(),
        };
        let channel = ledger.channel();
        let client = allow(view.as_ref(), &ledger, &channel, &signed)?;
        let seek = Seek::new(&info, ledger.height())?;
        let (view, client, allowed_at) = (view.clone(), Arc::new(client), channel.sequence());
        Ok(Self { view, asked, ledger, seek, signed, allowed_at, client })
    }

    async fn send_blocks(mut self, answers: &Sender<Result<V::Answer, Status>>) -> CommonStatus {
        let mut height = self.ledger.subscribe();
        loop {
            if self.seek.fails_when_missing && self.seek.next >= *height.borrow() {
                return CommonStatus::NotFound;
            }
            let grown = async {
                // The ledger outlives its sender only when the process ends.
                height.wait_for(|height| *height > self.seek.next).await.is_ok()
            };
            let there = tokio::select! {
                there = grown => there,
                () = answers.closed() => return CommonStatus::InternalServerError,
            };
            if !there {
                return CommonStatus::ServiceUnavailable;
            }
            if let Err(status) = self.check_still_allowed() {
                return status;
            }
            let number = self.seek.next;
            let answer = match self.answer(number).await {
                Ok(answer) => answer,
                Err(cause) => {
                    tracing::error!(%cause, number, "a block cannot be delivered");
                    return CommonStatus::InternalServerError;
                }
            };
            let bytes = answer.encoded_len();
            if answers.send(Ok(answer), bytes).await.is_err() {
                return CommonStatus::InternalServerError;
            }
            self.asked.sent();
            self.seek.next += 1;
            if number == self.seek.stop {
                self.asked.success = true;
                return CommonStatus::Success;
            }
        }
    }

    /// Reads the block on a thread that may wait for the disk.
    async fn answer(&self, number: u64) -> Result<V::Answer, LedgerError> {
        let (view, ledger, client) = (self.view.clone(), self.ledger.clone(), self.client.clone());
        let header_only = self.seek.header_only;
        let read = move || {
            let block = ledger.block(number)?.ok_or(LedgerError::Damaged("chain"))?;
            let block = if header_only && !is_config(&block) {
                Block { header: block.header.clone(), data: None, metadata: block.metadata.clone() }
            } else {
                Block::clone(&block)
            };
            Ok(view.block(block, &ledger, &client))
        };
        tokio::task::spawn_blocking(read).await.unwrap_or(Err(LedgerError::Damaged("chain")))
    }

    /// Expiry counts at every block, the policy whenever the configuration has changed.
    fn check_still_allowed(&mut self) -> Result<(), CommonStatus> {
        if is_expired(&self.signed.identity) {
            return Err(CommonStatus::Forbidden);
        }
        let channel = self.ledger.channel();
        if channel.sequence() > self.allowed_at {
            self.client = Arc::new(allow(self.view.as_ref(), &self.ledger, &channel, &self.signed)?);
            self.allowed_at = channel.sequence();
        }
        Ok(())
    }
}

fn allow(
    view: &impl View,
    ledger: &Ledger,
    channel: &ChannelConfig,
    signed: &SignedData,
) -> Result<Client, CommonStatus> {
    if is_expired(&signed.identity) {
        return Err(CommonStatus::Forbidden);
    }
    let signers = ledger.signatures().valid_identities(std::slice::from_ref(signed), channel.msps());
    let policy = channel.policy(&view.policy(channel));
    policy.evaluate_identities(&signers).map_err(|_| CommonStatus::Forbidden)?;
    Ok(Client { identity: signers.into_iter().next() })
}

fn is_config(block: &Block) -> bool {
    let first = block.data.as_ref().and_then(|data| data.data.first());
    let header = first.and_then(|envelope| crate::state::transaction::open(envelope)).map(|(header, _)| header);
    header.is_some_and(|header| header.r#type == HeaderType::Config as i32)
}
