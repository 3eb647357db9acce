//! A proposal: what is asked of a chaincode, by whom, under which transaction id. The bytes that were signed are kept
//! and never encoded again.

use fabric_config::transaction;
use fabric_msp::hash;
use fabric_protos::{
    common::{ChannelHeader, Header, HeaderType, SignatureHeader},
    gateway::{EndorseRequest, EvaluateRequest, ProposedTransaction},
    protos::{self, ChaincodeInvocationSpec, ChaincodeProposalPayload, SignedProposal},
};
use prost::Message;

use crate::{
    call::Step,
    error::ClientError,
    message::decode_header,
    session::{Session, answer, request},
    transaction::Transaction,
};

/// A proposal, signed or not.
#[derive(Clone, Debug)]
pub struct Proposal {
    session: Session,
    proposed: ProposedTransaction,
    signed: SignedProposal,
    contents: Contents,
}

/// What a proposal says, read from its signed bytes.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    pub(crate) header: Header,
    pub(crate) channel_header: ChannelHeader,
    pub(crate) signature_header: SignatureHeader,
    pub(crate) payload: Vec<u8>,
    pub(crate) chaincode: String,
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) transient_names: Vec<String>,
}

impl Proposal {
    pub(crate) fn new(
        session: &Session,
        transaction_id: String,
        proposal_bytes: Vec<u8>,
        endorsing_organizations: Vec<String>,
    ) -> Result<Self, ClientError> {
        let signed = SignedProposal { proposal_bytes, signature: Vec::new() };
        Self::from_message(
            session,
            ProposedTransaction { transaction_id, proposal: Some(signed), endorsing_organizations },
        )
    }

    /// Reads what [`Proposal::bytes`] wrote, in this process or another, in this or another SDK.
    ///
    /// # Errors
    /// [`ClientError::Malformed`]: also when the transaction id is not the one that follows from nonce and creator.
    pub fn from_bytes(session: impl AsRef<Session>, bytes: &[u8]) -> Result<Self, ClientError> {
        let proposed = ProposedTransaction::decode(bytes).map_err(malformed)?;
        Self::from_message(session.as_ref(), proposed)
    }

    fn from_message(session: &Session, mut proposed: ProposedTransaction) -> Result<Self, ClientError> {
        let signed = proposed.proposal.take().ok_or_else(|| malformed("it holds no signed proposal"))?;
        let contents = Contents::read(&signed.proposal_bytes).map_err(malformed)?;
        if contents.channel_header.tx_id != proposed.transaction_id {
            return Err(malformed("its transaction id is not the one that it signs"));
        }
        Ok(Self { session: session.clone(), proposed, signed, contents })
    }

    /// The encoded `ProposedTransaction`, to be kept or sent elsewhere.
    pub fn bytes(&self) -> Vec<u8> {
        ProposedTransaction { proposal: Some(self.signed.clone()), ..self.proposed.clone() }.encode_to_vec()
    }

    /// The bytes that the creator signs.
    pub fn signing_input(&self) -> &[u8] {
        &self.signed.proposal_bytes
    }

    /// SHA-256 of [`Proposal::signing_input`].
    pub fn digest(&self) -> [u8; 32] {
        hash::sha256(self.signing_input())
    }

    /// The transaction id.
    pub fn transaction_id(&self) -> &str {
        &self.proposed.transaction_id
    }

    /// The channel, as signed.
    pub fn channel(&self) -> &str {
        &self.contents.channel_header.channel_id
    }

    /// The chaincode, as signed.
    pub fn chaincode(&self) -> &str {
        &self.contents.chaincode
    }

    /// The arguments, as signed; the first is the transaction's name.
    pub fn arguments(&self) -> &[Vec<u8>] {
        &self.contents.arguments
    }

    /// The names of the transient fields, as signed.
    pub fn transient_names(&self) -> &[String] {
        &self.contents.transient_names
    }

    /// The encoded identity of the proposer, as signed.
    pub fn creator(&self) -> &[u8] {
        &self.contents.signature_header.creator
    }

    /// The organizations that shall endorse. Not part of what is signed.
    pub fn endorsing_organizations(&self) -> &[String] {
        &self.proposed.endorsing_organizations
    }

    /// Whether there is a signature; it is not checked here.
    pub fn is_signed(&self) -> bool {
        !self.signed.signature.is_empty()
    }

