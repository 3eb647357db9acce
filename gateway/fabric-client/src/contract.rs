//! A chaincode on a channel, and one call of it.

use std::collections::BTreeMap;

use fabric_config::transaction;
use serde::Serialize;

use crate::{
    commit::Committed,
    error::ClientError,
    message::{ProposalParts, Timestamp},
    proposal::Proposal,
    session::Session,
    tracker::CommitTracker,
};

/// A chaincode on a channel.
#[derive(Clone, Debug)]
pub struct Contract {
    session: Session,
    channel: String,
    chaincode: String,
}

impl Contract {
    pub(crate) fn new(session: Session, channel: &str, chaincode: &str) -> Self {
        Self { session, channel: channel.to_owned(), chaincode: chaincode.to_owned() }
    }

    /// The channel.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// The chaincode's name.
    pub fn chaincode(&self) -> &str {
        &self.chaincode
    }

    /// A call of the transaction `name`, written as on the wire: `contract:Function`, or only `Function`.
    pub fn transaction(&self, name: &str) -> Call {
        Call {
            contract: self.clone(),
            name: name.to_owned(),
            arguments: vec![name.as_bytes().to_vec()],
            transient: BTreeMap::new(),
            organizations: Vec::new(),
            nonce: None,
            timestamp: None,
            failure: None,
        }
    }
}

/// One call, being put together.
#[derive(Debug)]
pub struct Call {
    contract: Contract,
    name: String,
    arguments: Vec<Vec<u8>>,
    transient: BTreeMap<String, Vec<u8>>,
    organizations: Vec<String>,
    nonce: Option<Vec<u8>>,
    timestamp: Option<Timestamp>,
    failure: Option<serde_json::Error>,
}

impl Call {
    /// One more argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<Vec<u8>>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// One more argument, as JSON. A value that cannot be written is reported when the call is proposed.
    #[must_use]
    pub fn json(mut self, argument: &impl Serialize) -> Self {
        match serde_json::to_vec(argument) {
            Ok(bytes) => self.arguments.push(bytes),
            Err(error) => self.failure = Some(error),
        }
        self
    }

    /// Data for the chaincode that no block records. The endorsing peers see it, so name them with
    /// [`Call::endorsing`]: the gateway's own peer is asked first otherwise.
    #[must_use]
    pub fn transient(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.transient.insert(name.to_owned(), value.into());
        self
    }

    /// The organizations that endorse (when submitting) or one of which answers (when evaluating). Without this the
    /// gateway chooses.
    #[must_use]
    pub fn endorsing(mut self, organizations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.organizations = organizations.into_iter().map(Into::into).collect();
        self
    }

    /// A nonce of one's own instead of a random one. The same nonce and creator give the same transaction id, which the
    /// ledger accepts once.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Into<Vec<u8>>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// A time of one's own instead of the present. Peers refuse what is more than 15 minutes off.
    #[must_use]
    pub fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// The proposal, not yet signed and not sent.
    ///
    /// # Errors
    /// [`ClientError::Argument`], [`ClientError::Nonce`].
    pub fn propose(self) -> Result<Proposal, ClientError> {
        if let Some(cause) = self.failure {
            return Err(ClientError::Argument { transaction: self.name, cause });
        }
        let nonce = match self.nonce {
            Some(nonce) => nonce,
            None => transaction::nonce().map_err(ClientError::Nonce)?.to_vec(),
        };
        let Contract { session, channel, chaincode } = self.contract;
        let parts = ProposalParts {
            creator: session.creator(),
            nonce: &nonce,
            timestamp: self.timestamp.unwrap_or_else(Timestamp::now),
            channel: &channel,
            chaincode: &chaincode,
            arguments: self.arguments,
            transient: self.transient,
        };
        let proposal_bytes = parts.encode();
        let transaction_id = transaction::transaction_id(&nonce, session.creator());
        Proposal::new(&session, transaction_id, proposal_bytes, self.organizations)
    }

    /// Asks one peer and returns the chaincode's answer. Nothing is written.
    ///
    /// # Errors
    /// [`ClientError::Evaluate`], and those of [`Call::propose`].
    pub async fn evaluate(self) -> Result<Vec<u8>, ClientError> {
        self.propose()?.evaluate().await
    }

    /// Endorses, submits, and waits for the verdict, which it asks of the peer. While the outcome is unknown, the
    /// identical envelope is sent again.
    ///
    /// # Errors
    /// One variant of [`ClientError`] per step; [`ClientError::Commit`] when the transaction is invalid;
    /// [`ClientError::Indeterminate`] when its fate stays unknown.
    pub async fn submit(self) -> Result<Committed, ClientError> {
        self.propose()?.endorse().await?.submit_and_wait().await
    }

    /// As [`Call::submit`], but the verdict comes from `tracker`, which needs no call and no signature of its own.
    ///
    /// # Errors
    /// As [`Call::submit`].
    pub async fn submit_tracked(self, tracker: &CommitTracker) -> Result<Committed, ClientError> {
        self.propose()?.endorse().await?.submit_and_track(tracker).await
    }
}
