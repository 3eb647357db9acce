//! An endorsed transaction on its way to the orderer.

use fabric_msp::hash;
use fabric_protos::{
    common::{ChannelHeader, Envelope, Payload},
    gateway::{PreparedTransaction, SubmitRequest},
    protos::{self, ChaincodeAction, ChaincodeActionPayload, ProposalResponsePayload},
};
use prost::Message;

use crate::{
    call::{CallError, Step},
    commit::Commit,
    error::ClientError,
    session::{Session, answer, request},
};

/// An endorsed transaction, signed or not.
#[derive(Clone, Debug)]
pub struct Transaction {
    session: Session,
    transaction_id: String,
    envelope: Envelope,
    channel: String,
    result: Vec<u8>,
}

impl Transaction {
    pub(crate) fn new(session: &Session, transaction_id: String, envelope: Envelope) -> Result<Self, ClientError> {
        let (channel_header, result) = read(&envelope).map_err(malformed)?;
        if channel_header.tx_id != transaction_id {
            return Err(malformed(format!("it is transaction {:?} and not {transaction_id}", channel_header.tx_id)));
        }
        Ok(Self { session: session.clone(), transaction_id, envelope, channel: channel_header.channel_id, result })
    }

    /// Reads what [`Transaction::bytes`] wrote, in this process or another, in this or another SDK.
    ///
    /// # Errors
    /// [`ClientError::Malformed`].
    pub fn from_bytes(session: impl AsRef<Session>, bytes: &[u8]) -> Result<Self, ClientError> {
        let prepared = PreparedTransaction::decode(bytes).map_err(malformed)?;
        let envelope = prepared.envelope.ok_or_else(|| malformed("it holds no envelope"))?;
        Self::new(session.as_ref(), prepared.transaction_id, envelope)
    }

    /// The encoded `PreparedTransaction`, to be kept or sent elsewhere.
    pub fn bytes(&self) -> Vec<u8> {
        PreparedTransaction { transaction_id: self.transaction_id.clone(), envelope: Some(self.envelope.clone()) }
            .encode_to_vec()
    }

    /// The bytes that the creator signs.
    pub fn signing_input(&self) -> &[u8] {
        &self.envelope.payload
    }

    /// SHA-256 of [`Transaction::signing_input`].
    pub fn digest(&self) -> [u8; 32] {
        hash::sha256(self.signing_input())
    }

    /// The transaction id.
    pub fn transaction_id(&self) -> &str {
        &self.transaction_id
    }

    /// The channel.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// What the chaincode returned.
    pub fn result(&self) -> &[u8] {
        &self.result
    }

    /// The envelope as it goes to the orderer.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Whether there is a signature; it is not checked here.
    pub fn is_signed(&self) -> bool {
        !self.envelope.signature.is_empty()
    }

    /// With a signature that was made elsewhere over [`Transaction::signing_input`].
    #[must_use]
    pub fn with_signature(mut self, signature: impl Into<Vec<u8>>) -> Self {
        self.envelope.signature = signature.into();
        self
    }

    /// With the signature of the session's signer, unless there is one already.
    ///
    /// # Errors
    /// [`ClientError::Unsigned`], [`ClientError::Sign`].
    pub fn signed(mut self) -> Result<Self, ClientError> {
        let present = &self.envelope.signature;
        self.envelope.signature =
            self.session.signature(Step::Submit, &self.transaction_id, &self.envelope.payload, present)?;
        Ok(self)
    }

    /// Hands the transaction to the orderer once. That it took it says nothing about the commit.
    ///
    /// # Errors
    /// [`ClientError::Submit`]: its [advice](ClientError::advice) tells whether the outcome is unknown;
    /// [`ClientError::Unsigned`], [`ClientError::Sign`].
    pub async fn submit(self) -> Result<Commit, ClientError> {
        let signed = self.signed()?;
        signed.send().await.map_err(ClientError::Submit)?;
        Ok(Commit::new(&signed.session, &signed.channel, &signed.transaction_id))
    }

    /// Sends the envelope as it is, once.
    pub(crate) async fn send(&self) -> Result<(), CallError> {
        let message = SubmitRequest {
            transaction_id: self.transaction_id.clone(),
            channel_id: self.channel.clone(),
            prepared_transaction: Some(self.envelope.clone()),
        };
        let limit = self.session.timeouts().submit;
        let mut client = self.session.client();
        let call = client.submit(request(message, limit));
        answer(Step::Submit, &self.transaction_id, limit, call).await.map(|_| ())
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

/// The channel header and the chaincode's answer inside an envelope.
fn read(envelope: &Envelope) -> Result<(ChannelHeader, Vec<u8>), String> {
    let unreadable = |error: prost::DecodeError| error.to_string();
    let payload = Payload::decode(envelope.payload.as_slice()).map_err(unreadable)?;
    let header = payload.header.ok_or("it has no header")?;
    let channel_header = ChannelHeader::decode(header.channel_header.as_slice()).map_err(unreadable)?;
    let transaction = protos::Transaction::decode(payload.data.as_slice()).map_err(unreadable)?;
    let action = transaction.actions.first().ok_or("it has no action")?;
    let action_payload = ChaincodeActionPayload::decode(action.payload.as_slice()).map_err(unreadable)?;
    let endorsed = action_payload.action.ok_or("its action is not endorsed")?;
    let response =
        ProposalResponsePayload::decode(endorsed.proposal_response_payload.as_slice()).map_err(unreadable)?;
    let action = ChaincodeAction::decode(response.extension.as_slice()).map_err(unreadable)?;
    Ok((channel_header, action.response.ok_or("it holds no answer of the chaincode")?.payload))
}

fn malformed(cause: impl std::fmt::Display) -> ClientError {
    ClientError::malformed("the transaction", cause)
}
