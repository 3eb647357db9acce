//! A session: one connection used as one identity, with the bounds on every wait. Everything that is sent to a Fabric
//! node goes through one; [`crate::Gateway`] is what programs begin with.

use std::{future::Future, sync::Arc, time::Duration};

use fabric_msp::signer::Signer;
use fabric_protos::gateway::gateway_client::GatewayClient;
use tonic::{Request, Response, Status, transport::Channel};

use crate::{
    call::{CallError, Step},
    connection::{Connection, sized},
    error::ClientError,
};

/// How long each step may take. Event streams have no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For evaluating. Default: 30 s.
    pub evaluate: Duration,
    /// For collecting endorsements. Default: 30 s.
    pub endorse: Duration,
    /// For one submission to the orderer. Default: 10 s.
    pub submit: Duration,
    /// For learning the status when it is asked for by itself. Default: 60 s.
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
    /// How long to wait for the commit after a submission that the orderer took, and after the last one. Default: 15 s.
    /// After another one that failed the wait is as short as the pause.
    pub wait: Duration,
    /// How often the identical envelope is sent at most, the first time included; at least 1. Default: 8.
    pub attempts: u32,
    /// The pause before the second submission, doubled before each further one up to 8 s. Default: 250 ms.
    pub pause: Duration,
}

impl Default for Resubmission {
    fn default() -> Self {
        Self { wait: Duration::from_secs(15), attempts: 8, pause: Duration::from_millis(250) }
    }
}

/// One connection, used as one identity. It signs when it has a signer; without one everything that needs a signature
/// must come signed. Copies share the connection.
#[derive(Clone)]
pub struct Session {
    connection: Connection,
    creator: Arc<[u8]>,
    signer: Option<Arc<dyn Signer>>,
    timeouts: Timeouts,
    resubmission: Resubmission,
}

impl Session {
    pub(crate) fn new(connection: Connection, signer: Arc<dyn Signer>) -> Self {
        let creator = signer.creator().into();
        Self { signer: Some(signer), ..Self::offline(connection, creator) }
    }

    pub(crate) fn offline(connection: Connection, creator: Vec<u8>) -> Self {
        Self {
            connection,
            creator: creator.into(),
            signer: None,
            timeouts: Timeouts::default(),
            resubmission: Resubmission::default(),
        }
    }

    pub(crate) fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    pub(crate) fn with_resubmission(self, resubmission: Resubmission) -> Self {
        Self { resubmission, ..self }
    }

    /// The encoded identity that stands in headers.
    pub fn creator(&self) -> &[u8] {
        &self.creator
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    pub(crate) fn resubmission(&self) -> &Resubmission {
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

impl AsRef<Self> for Session {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let signer = self.signer.as_ref().map(|signer| signer.msp_id().to_owned());
        formatter.debug_struct("Session").field("address", &self.connection.address()).field("signer", &signer).finish()
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
