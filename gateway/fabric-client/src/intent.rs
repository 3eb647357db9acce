//! What is meant to be signed, and whether bytes that a gateway has prepared say exactly that.
//!
//! A program that signs what a gateway prepares knows the call that it means. Of a proposal it leaves to the gateway
//! nothing but nonce and time, so the bytes are made again from the call with these two and compared whole: no field
//! that this crate does not know can hide in them. A prepared transaction must then be that very proposal, endorsed:
//! another one of the same call has another nonce, and may have other transient data, of which no transaction tells.

use std::collections::BTreeMap;

use fabric_config::transaction::NONCE_BYTES;
use fabric_msp::msp::MspManager;
use fabric_protos::{
    common::{Header, Payload},
    protos,
};
use prost::Message;

use crate::{
    message::{ProposalParts, Timestamp, decode_header},
    proposal::Contents,
    verify::{self, Prepared, VerifyError},
};

/// How far the time of a proposal may be from this machine's clock, in seconds: as far as peers let it.
const WINDOW_SECONDS: u64 = 15 * 60;

/// A call of a chaincode, as it is meant.
#[derive(Clone, PartialEq, Eq)]
pub struct Intent {
    /// The channel.
    pub channel: String,
    /// The chaincode.
    pub chaincode: String,
    /// The encoded identity of the signer.
    pub creator: Vec<u8>,
    /// The arguments; the first is the transaction's name.
    pub arguments: Vec<Vec<u8>>,
    /// The transient data, which reach the endorsers and no block.
    pub transient: BTreeMap<String, Vec<u8>>,
}

/// A proposal that is one which was meant, and so may be signed, and its transaction after it.
#[derive(Clone)]
pub struct CheckedProposal {
    contents: Contents,
}

/// Why prepared bytes must not be signed.
#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    /// They are not what they should be.
    #[error("the prepared bytes cannot be read: {0}")]
    Unreadable(String),
    /// Something of the proposal is another than was meant.
    #[error("{0} of the proposal is not the one that was meant")]
    Other(&'static str),
    /// Its time, which its transaction has as well, is far from this machine's clock.
    #[error("the proposal's time is {0} seconds from this machine's clock")]
    Time(u64),
    /// The transaction is not the proposal, or is not endorsed.
    #[error(transparent)]
    Transaction(#[from] VerifyError),
    /// It would write what belongs to another chaincode.
    #[error("the transaction writes in the namespace {0:?}")]
    Namespace(String),
}

impl From<prost::DecodeError> for IntentError {
    fn from(cause: prost::DecodeError) -> Self {
        Self::Unreadable(cause.to_string())
    }
}

impl Intent {
    /// Checks the bytes of a proposal, which may be signed then.
    ///
    /// # Errors
    /// One variant of [`IntentError`] per rule.
    pub fn check_proposal(&self, signing_input: &[u8], now: Timestamp) -> Result<CheckedProposal, IntentError> {
        let proposal = protos::Proposal::decode(signing_input)?;
        let header = Header::decode(proposal.header.as_slice())?;
        let expected = self.proposal(&header)?;
        let contents = Contents::read(signing_input).map_err(IntentError::Unreadable)?;
        if expected != signing_input {
            return Err(IntentError::Other(self.difference(&contents)));
        }
        check_time(&contents, now)?;
        Ok(CheckedProposal { contents })
    }

    /// The bytes of the only proposal that is meant and has the header of this prepared transaction. A signer that does
    /// not remember whether it has signed them finds out by its signature of them.
    ///
    /// # Errors
    /// [`IntentError::Unreadable`], [`IntentError::Other`] for a nonce that is none.
    pub fn proposal_of(&self, transaction: &[u8]) -> Result<Vec<u8>, IntentError> {
        self.proposal(&Payload::decode(transaction)?.header.unwrap_or_default())
    }

    /// The only proposal that is meant, with nonce and time of this header.
    fn proposal(&self, header: &Header) -> Result<Vec<u8>, IntentError> {
        let (channel_header, signature_header) = decode_header(header)?;
        if signature_header.nonce.len() != NONCE_BYTES {
            return Err(IntentError::Other("the nonce"));
        }
        let time = channel_header.timestamp.unwrap_or_default();
        let parts = ProposalParts {
            creator: &self.creator,
            nonce: &signature_header.nonce,
            timestamp: Timestamp { seconds: time.seconds, nanos: time.nanos },
            channel: &self.channel,
            chaincode: &self.chaincode,
            arguments: self.arguments.clone(),
            transient: self.transient.clone(),
        };
        Ok(parts.encode())
    }

    /// What a person would look for first.
    fn difference(&self, contents: &Contents) -> &'static str {
        let is_transient = |payload: protos::ChaincodeProposalPayload| payload.transient_map == self.transient;
        let has_transient =
            protos::ChaincodeProposalPayload::decode(contents.payload.as_slice()).is_ok_and(is_transient);
        if contents.channel_header.channel_id != self.channel {
            "the channel"
        } else if contents.chaincode != self.chaincode {
            "the chaincode"
        } else if contents.signature_header.creator != self.creator {
            "the creator"
        } else if contents.arguments != self.arguments {
            "an argument"
        } else if has_transient {
            "the form"
        } else {
            "the transient data"
        }
    }
}

impl CheckedProposal {
    /// The transaction id.
    pub fn transaction_id(&self) -> &str {
        &self.contents.channel_header.tx_id
    }

    /// Checks the bytes of a prepared transaction, which may be signed then: they are this proposal, endorsed, and it
    /// is still recent. Gives back what the transaction would do. With `msps`, also that every endorser is valid and
    /// really signed.
    ///
    /// # Errors
    /// One variant of [`IntentError`] per rule.
    pub fn check_transaction(
        &self,
        signing_input: &[u8],
        now: Timestamp,
        msps: Option<&MspManager>,
    ) -> Result<Prepared, IntentError> {
        check_time(&self.contents, now)?;
        let prepared = verify::check(&self.contents, signing_input, msps)?;
        match prepared.writes.iter().find(|writes| writes.namespace != self.contents.chaincode) {
            Some(writes) => Err(IntentError::Namespace(writes.namespace.clone())),
            None => Ok(prepared),
        }
    }
}

fn check_time(contents: &Contents, now: Timestamp) -> Result<(), IntentError> {
    let apart = contents.channel_header.timestamp.unwrap_or_default().seconds.abs_diff(now.seconds);
    if apart > WINDOW_SECONDS { Err(IntentError::Time(apart)) } else { Ok(()) }
}

/// Private inputs are in it, so only its id is shown.
impl std::fmt::Debug for CheckedProposal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CheckedProposal")
            .field("transaction_id", &self.transaction_id())
            .finish_non_exhaustive()
    }
}

/// Private inputs are in it, so only their names are shown.
impl std::fmt::Debug for Intent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let function = self.arguments.first().map(|name| String::from_utf8_lossy(name));
        let transient: Vec<&String> = self.transient.keys().collect();
        formatter
            .debug_struct("Intent")
            .field("channel", &self.channel)
            .field("chaincode", &self.chaincode)
            .field("function", &function)
            .field("transient", &transient)
            .finish_non_exhaustive()
    }
}
