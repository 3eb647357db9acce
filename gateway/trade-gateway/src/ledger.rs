//! The seam between the gateway and Fabric: five steps, each with the caller's signature as an argument.
//!
//! The gateway's flows are written against [`Ledger`], so that they can be tested step by step; [`crate::fabric`]
//! implements it with the Fabric client. Nothing here decides who may call.

use std::{future::Future, pin::Pin, time::Duration};

use fabric_client::{Advice, Failure, Peers, peers::Standing};
use fabric_protos::common::Block;
use trade_model::common::Beside;

/// The answer of a step that waits for the network.
pub type LedgerFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, LedgerError>> + Send + 'a>>;

/// The steps of a transaction on Fabric.
pub trait Ledger: Send + Sync + 'static {
    /// Makes an unsigned proposal in the name of a creator. Nothing is sent.
    ///
    /// # Errors
    /// The creator's organization is unknown, or no random bytes can be had.
    fn propose(&self, creator: &CreatorIdentity, call: &Call) -> Result<Draft, LedgerError>;

    /// Asks a peer of the organization to evaluate a signed proposal; the answer is the contract's.
    fn evaluate<'a>(&'a self, msp_id: &'a str, proposal: &'a Draft, signature: &'a [u8]) -> LedgerFuture<'a, Vec<u8>>;

    /// As [`Ledger::evaluate`], with what the answer was read from: one peer says both at once.
    fn evaluate_reads<'a>(
        &'a self,
        msp_id: &'a str,
        proposal: &'a Draft,
        signature: &'a [u8],
    ) -> LedgerFuture<'a, Evaluated>;

    /// Has a signed proposal endorsed.
    fn endorse<'a>(&'a self, msp_id: &'a str, proposal: &'a Draft, signature: &'a [u8]) -> LedgerFuture<'a, Endorsed>;

    /// Puts the creator's signature into an endorsed transaction: what is submitted. Nothing is sent.
    ///
    /// # Errors
    /// The bytes are not those of an endorsed transaction.
    fn attach_signature(&self, msp_id: &str, transaction: &Draft, signature: &[u8]) -> Result<Vec<u8>, LedgerError>;

    /// Submits a signed transaction to the orderer. The same bytes may be submitted any number of times.
    fn submit<'a>(&'a self, msp_id: &'a str, transaction_id: &'a str, signed: &'a [u8]) -> LedgerFuture<'a, ()>;

    /// Waits at most `wait` for the transaction's place in a block; `None` when it is not known by then.
    fn outcome<'a>(
        &'a self,
        msp_id: &'a str,
        transaction_id: &'a str,
        wait: Duration,
    ) -> LedgerFuture<'a, Option<Commit>>;

    /// A block of a peer of the organization, with that peer's verdicts, read under the gateway's own identity.
    fn block<'a>(&'a self, msp_id: &'a str, number: u64) -> LedgerFuture<'a, Block>;

    /// What a valid transaction did, as a peer of the organization has it in a block; none when it is not known there.
    fn done<'a>(&'a self, _msp_id: &'a str, _transaction_id: &'a str) -> LedgerFuture<'a, Option<Done>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Where the blocks of an organization are read, under the gateway's own identity; none where there are no blocks.
    fn blocks(&self, _msp_id: &str) -> Option<Peers> {
        None
    }

    /// The newest block that is known of an organization's peers; none where that is not known.
    fn newest_block(&self, _msp_id: &str) -> Option<u64> {
        None
    }

    /// How the peers of each organization stand; nothing where that is not known.
    fn standings(&self) -> Vec<(String, Standing)> {
        Vec::new()
    }
}

/// The identity that a proposal names as its creator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatorIdentity {
    /// The MSP id.
    pub msp_id: String,
    /// The certificate, PEM.
    pub certificate_pem: Vec<u8>,
}

/// One call of a contract. Its `Debug` form leaves out the argument and the private input.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The transaction's name, `contract:Function`.
    pub function: String,
    /// The one JSON argument; none for a transaction without input.
    pub argument: Option<Vec<u8>>,
    /// The private input, which travels as transient data only.
    pub private: Option<Vec<u8>>,
    /// What is said beside the request, in the argument after it. The gateway says for which person it signs; nothing
    /// of that when the caller signs.
    pub beside: Beside,
    /// The organizations that must endorse; empty leaves the choice to the peer.
    pub endorsing: Vec<String>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Call")
            .field("function", &self.function)
            .field("endorsing", &self.endorsing)
            .finish_non_exhaustive()
    }
}

