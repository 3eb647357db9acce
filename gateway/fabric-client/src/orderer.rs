//! Straight to an orderer: handing it envelopes of any kind, such as configuration updates, and reading its blocks.

use std::{sync::Arc, time::Duration};

use fabric_msp::signer::Signer;
use fabric_protos::{
    common::{Envelope, Status as OrdererStatus},
    orderer::atomic_broadcast_client::AtomicBroadcastClient,
};
use tokio_stream::StreamExt;
use tonic::{Status, transport::Channel};

use crate::{
    call::{CallError, Step},
    connection::{Connection, sized},
    events::{BlocksBuilder, Ordered},
    session::Session,
};

/// Why an orderer did not take an envelope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BroadcastError {
    /// The call failed, and it is not known whether the orderer has the envelope.
    #[error(transparent)]
    Call(CallError),
    /// The orderer refused.
    #[error("the orderer refused with status {}: {info}", status_name(*.status))]
    Refused {
        /// Fabric's status as a number.
        status: i32,
        /// Why, in the words of the orderer.
        info: String,
    },
}

impl BroadcastError {
    /// The status with which the orderer refused, when this crate knows it.
    pub fn status(&self) -> Option<OrdererStatus> {
        match self {
            Self::Refused { status, .. } => OrdererStatus::try_from(*status).ok(),
            Self::Call(_) => None,
        }
    }
}

/// An orderer's broadcast and deliver services.
#[derive(Clone, Debug)]
pub struct OrdererClient {
    connection: Connection,
    limit: Duration,
}

impl OrdererClient {
    /// A client that waits 10 s for each answer.
    pub fn new(connection: Connection) -> Self {
        Self { connection, limit: Duration::from_secs(10) }
    }

    /// With another bound on each answer.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Hands over one signed envelope. Success means that the orderer took it, not that it is valid.
    ///
    /// # Errors
    /// [`BroadcastError`]. After [`BroadcastError::Call`] only the identical envelope may be sent again.
    pub async fn broadcast(&self, envelope: Envelope) -> Result<(), BroadcastError> {
        let late = || Status::deadline_exceeded(format!("no answer within {} ms", self.limit.as_millis()));
        let answered = tokio::time::timeout(self.limit, self.send(envelope)).await.unwrap_or_else(|_| Err(late()));
        let failed = |status| BroadcastError::Call(CallError::from_status(Step::Broadcast, "", &status));
        let (status, info) = answered.map_err(failed)?;
        if status == OrdererStatus::Success as i32 { Ok(()) } else { Err(BroadcastError::Refused { status, info }) }
    }

    /// Blocks as the orderer wrote them, asked for by an identity that may read the channel. A request that was signed
    /// elsewhere comes back with [`crate::events::BlocksRequest::from_bytes`] and a gateway on the orderer's
    /// connection.
    pub fn blocks(&self, channel: &str, signer: Arc<dyn Signer>) -> BlocksBuilder<Ordered> {
        BlocksBuilder::new(&Session::new(self.connection.clone(), signer), channel)
    }

    async fn send(&self, envelope: Envelope) -> Result<(i32, String), Status> {
        let mut client: AtomicBroadcastClient<Channel> = sized!(AtomicBroadcastClient::new(self.connection.channel()));
        let requests = tokio_stream::once(envelope).chain(tokio_stream::pending());
        let mut responses = client.broadcast(requests).await?.into_inner();
        let response = responses.message().await?;
        let response =
            response.ok_or_else(|| Status::unavailable("the orderer closed the stream without an answer"))?;
        Ok((response.status, response.info))
    }
}

fn status_name(status: i32) -> String {
    OrdererStatus::try_from(status).map_or_else(|_| status.to_string(), |status| status.as_str_name().to_owned())
}
