//! The root handle: what a program opens to call chaincodes, follow transactions and read blocks. It signs when it has
//! a signer; without one everything that needs a signature must come signed.

use std::sync::Arc;

use fabric_msp::signer::Signer;

use crate::{
    commit::Commit,
    connection::Connection,
    contract::Contract,
    error::ClientError,
    events::{BlocksBuilder, ChaincodeEventsBuilder, Filtered, Full, WithPrivateData},
    proposal::Proposal,
    session::{Resubmission, Session, Timeouts},
    transaction::Transaction,
};

/// One connection, used as one identity.
#[derive(Clone, Debug)]
pub struct Gateway {
    session: Session,
}

impl Gateway {
    /// A gateway that signs by itself.
    pub fn new(connection: Connection, signer: Arc<dyn Signer>) -> Self {
        Self { session: Session::new(connection, signer) }
    }

    /// A gateway for an identity whose key is elsewhere. `creator` is the encoded `SerializedIdentity` that stands in
    /// headers.
    pub fn offline(connection: Connection, creator: Vec<u8>) -> Self {
        Self { session: Session::offline(connection, creator) }
    }

    /// With other bounds on each step.
    #[must_use]
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        Self { session: self.session.with_timeouts(timeouts) }
    }

    /// With other bounds on what happens while an outcome is unknown.
    #[must_use]
    pub fn resubmission(self, resubmission: Resubmission) -> Self {
        Self { session: self.session.with_resubmission(resubmission) }
    }

    /// A chaincode on a channel.
    pub fn contract(&self, channel: &str, chaincode: &str) -> Contract {
        Contract::new(self.session.clone(), channel, chaincode)
    }

    /// A proposal that left this or another process as bytes.
    ///
    /// # Errors
    /// [`ClientError::Malformed`].
    pub fn proposal_from_bytes(&self, bytes: &[u8]) -> Result<Proposal, ClientError> {
        Proposal::from_bytes(self, bytes)
    }

    /// A transaction that left this or another process as bytes.
    ///
    /// # Errors
    /// [`ClientError::Malformed`].
    pub fn transaction_from_bytes(&self, bytes: &[u8]) -> Result<Transaction, ClientError> {
        Transaction::from_bytes(self, bytes)
    }

    /// A commit status request that left this or another process as bytes.
    ///
    /// # Errors
    /// [`ClientError::Malformed`].
    pub fn commit_from_bytes(&self, bytes: &[u8]) -> Result<Commit, ClientError> {
        Commit::from_bytes(self, bytes)
    }

    /// Asks what became of a transaction, no matter which client submitted it.
    pub fn commit(&self, channel: &str, transaction_id: &str) -> Commit {
        Commit::new(&self.session, channel, transaction_id)
    }

    /// The events of a chaincode.
    pub fn chaincode_events(&self, channel: &str, chaincode: &str) -> ChaincodeEventsBuilder {
        ChaincodeEventsBuilder::new(&self.session, channel, chaincode)
    }

    /// Blocks without payloads: transaction ids, verdicts, event names.
    pub fn filtered_blocks(&self, channel: &str) -> BlocksBuilder<Filtered> {
        BlocksBuilder::new(&self.session, channel)
    }

    /// Whole blocks.
    pub fn blocks(&self, channel: &str) -> BlocksBuilder<Full> {
        BlocksBuilder::new(&self.session, channel)
    }

    /// Whole blocks and the private data that this identity may read.
    pub fn blocks_with_private_data(&self, channel: &str) -> BlocksBuilder<WithPrivateData> {
        BlocksBuilder::new(&self.session, channel)
    }

    /// The encoded identity that stands in headers.
    pub fn creator(&self) -> &[u8] {
        self.session.creator()
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        self.session.connection()
    }
}

impl AsRef<Session> for Gateway {
    fn as_ref(&self) -> &Session {
        &self.session
    }
}
