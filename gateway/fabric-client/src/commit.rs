//! Asking a peer what became of a transaction.

use std::time::Duration;

use fabric_msp::hash;
use fabric_protos::{
    gateway::{CommitStatusRequest, SignedCommitStatusRequest},
    protos::TxValidationCode,
};
use prost::Message;

use crate::{
    call::Step,
    error::{ClientError, CommitError, code_name},
    session::{Session, answer, request},
};

/// A question for the status of a transaction, signed or not.
#[derive(Clone, Debug)]
pub struct Commit {
    session: Session,
    request: SignedCommitStatusRequest,
    transaction_id: String,
    channel: String,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitStatus {
    /// The transaction.
    pub transaction_id: String,
    /// The verdict as a number, 0 for valid; [`CommitStatus::validation_code`] gives it a name.
    pub code: i32,
    /// The block in which the transaction stands.
    pub block_number: u64,
}

/// A transaction that is committed and valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its id.
    pub transaction_id: String,
    /// What the chaincode returned when it was endorsed.
    pub result: Vec<u8>,
    /// The block in which it stands.
    pub block_number: u64,
}

impl CommitStatus {
    /// Whether the transaction has taken effect.
    pub fn is_valid(&self) -> bool {
        self.code == TxValidationCode::Valid as i32
    }

    /// The verdict, when this crate knows it.
    pub fn validation_code(&self) -> Option<TxValidationCode> {
        TxValidationCode::try_from(self.code).ok()
    }

    /// Fabric's name of the verdict, such as `MVCC_READ_CONFLICT`.
    pub fn code_name(&self) -> String {
        code_name(self.code)
    }

    /// Itself when the transaction has taken effect.
    ///
    /// # Errors
    /// [`CommitError`] with the verdict otherwise.
    pub fn valid(self) -> Result<Self, CommitError> {
        if self.is_valid() {
            return Ok(self);
        }
        Err(CommitError { transaction_id: self.transaction_id, code: self.code, block_number: self.block_number })
    }
}

impl Commit {
    pub(crate) fn new(session: &Session, channel: &str, transaction_id: &str) -> Self {
        let question = CommitStatusRequest {
            transaction_id: transaction_id.to_owned(),
            channel_id: channel.to_owned(),
            identity: session.creator().to_vec(),
        };
        Self {
            session: session.clone(),
            request: SignedCommitStatusRequest { request: question.encode_to_vec(), signature: Vec::new() },
            transaction_id: transaction_id.to_owned(),
            channel: channel.to_owned(),
        }
    }

    /// Reads what [`Commit::bytes`] wrote, in this process or another, in this or another SDK.
    ///
    /// # Errors
    /// [`ClientError::Malformed`].
    pub fn from_bytes(session: impl AsRef<Session>, bytes: &[u8]) -> Result<Self, ClientError> {
        let request = SignedCommitStatusRequest::decode(bytes).map_err(malformed)?;
        let question = CommitStatusRequest::decode(request.request.as_slice()).map_err(malformed)?;
        Ok(Self {
            session: session.as_ref().clone(),
            request,
            transaction_id: question.transaction_id,
            channel: question.channel_id,
        })
    }

    /// The encoded `SignedCommitStatusRequest`, to be kept or sent elsewhere.
    pub fn bytes(&self) -> Vec<u8> {
        self.request.encode_to_vec()
    }

    /// The bytes for the requesting identity to sign.
    pub fn signing_input(&self) -> &[u8] {
        &self.request.request
    }

    /// SHA-256 of [`Commit::signing_input`].
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

    /// With a signature that was made elsewhere over [`Commit::signing_input`].
    #[must_use]
    pub fn with_signature(mut self, signature: impl Into<Vec<u8>>) -> Self {
        self.request.signature = signature.into();
        self
    }

    /// With the signature of the session's signer, unless there is one already.
    ///
    /// # Errors
    /// [`ClientError::Unsigned`], [`ClientError::Sign`].
    pub fn signed(mut self) -> Result<Self, ClientError> {
        let present = &self.request.signature;
        self.request.signature =
            self.session.signature(Step::CommitStatus, &self.transaction_id, &self.request.request, present)?;
        Ok(self)
    }

    /// Waits for the transaction to be committed, within the session's limit, and returns the verdict, valid or not.
    ///
    /// # Errors
    /// [`ClientError::CommitStatus`], [`ClientError::Unsigned`], [`ClientError::Sign`].
    pub async fn status(&self) -> Result<CommitStatus, ClientError> {
        self.status_within(self.session.timeouts().commit_status).await
    }

    /// As [`Commit::status`], with a limit of its own.
    ///
    /// # Errors
    /// As [`Commit::status`].
    pub async fn status_within(&self, limit: Duration) -> Result<CommitStatus, ClientError> {
        let signed = self.clone().signed()?.request;
        let mut client = self.session.client();
        let call = client.commit_status(request(signed, limit));
        let response = answer(Step::CommitStatus, &self.transaction_id, limit, call).await;
        let response = response.map_err(ClientError::CommitStatus)?;
        let transaction_id = self.transaction_id.clone();
        Ok(CommitStatus { transaction_id, code: response.result, block_number: response.block_number })
    }
}

fn malformed(cause: prost::DecodeError) -> ClientError {
    ClientError::malformed("the commit status request", cause)
}
