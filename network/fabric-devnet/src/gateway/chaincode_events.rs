//! ChaincodeEvents: the events of valid transactions, block by block.

use std::{pin::Pin, sync::Arc};

use fabric_msp::policy::SignedData;
use fabric_protos::{
    common::Block,
    gateway::{ChaincodeEventsRequest, ChaincodeEventsResponse, SignedChaincodeEventsRequest},
    orderer::{SeekPosition, seek_position},
    protos::{ChaincodeEvent, TxValidationCode},
};
use prost::Message;
use tokio::sync::watch;
use tokio_stream::Stream;
use tonic::Status;

use super::GatewayService;
use crate::{
    acl::{self, AclError},
    budget::{self, Sender},
    ledger::{Ledger, LedgerError, validation_codes},
    state::transaction,
};

/// Blocks with events that wait for a slow client.
const WAITING_MAX: usize = 16;
/// What these may weigh together, in bytes (4 MiB); the events of one block may weigh more and then wait alone.
const WAITING_BYTES_MAX: u32 = 4 * 1024 * 1024;

type Events = Pin<Box<dyn Stream<Item = Result<ChaincodeEventsResponse, Status>> + Send>>;

impl GatewayService {
    pub(super) fn run_chaincode_events(&self, signed: SignedChaincodeEventsRequest) -> Result<Events, Status> {
        if signed.request.is_empty() {
            return Err(Status::invalid_argument("a chaincode events request is required"));
        }
        let request = ChaincodeEventsRequest::decode(&*signed.request)
            .map_err(|cause| Status::invalid_argument(format!("invalid chaincode events request: {cause}")))?;
        let denied = |cause: AclError| Status::permission_denied(cause.to_string());
        if request.channel_id.is_empty() {
            return Err(denied(AclError::NoChannel));
        }
        let channel = self.own.channel(&request.channel_id);
        let channel = channel.ok_or_else(|| denied(AclError::UnknownChannel(request.channel_id.clone())))?;
        let data = SignedData { data: signed.request, identity: request.identity.clone(), signature: signed.signature };
        acl::check_signed(&channel, acl::CHAINCODE_EVENTS, &data).map_err(denied)?;
        let ledger = Arc::clone(channel.ledger());
        let start = start_block(&ledger, &request)?;
        let (answers, stream) = budget::queue(WAITING_MAX, WAITING_BYTES_MAX);
        tokio::spawn(follow(ledger, start, Matcher::new(request), answers, self.closing.clone()));
        Ok(Box::pin(stream))
    }
}

fn start_block(ledger: &Ledger, request: &ChaincodeEventsRequest) -> Result<u64, Status> {
    let after = &request.after_transaction_id;
    if !after.is_empty() {
        let found = ledger.transaction_status(after).map_err(|cause| Status::aborted(cause.to_string()))?;
        if let Some((_, block)) = found {
            return Ok(block);
        }
    }
    match request.start_position.as_ref().and_then(|SeekPosition { r#type }| r#type.as_ref()) {
        None | Some(seek_position::Type::NextCommit(_)) => Ok(ledger.height()),
        Some(seek_position::Type::Specified(specified)) => Ok(specified.number),
        Some(seek_position::Type::Newest(_)) => {
            Err(Status::invalid_argument("invalid start position type: *orderer.SeekPosition_Newest"))
        }
        Some(seek_position::Type::Oldest(_)) => {
            Err(Status::invalid_argument("invalid start position type: *orderer.SeekPosition_Oldest"))
        }
    }
}

/// Which events a client wants.
struct Matcher {
    chaincode: String,
    /// The transaction whose event must have passed first.
    after: Option<String>,
}

impl Matcher {
    fn new(request: ChaincodeEventsRequest) -> Self {
        let after = Some(request.after_transaction_id).filter(|after| !after.is_empty());
        Self { chaincode: request.chaincode_id, after }
    }

    fn wants(&mut self, event: &ChaincodeEvent) -> bool {
        match &self.after {
            Some(after) => {
                if event.tx_id == *after {
                    self.after = None;
                }
                false
            }
            None => event.chaincode_id == self.chaincode,
        }
    }
}

async fn follow(
    ledger: Arc<Ledger>,
    start: u64,
    mut matcher: Matcher,
    answers: Sender<Result<ChaincodeEventsResponse, Status>>,
    mut closing: watch::Receiver<bool>,
) {
    let mut height = ledger.subscribe();
    let mut number = start;
    loop {
        tokio::select! {
            waited = height.wait_for(|height| *height > number) => if waited.is_err() { return },
            () = answers.closed() => return,
            _ = closing.wait_for(|closing| *closing) => {
                // The client may be gone too.
                drop(answers.try_send(Err(Status::unavailable("the peer is shutting down")), 0));
                return;
            }
        }
        let answer = match events_of(&ledger, number) {
            Ok(events) => {
                let events: Vec<_> = events.into_iter().filter(|event| matcher.wants(event)).collect();
                (!events.is_empty()).then_some(Ok(ChaincodeEventsResponse { events, block_number: number }))
            }
            Err(cause) => Some(Err(Status::aborted(cause.to_string()))),
        };
        let failed = matches!(answer, Some(Err(_)));
        if let Some(answer) = answer {
            let bytes = answer.as_ref().map_or(0, Message::encoded_len);
            let sent = tokio::select! {
                sent = answers.send(answer, bytes) => sent.is_ok(),
                _ = closing.wait_for(|closing| *closing) => false,
            };
            if failed || !sent {
                return;
            }
        }
        number += 1;
    }
}

fn events_of(ledger: &Ledger, number: u64) -> Result<Vec<ChaincodeEvent>, LedgerError> {
    let block = ledger.block(number)?.ok_or(LedgerError::Damaged("block"))?;
    Ok(events(&block))
}

/// The events of the valid transactions of a block, in their order.
fn events(block: &Block) -> Vec<ChaincodeEvent> {
    let envelopes = block.data.as_ref().map_or(&[][..], |data| &data.data);
    let codes = validation_codes(block);
    envelopes
        .iter()
        .zip(codes)
        .filter(|(_, code)| *code == TxValidationCode::Valid)
        .filter_map(|(envelope, _)| {
            let (_, action) = transaction::endorsed_action(envelope)?;
            ChaincodeEvent::decode(&*action.events).ok().filter(is_whole)
        })
        .collect()
}

/// Whether an event says what it is. Others stand in blocks, and no client is told.
fn is_whole(event: &ChaincodeEvent) -> bool {
    !event.chaincode_id.is_empty() && !event.event_name.is_empty() && !event.tx_id.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(chaincode_id: &str, tx_id: &str) -> ChaincodeEvent {
        ChaincodeEvent { chaincode_id: chaincode_id.into(), tx_id: tx_id.into(), ..Default::default() }
    }

    #[test]
    fn events_begin_after_an_event_of_the_named_transaction() {
        let request = ChaincodeEventsRequest {
            chaincode_id: "cc".into(),
            after_transaction_id: "t1".into(),
            ..Default::default()
        };
        let mut matcher = Matcher::new(request);
        assert!(!matcher.wants(&event("cc", "t0")));
        assert!(!matcher.wants(&event("other", "t1")));
        assert!(matcher.wants(&event("cc", "t2")));
        assert!(!matcher.wants(&event("other", "t3")));
    }
}
