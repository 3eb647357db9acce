//! Events that a chaincode set in valid transactions, in the order of the ledger.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use fabric_msp::hash;
use fabric_protos::{
    gateway::{ChaincodeEventsRequest as Question, ChaincodeEventsResponse, SignedChaincodeEventsRequest},
    orderer::SeekPosition,
};
use prost::Message;
use tokio_stream::Stream;

use super::{error::EventError, source::Source, start::Start};
use crate::{call::Step, session::Session};

/// What to ask for.
#[derive(Clone, Debug)]
pub struct ChaincodeEventsBuilder {
    session: Session,
    question: Question,
}

impl ChaincodeEventsBuilder {
    pub(crate) fn new(session: &Session, channel: &str, chaincode: &str) -> Self {
        let question = Question {
            channel_id: channel.to_owned(),
            chaincode_id: chaincode.to_owned(),
            identity: session.creator().to_vec(),
            start_position: Some(Start::Next.position()),
            after_transaction_id: String::new(),
        };
        Self { session: session.clone(), question }
    }

    /// Where to begin. Default: [`Start::Next`]. Peers take [`Start::Next`] and [`Start::Block`] only.
    #[must_use]
    pub fn start(mut self, start: Start) -> Self {
        self.question.start_position = Some(start.position());
        self
    }

    /// Begins after the event of `transaction_id` in block `block_number`: the last one that was dealt with. It must be
    /// a transaction that set an event, otherwise nothing comes for ever.
    #[must_use]
    pub fn after(mut self, block_number: u64, transaction_id: &str) -> Self {
        self.question.start_position = Some(Start::Block(block_number).position());
        self.question.after_transaction_id = transaction_id.to_owned();
        self
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    pub(super) fn channel(&self) -> &str {
        &self.question.channel_id
    }

    pub(super) fn beginning(&self) -> Option<&SeekPosition> {
        self.question.start_position.as_ref()
    }

    pub(super) fn after_transaction(&self) -> Option<&str> {
        Some(self.question.after_transaction_id.as_str()).filter(|id| !id.is_empty())
    }

    /// The request, not yet signed and not sent.
    pub fn request(self) -> ChaincodeEventsRequest {
        let request = self.question.encode_to_vec();
        ChaincodeEventsRequest {
            session: self.session,
            signed: SignedChaincodeEventsRequest { request, signature: Vec::new() },
        }
    }

    /// Sends the request. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`EventError::Unsigned`], [`EventError::Sign`]; errors of the peer come through the stream.
    pub fn open(self) -> Result<ChaincodeEvents, EventError> {
        self.request().open()
    }
}

/// A request for chaincode events, signed or not.
#[derive(Clone, Debug)]
pub struct ChaincodeEventsRequest {
    session: Session,
    signed: SignedChaincodeEventsRequest,
}

impl ChaincodeEventsRequest {
    /// Reads what [`ChaincodeEventsRequest::bytes`] wrote, in this process or another, in this or another SDK.
    ///
    /// # Errors
    /// [`EventError::Malformed`].
    pub fn from_bytes(session: impl AsRef<Session>, bytes: &[u8]) -> Result<Self, EventError> {
        let signed = SignedChaincodeEventsRequest::decode(bytes)?;
        Question::decode(signed.request.as_slice())?;
        Ok(Self { session: session.as_ref().clone(), signed })
    }

    /// The encoded `SignedChaincodeEventsRequest`.
    pub fn bytes(&self) -> Vec<u8> {
        self.signed.encode_to_vec()
    }

    /// The bytes for the requesting identity to sign.
    pub fn signing_input(&self) -> &[u8] {
        &self.signed.request
    }

    /// SHA-256 of [`ChaincodeEventsRequest::signing_input`].
    pub fn digest(&self) -> [u8; 32] {
        hash::sha256(self.signing_input())
    }

    /// With a signature that was made elsewhere over [`ChaincodeEventsRequest::signing_input`].
    #[must_use]
    pub fn with_signature(mut self, signature: impl Into<Vec<u8>>) -> Self {
        self.signed.signature = signature.into();
        self
    }

    /// Sends the request. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`EventError::Unsigned`], [`EventError::Sign`]; errors of the peer come through the stream.
    pub fn open(mut self) -> Result<ChaincodeEvents, EventError> {
        let SignedChaincodeEventsRequest { request, signature } = &self.signed;
        let signature = self.session.signature(Step::ChaincodeEvents, "", request, signature);
        self.signed.signature = signature.map_err(EventError::unsigned)?;
        let mut client = self.session.client();
        let source = Source::open(Step::ChaincodeEvents, async move { client.chaincode_events(self.signed).await });
        Ok(ChaincodeEvents { source, received: VecDeque::new() })
    }
}

/// An event that a chaincode set in a valid transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChaincodeEvent {
    /// The block of the transaction.
    pub block_number: u64,
    /// The transaction.
    pub transaction_id: String,
    /// The chaincode's name.
    pub chaincode: String,
    /// The event's name.
    pub name: String,
    /// What the chaincode put into it.
    pub payload: Vec<u8>,
}

/// Events as they come. Ends with an error; dropping it tells the peer to stop.
pub struct ChaincodeEvents {
    source: Source<ChaincodeEventsResponse>,
    received: VecDeque<ChaincodeEvent>,
}

impl Stream for ChaincodeEvents {
    type Item = Result<ChaincodeEvent, EventError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.received.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            match ready!(self.source.poll(context)) {
                Some(Ok(response)) => {
                    let block_number = response.block_number;
                    self.received = response.events.into_iter().map(|event| flat(block_number, event)).collect();
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

fn flat(block_number: u64, event: fabric_protos::protos::ChaincodeEvent) -> ChaincodeEvent {
    ChaincodeEvent {
        block_number,
        transaction_id: event.tx_id,
        chaincode: event.chaincode_id,
        name: event.event_name,
        payload: event.payload,
    }
}
