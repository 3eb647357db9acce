//! What a contract function is given: the facts of the transaction and its view of the ledger.
//!
//! * **Reads see committed state only.** A value that this transaction has put is not what a later `get` returns; that
//!   is Fabric's rule on every peer. Each key is asked for once per transaction and remembered.
//! * **Writes are buffered**, the last one to a key wins, and leave as the last step of a successful transaction. A
//!   failed or panicking transaction sends none, so private values of a refused transaction never spread.
//! * **Nothing else can be asked**: no clock, no randomness, no environment.
//!
//! A write that the context refuses fails the transaction even when the contract ignores the error.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::{
    Backend, Creator, Event, Failure, Fault, Invocation, Kind, Origin, Reply, Request, Response, Timestamp,
    state::State,
};

/// The transaction, as the contract function sees it.
pub struct Context<'a> {
    invocation: &'a Invocation,
    contract: &'a str,
    function: &'a str,
    kind: Kind,
    pub(crate) backend: &'a mut dyn Backend,
    pub(crate) state: State,
    event: Option<Event>,
    broken: Option<Fault>,
    extra_argument: Option<Vec<u8>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        invocation: &'a Invocation,
        contract: &'a str,
        function: &'a str,
        kind: Kind,
        backend: &'a mut dyn Backend,
    ) -> Self {
        let state = State::default();
        Self { invocation, contract, function, kind, backend, state, event: None, broken: None, extra_argument: None }
    }

    /// The channel.
    pub fn channel_id(&self) -> &str {
        &self.invocation.channel_id
    }

    /// The transaction's identifier, in lower-case hexadecimal.
    pub fn tx_id(&self) -> &str {
        &self.invocation.tx_id
    }

    /// When the client made the proposal, by the client's own clock.
    pub fn timestamp(&self) -> Timestamp {
        self.invocation.timestamp
    }

    /// Who signed the proposal. Lives as long as the transaction, so it can be held while writing.
    pub fn creator(&self) -> &'a Creator {
        &self.invocation.creator
    }

    /// The proposal in its original bytes, with signature, binding and the peer's decorations; none in the in-memory
    /// ledger, which has no proposals.
    pub fn origin(&self) -> Option<Origin<'_>> {
        self.backend.origin()
    }

    /// The chaincode's name on the channel; when another chaincode called this one, the outermost one's.
    pub fn chaincode(&self) -> &str {
        &self.invocation.chaincode
    }

    /// The contract's name, `item` in `item:Capture`.
    pub fn contract(&self) -> &str {
        self.contract
    }

    /// The function's name, `Capture` in `item:Capture`.
    pub fn function(&self) -> &str {
        self.function
    }

    /// Whether this is a submit or an evaluate transaction.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The argument after the request, where the caller gave one and the transaction takes one; part of the
    /// transaction.
    pub fn extra_argument(&self) -> Option<&[u8]> {
        self.extra_argument.as_deref()
    }

    pub(crate) fn set_extra_argument(&mut self, argument: Option<&Vec<u8>>) {
        self.extra_argument = argument.cloned();
    }

    /// An input that does not become part of the transaction.
    pub fn transient(&self, name: &str) -> Option<&'a [u8]> {
        self.invocation.transient.get(name).map(Vec::as_slice)
    }

    /// A transient input that holds JSON.
    ///
    /// # Errors
    /// [`TransientError`] when it is missing or malformed. The error names place and kind of the mistake, never a
    /// value.
    pub fn transient_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, TransientError> {
        let bytes = self.transient(name).ok_or_else(|| TransientError::Missing { name: name.to_owned() })?;
        serde_json::from_slice(bytes).map_err(|error| TransientError::Malformed {
            name: name.to_owned(),
            line: error.line(),
            column: error.column(),
        })
    }

    /// Sets the event that the transaction announces once it is committed. Fabric keeps one per transaction; the last
    /// call wins. Everybody on the channel can read it.
    ///
    /// # Errors
    /// [`Fault::EventName`] for an empty name, [`Fault::ReadOnlyTransaction`] in an evaluate transaction.
    pub fn set_event(&mut self, name: &str, payload: Vec<u8>) -> Result<(), Fault> {
        self.must_be_submit("set_event")?;
        if name.is_empty() {
            return self.breaks(Fault::EventName);
        }
        self.event = Some(Event { name: name.to_owned(), payload });
        Ok(())
    }

    /// Calls another chaincode, on this channel (its writes become part of this transaction) or on another one (its
    /// writes are dropped by the peer). A chaincode cannot call itself. The response's status is the caller's affair:
    /// a refusal does not undo what the other chaincode wrote, so pass it on as a failure.
    ///
    /// # Errors
    /// [`Fault::PeerRefused`] when the call could not be made.
    pub fn invoke(&mut self, chaincode: &str, args: Vec<Vec<u8>>, channel: Option<&str>) -> Result<Response, Fault> {
        let request =
            Request::Invoke { chaincode: chaincode.to_owned(), channel: channel.unwrap_or_default().to_owned(), args };
        match self.backend.request(request)? {
            Reply::Response(response) => Ok(response),
            _ => Err(Fault::ReplyMalformed { operation: "invoke" }),
        }
    }

    pub(crate) fn must_be_submit(&mut self, operation: &'static str) -> Result<(), Fault> {
        match self.kind {
            Kind::Submit => Ok(()),
            Kind::Evaluate => self.breaks(Fault::ReadOnlyTransaction { operation }),
        }
    }

    /// Remembers that the transaction cannot succeed any more.
    pub(crate) fn breaks<T>(&mut self, fault: Fault) -> Result<T, Fault> {
        self.broken.get_or_insert_with(|| fault.clone());
        Err(fault)
    }

    /// Sends the buffered writes: the last step of a successful transaction.
    pub(crate) fn finish(mut self) -> Result<Option<Event>, Fault> {
        if let Some(fault) = self.broken {
            return Err(fault);
        }
        let writes = self.state.take_writes();
        if !writes.is_empty() {
            match self.backend.request(Request::Write(writes))? {
                Reply::Done => {}
                _ => return Err(Fault::ReplyMalformed { operation: "write" }),
            }
        }
        Ok(self.event)
    }
}

/// Why a transient input cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransientError {
    /// The caller did not send it.
    #[error("the transient field {name:?} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// It is not the expected JSON.
    #[error("the transient field {name:?} is not the expected JSON (line {line}, column {column})")]
    Malformed {
        /// Its name.
        name: String,
        /// Line in the value, from 1.
        line: usize,
        /// Column in the line, from 1; 0 when the end was reached.
        column: usize,
    },
}

impl From<TransientError> for Failure {
    fn from(error: TransientError) -> Self {
        let (code, title) = match error {
            TransientError::Missing { .. } => ("transient_missing", "A private input is missing"),
            TransientError::Malformed { .. } => ("transient_malformed", "A private input cannot be read"),
        };
        Self::new(400, code, title).with_detail(error.to_string())
    }
}

/// The transient inputs by name, for the rare contract that must list them.
impl Context<'_> {
    /// The names of all transient inputs, sorted.
    pub fn transient_names(&self) -> impl Iterator<Item = &str> {
        let inputs: &BTreeMap<String, Vec<u8>> = &self.invocation.transient;
        inputs.keys().map(String::as_str)
    }
}