    /// With a signature that was made elsewhere over [`Proposal::signing_input`].
    #[must_use]
    pub fn with_signature(mut self, signature: impl Into<Vec<u8>>) -> Self {
        self.signed.signature = signature.into();
        self
    }

    /// With the signature of the session's signer, unless there is one already.
    ///
    /// # Errors
    /// [`ClientError::Unsigned`], [`ClientError::Sign`].
    pub fn signed(self) -> Result<Self, ClientError> {
        let signed = self.sign(Step::Endorse)?;
        Ok(Self { signed, ..self })
    }

    /// Asks one peer and returns the chaincode's answer.
    ///
    /// # Errors
    /// [`ClientError::Evaluate`], [`ClientError::Unsigned`], [`ClientError::Sign`].
    pub async fn evaluate(&self) -> Result<Vec<u8>, ClientError> {
        let message = EvaluateRequest {
            transaction_id: self.transaction_id().to_owned(),
            channel_id: self.channel().to_owned(),
            proposed_transaction: Some(self.sign(Step::Evaluate)?),
            target_organizations: self.proposed.endorsing_organizations.clone(),
        };
        let limit = self.session.timeouts().evaluate;
        let mut client = self.session.client();
        let call = client.evaluate(request(message, limit));
        let response = answer(Step::Evaluate, self.transaction_id(), limit, call).await;
        Ok(response.map_err(ClientError::Evaluate)?.result.unwrap_or_default().payload)
    }

    /// Collects endorsements.
    ///
    /// # Errors
    /// [`ClientError::Endorse`], [`ClientError::Unsigned`], [`ClientError::Sign`], and [`ClientError::Malformed`] when
    /// the gateway answers with something that is not a transaction.
    pub async fn endorse(&self) -> Result<Transaction, ClientError> {
        let message = EndorseRequest {
            transaction_id: self.transaction_id().to_owned(),
            channel_id: self.channel().to_owned(),
            proposed_transaction: Some(self.sign(Step::Endorse)?),
            endorsing_organizations: self.proposed.endorsing_organizations.clone(),
        };
        let limit = self.session.timeouts().endorse;
        let mut client = self.session.client();
        let call = client.endorse(request(message, limit));
        let response = answer(Step::Endorse, self.transaction_id(), limit, call).await.map_err(ClientError::Endorse)?;
        let envelope = response.prepared_transaction.unwrap_or_default();
        Transaction::new(&self.session, self.transaction_id().to_owned(), envelope)
    }

    /// The signed message for peers.
    pub(crate) fn sign(&self, step: Step) -> Result<SignedProposal, ClientError> {
        let input = &self.signed.proposal_bytes;
        let signature = self.session.signature(step, self.transaction_id(), input, &self.signed.signature)?;
        Ok(SignedProposal { proposal_bytes: input.clone(), signature })
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

impl Contents {
    pub(crate) fn read(proposal_bytes: &[u8]) -> Result<Self, String> {
        let unreadable = |error: prost::DecodeError| error.to_string();
        let proposal = protos::Proposal::decode(proposal_bytes).map_err(unreadable)?;
        let header = Header::decode(proposal.header.as_slice()).map_err(unreadable)?;
        let (channel_header, signature_header) = decode_header(&header).map_err(unreadable)?;
        if channel_header.r#type != HeaderType::EndorserTransaction as i32 {
            return Err(format!("its header type is {}, not that of a transaction", channel_header.r#type));
        }
        if channel_header.tx_id != transaction::transaction_id(&signature_header.nonce, &signature_header.creator) {
            return Err("its transaction id does not follow from nonce and creator".to_owned());
        }
        let payload = ChaincodeProposalPayload::decode(proposal.payload.as_slice()).map_err(unreadable)?;
        let invocation = ChaincodeInvocationSpec::decode(payload.input.as_slice()).map_err(unreadable)?;
        let specification = invocation.chaincode_spec.unwrap_or_default();
        Ok(Self {
            header,
            channel_header,
            signature_header,
            payload: proposal.payload,
            chaincode: specification.chaincode_id.unwrap_or_default().name,
            arguments: specification.input.unwrap_or_default().args,
            transient_names: payload.transient_map.into_keys().collect(),
        })
    }
}

fn malformed(cause: impl std::fmt::Display) -> ClientError {
    ClientError::malformed("the proposal", cause)
}
