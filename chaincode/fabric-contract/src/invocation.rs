//! What goes into a transaction and what comes out of it.

use std::{collections::BTreeMap, fmt};

use crate::{Creator, Failure, Timestamp};

/// One call of the chaincode, as the peer handed it over.
#[derive(Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The channel.
    pub channel_id: String,
    /// The transaction's identifier, in lower-case hexadecimal.
    pub tx_id: String,
    /// The chaincode's name on the channel, as the proposal has it. When another chaincode called this one, the name
    /// is that of the outermost.
    pub chaincode: String,
    /// When the client made the proposal, by the client's own clock.
    pub timestamp: Timestamp,
    /// Who signed the proposal.
    pub creator: Creator,
    /// The function's name and its arguments.
    pub args: Vec<Vec<u8>>,
    /// Inputs that do not become part of the transaction.
    pub transient: BTreeMap<String, Vec<u8>>,
    /// Whether the peer asks for initialisation.
    pub is_init: bool,
}

/// Leaves out arguments and transient values.
impl fmt::Debug for Invocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Invocation")
            .field("channel_id", &self.channel_id)
            .field("tx_id", &self.tx_id)
            .field("chaincode", &self.chaincode)
            .field("creator", &self.creator.msp_id)
            .field("args", &self.args.len())
            .field("transient", &self.transient.keys())
            .finish_non_exhaustive()
    }
}

/// The chaincode's answer to an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// 200 for success, 400 to 599 for failure. The peer endorses only below 400.
    pub status: u16,
    /// Empty on success, otherwise the JSON of a [`Failure`].
    pub message: String,
    /// What the contract returned; empty on failure.
    pub payload: Vec<u8>,
    /// The event of the transaction; none on failure.
    pub event: Option<Event>,
}

impl Outcome {
    /// Whether the peer will endorse.
    pub fn is_success(&self) -> bool {
        self.status < 400
    }

    /// The failure, read back from status and message; none on success.
    pub fn failure(&self) -> Option<Failure> {
        (!self.is_success()).then(|| Failure::from_response(self.status, &self.message))
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self { status: failure.wire_status(), message: failure.message(), payload: Vec::new(), event: None }
    }
}

/// What a transaction announces once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Name; never empty.
    pub name: String,
    /// Payload.
    pub payload: Vec<u8>,
}
