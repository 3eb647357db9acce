//! Straight to one peer, past its gateway service: installing chaincode, joining channels, lifecycle, system
//! chaincodes. The caller chooses the peers and judges whether their answers suffice.

use std::time::Duration;

use fabric_protos::{
    common::{Envelope, Header, Payload},
    protos::{
        ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, Endorsement, ProposalResponse,
        ProposalResponsePayload, TransactionAction, endorser_client::EndorserClient as Client,
    },
};
use prost::Message;
use tonic::transport::Channel;

use crate::{
    call::{CallError, Step},
    connection::{Connection, sized},
    error::ClientError,
    proposal::Proposal,
    session::{answer, request},
    transaction::Transaction,
};

/// Why a peer did not endorse.
#[derive(Debug, thiserror::Error)]
pub enum EndorserError {
    /// The call failed.
    #[error(transparent)]
    Call(CallError),
    /// The chaincode, or the peer in its place, refused.
    #[error("the peer answered with status {status}: {message}")]
    Refused {
        /// 400 and above, or below 200.
        status: i32,
        /// Why, in the words of the chaincode.
        message: String,
    },
    /// The proposal has no signature, or the signer did not sign.
    #[error(transparent)]
    Proposal(#[from] ClientError),
    /// The answers of the peers differ, so that no transaction can be made of them.
    #[error("the peers did not compute the same")]
    Mismatch,
    /// There is no answer to make a transaction of.
    #[error("there is no endorsement")]
    NoEndorsement,
    /// The answer cannot be read.
    #[error("the peer's answer cannot be read: {0}")]
    Malformed(prost::DecodeError),
}

impl From<prost::DecodeError> for EndorserError {
    fn from(cause: prost::DecodeError) -> Self {
        Self::Malformed(cause)
    }
}

/// A peer's endorser service.
#[derive(Clone, Debug)]
pub struct EndorserClient {
    connection: Connection,
    limit: Duration,
}

impl EndorserClient {
    /// A client that waits 30 s for each answer.
    pub fn new(connection: Connection) -> Self {
        Self { connection, limit: Duration::from_secs(30) }
    }

    /// With another bound on each answer.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Has one peer execute the proposal, and returns its endorsement. For peers' own affairs, make the proposal with
    /// an empty channel name.
    ///
    /// # Errors
    /// [`EndorserError::Call`], [`EndorserError::Refused`], [`EndorserError::Proposal`].
    pub async fn endorse(&self, proposal: &Proposal) -> Result<ProposalResponse, EndorserError> {
        let signed = proposal.sign(Step::Propose)?;
        let mut client: Client<Channel> = sized!(Client::new(self.connection.channel()));
        let call = client.process_proposal(request(signed, self.limit));
        let response = answer(Step::Propose, proposal.transaction_id(), self.limit, call).await;
        let response = response.map_err(EndorserError::Call)?;
        let answered = response.response.clone().unwrap_or_default();
        if (200..400).contains(&answered.status) {
            return Ok(response);
        }
        Err(EndorserError::Refused { status: answered.status, message: answered.message })
    }

    /// As [`EndorserClient::endorse`], but returns what the chaincode answered.
    ///
    /// # Errors
    /// As [`EndorserClient::endorse`].
    pub async fn query(&self, proposal: &Proposal) -> Result<Vec<u8>, EndorserError> {
        Ok(self.endorse(proposal).await?.response.unwrap_or_default().payload)
    }
}

/// A transaction of what peers answered to one proposal, as a gateway would make it: to be submitted through a gateway,
/// or signed and sent straight to an orderer.
///
/// # Errors
/// [`EndorserError::NoEndorsement`], [`EndorserError::Mismatch`], [`EndorserError::Malformed`].
pub fn prepare(proposal: &Proposal, responses: Vec<ProposalResponse>) -> Result<Transaction, EndorserError> {
    let mut payload = None;
    let mut endorsements: Vec<Endorsement> = Vec::new();
    for response in responses {
        if *payload.get_or_insert_with(|| response.payload.clone()) != response.payload {
            return Err(EndorserError::Mismatch);
        }
        let endorsement = response.endorsement.ok_or(EndorserError::NoEndorsement)?;
        // One signature per identity: the validator counts no other.
        if endorsements.iter().all(|known| known.endorser != endorsement.endorser) {
            endorsements.push(endorsement);
        }
    }
    let proposal_response_payload = payload.ok_or(EndorserError::NoEndorsement)?;
    let response = ProposalResponsePayload::decode(proposal_response_payload.as_slice())?;
    ChaincodeAction::decode(response.extension.as_slice())?;
    let contents = proposal.contents();
    let action_payload = ChaincodeActionPayload {
        chaincode_proposal_payload: fabric_config::transaction::without_transient(&contents.payload)?,
        action: Some(ChaincodeEndorsedAction { proposal_response_payload, endorsements }),
    };
    let Header { signature_header, .. } = &contents.header;
    let action = TransactionAction { header: signature_header.clone(), payload: action_payload.encode_to_vec() };
    let data = fabric_protos::protos::Transaction { actions: vec![action] }.encode_to_vec();
    let payload = Payload { header: Some(contents.header.clone()), data };
    let envelope = Envelope { payload: payload.encode_to_vec(), signature: Vec::new() };
    Ok(Transaction::new(proposal.session(), proposal.transaction_id().to_owned(), envelope)?)
}