/// A proposal or a transaction that waits for its creator's signature. May hold private input: not `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// The id of the transaction.
    pub transaction_id: String,
    /// The bytes that Fabric's client libraries exchange for this stage.
    pub bytes: Vec<u8>,
    /// The message to be signed.
    pub message: Vec<u8>,
}

/// What a peer has answered, and from what of the contract's public state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evaluated {
    /// The MSP id of the organization whose peer it is.
    pub by: String,
    /// The contract's answer.
    pub result: Vec<u8>,
    /// The entries that were there, each with the transaction that had written it last.
    pub reads: Vec<Read>,
    /// Tables of which so much was read at once that the peer tells no more than a digest of it.
    pub summed: Vec<String>,
}

/// An entry that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Its table and the parts of its key.
    pub key: Vec<String>,
    /// The block of the transaction that had written it last.
    pub block: u64,
    /// That transaction's place in the block, from 0.
    pub place: u32,
}

/// An endorsed transaction.
pub struct Endorsed {
    /// What is to be signed next.
    pub transaction: Draft,
    /// The contract's answer.
    pub result: Vec<u8>,
}

/// The place of a transaction in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Fabric's validation code; 0 is valid.
    pub validation_code: i32,
    /// The code's name, such as `MVCC_READ_CONFLICT`.
    pub validation_name: String,
    /// The number of the block.
    pub block_number: u64,
}

/// What a valid transaction in a block did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The MSP id of its creator.
    pub msp_id: String,
    /// The arguments; the first is the transaction's name.
    pub arguments: Vec<Vec<u8>>,
    /// The contract's answer.
    pub result: Vec<u8>,
}

/// The step that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Making the proposal.
    Propose,
    /// Evaluating it.
    Evaluate,
    /// Having it endorsed.
    Endorse,
    /// Submitting it to the orderer.
    Submit,
    /// Waiting for its block.
    CommitStatus,
    /// Its validation in the block.
    Commit,
    /// Reading a block.
    Block,
}

impl Step {
    /// The word used in answers and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Propose => "propose",
            Self::Evaluate => "evaluate",
            Self::Endorse => "endorse",
            Self::Submit => "submit",
            Self::CommitStatus => "commit_status",
            Self::Commit => "commit",
            Self::Block => "block",
        }
    }
}

/// A step that failed, with what is known about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} of transaction {transaction_id}: {cause}", step.as_str())]
pub struct LedgerError {
    /// The step.
    pub step: Step,
    /// The transaction's id; empty before one is made.
    pub transaction_id: String,
    /// Why.
    pub cause: Cause,
    /// What may be done next. After a submission, [`Advice::Never`] means that no orderer accepted the transaction: one
    /// orderer's refusal does not count as long as another may have accepted it.
    pub advice: Advice,
    /// What single peers or orderers said.
    pub endorsers: Vec<EndorserMessage>,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The contract answered with a status of 400 or more.
    #[error("the contract answered {status}: {message}")]
    Contract {
        /// The contract's status.
        status: u16,
        /// The contract's message.
        message: String,
    },
    /// A call failed on its way, or at a node.
    #[error("{message}")]
    Network {
        /// Why, as the Fabric client reads it.
        failure: Failure,
        /// The words of the network, for the log only.
        message: String,
    },
    /// The transaction is in a block and invalid.
    #[error("invalidated with {}", .0.validation_name)]
    Invalidated(Commit),
    /// A peer prepared another transaction than the one proposed; it must not be signed.
    #[error("the peer prepared another transaction: {0}")]
    Altered(String),
    /// Something on this side is wrong: bytes that are no transaction, an unknown organization.
    #[error("{0}")]
    Local(String),
}

impl LedgerError {
    /// Whether the peer does not run the chaincode: its organization has not approved or installed it.
    #[must_use]
    pub fn lacks_chaincode(&self) -> bool {
        // Fabric's peers say it in these words and with this status only.
        let Cause::Contract { status: 500, message } = &self.cause else { return false };
        message.starts_with("make sure the chaincode ")
    }

    /// Whether the same bytes would fail again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.advice == Advice::Never
    }
}

/// What one peer or orderer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndorserMessage {
    /// Its MSP id.
    pub msp_id: String,
    /// Its words.
    pub message: String,
}
