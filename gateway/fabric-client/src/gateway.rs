//! A gateway: one connection used as one identity, with the bounds on every wait. It signs when it has a signer; without
//! one everything that needs a signature must come signed.

use std::{future::Future, sync::Arc, time::Duration};

use fabric_msp::signer::Signer;
use fabric_protos::gateway::gateway_client::GatewayClient;
use tonic::{Request, Response, Status, transport::Channel};

use crate::{
    commit::Commit,
    connection::{Connection, sized},
    contract::Contract,
    error::{CallError, ClientError, Step},
    events::{BlocksBuilder, ChaincodeEventsBuilder, Filtered, Full, WithPrivateData},
    proposal::Proposal,
    transaction::Transaction,
};

/// How long each step may take. Event streams have no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For evaluating; 30 s at first.
    pub evaluate: Duration,
    /// For collecting endorsements; 30 s at first.
    pub endorse: Duration,
    /// For one submission to the orderer; 10 s at first.
    pub submit: Duration,
    /// For learning the status when it is asked for by itself; 60 s at first.
    pub commit_status: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            evaluate: Duration::from_secs(30),
            endorse: Duration::from_secs(30),
            submit: Duration::from_secs(10),
            commit_status: Duration::from_secs(60),
        }
    }
}

/// What is done while the outcome of a submitted transaction is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resubmission {
    /// How long to wait for the commit after a sending that the orderer took, and after the last one; 15 s at first.
    /// After another one that went wrong the wait is as short as the pause.
    pub wait: Duration,
    /// How often the identical envelope is sent at most, the first time included; 8 at first, at least 1.
    pub attempts: u32,
    /// The pause before the second sending, doubled before each further one up to 8 s; 250 ms at first.
    pub pause: Duration,
}

impl Default for Resubmission {
    fn default() -> Self {
        Self { wait: Duration::from_secs(15), attempts: 8, pause: Duration::from_millis(250) }
    }
}

/// One connection, used as one identity.
#[derive(Clone)]
pub struct Gateway {
    connection: Connection,
    creator: Arc<[u8]>,
    signer: Option<Arc<dyn Signer>>,
    timeouts: Timeouts,
    resubmission: Resubmission,
}

impl Gateway {
    /// A gateway that signs by itself.
    pub fn new(connection: Connection, signer: Arc<dyn Signer>) -> Self {
        let creator = signer.creator().into();
        Self { signer: Some(signer), ..Self::offline(connection, creator) }
    }

    /// A gateway for somebody who signs elsewhere. `creator` is the encoded `SerializedIdentity` that stands in headers.
    pub fn offline(connection: Connection, creator: Vec<u8>) -> Self {
        Self {
            connection,
            creator: creator.into(),
            signer: None,
            timeouts: Timeouts::default(),
            resubmission: Resubmission::default(),
        }
    }

    /// With other bounds on each step.
    #[must_use]
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// With other bounds on what happens while an outcome is unknown.
    #[must_use]
    pub fn resubmission(self, resubmission: Resubmission) -> Self {
        Self { resubmission, ..self }
    }

    /// A chaincode on a channel.
    pub fn contract(&self, channel: &str, chaincode: &str) -> Contract {
        Contract::new(self.clone(), channel, chaincode)
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

    /// Asks what became of a transaction, whoever submitted it.
    pub fn commit(&self, channel: &str, transaction_id: &str) -> Commit {
        Commit::new(self, channel, transaction_id)
    }

    /// The events of a chaincode.
    pub fn chaincode_events(&self, channel: &str, chaincode: &str) -> ChaincodeEventsBuilder {
        ChaincodeEventsBuilder::new(self, channel, chaincode)
    }

    /// Blocks without payloads: transaction ids, verdicts, event names.
    pub fn filtered_blocks(&self, channel: &str) -> BlocksBuilder<Filtered> {
        BlocksBuilder::new(self, channel)
    }

    /// Whole blocks.
    pub fn blocks(&self, channel: &str) -> BlocksBuilder<Full> {
        BlocksBuilder::new(self, channel)
    }

    /// Whole blocks and the private data that this identity may read.
    pub fn blocks_with_private_data(&self, channel: &str) -> BlocksBuilder<WithPrivateData> {
        BlocksBuilder::new(self, channel)
    }

    /// The encoded identity that stands in headers.
    pub fn creator(&self) -> &[u8] {
        &self.creator
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn limits(&self) -> &Timeouts {
        &self.timeouts
    }

    pub(crate) fn patience(&self) -> &Resubmission {
        &self.resubmission
    }

    pub(crate) fn has_signer(&self) -> bool {
        self.signer.is_some()
    }

    pub(crate) fn client(&self) -> GatewayClient<Channel> {
        sized!(GatewayClient::new(self.connection.channel()))
    }

    /// The signature that is there, or a new one.
    pub(crate) fn signature(
        &self,
        step: Step,
        transaction_id: &str,
        message: &[u8],
        present: &[u8],
    ) -> Result<Vec<u8>, ClientError> {
        if !present.is_empty() {
            return Ok(present.to_vec());
        }
        let transaction_id = transaction_id.to_owned();
        match &self.signer {
            None => Err(ClientError::Unsigned { step, transaction_id }),
            Some(signer) => signer.sign(message).map_err(|cause| ClientError::Sign { step, transaction_id, cause }),
        }
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let signer = self.signer.as_ref().map(|signer| signer.msp_id().to_owned());
        formatter.debug_struct("Gateway").field("address", &self.connection.address()).field("signer", &signer).finish()
    }
}

/// A request that tells the server how long it may take.
pub(crate) fn request<T>(message: T, limit: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}

/// Waits for an answer within `limit`, and gives errors their step.
pub(crate) async fn answer<T>(
    step: Step,
    transaction_id: &str,
    limit: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, CallError> {
    let late = || Status::deadline_exceeded(format!("no answer within {} ms", limit.as_millis()));
    let answered = match tokio::time::timeout(limit, call).await {
        Err(_) => Err(late()),
        // tonic keeps the limit too, and may notice first.
        Ok(Err(status)) if status.code() == tonic::Code::Cancelled && status.message() == "Timeout expired" => {
            Err(late())
        }
        Ok(answered) => answered,
    };
    answered.map(Response::into_inner).map_err(|status| CallError::from_status(step, transaction_id, &status))
}
