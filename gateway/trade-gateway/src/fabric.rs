//! Fabric behind the seam of [`crate::ledger`]: each caller's steps go to the peer of the caller's organization.
//!
//! Outcomes are learnt under the gateway's own identity, so that a caller who signs signs twice and not three times:
//! from one stream of filtered blocks for each peer, and by a question only where the stream cannot tell.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use fabric_client::{
    Advice, ClientError, Commit as Question, CommitStatus, CommitTracker, Connection, Failure, Gateway, Start,
    Step as ClientStep, Timeouts, events::EventError, tracker::TrackerOptions, verify_prepared,
};
use fabric_msp::{
    private::{self, KeyFileError},
    transport::{ClientTls, TransportError},
};
use fabric_protos::{
    common::{Block, Payload},
    msp::SerializedIdentity,
    protos::{
        ChaincodeAction, ChaincodeActionPayload, ChaincodeInvocationSpec, ChaincodeProposalPayload,
        ProcessedTransaction, ProposalResponsePayload, Transaction,
    },
};
use prost::Message;
use tokio_stream::StreamExt;
use trade_model::transaction::PRIVATE;

use crate::{
    ledger::{
        Call, Cause, Commit, CreatorIdentity, Done, Draft, Endorsed, EndorserMessage, Ledger, LedgerError,
        LedgerFuture, Step,
    },
    members::Members,
    settings::{ClientKeys, Organization, Role, Settings},
};

/// How long a connection may take to come about.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// How long a peer may take to look a transaction up.
const LAST_QUESTION: Duration = Duration::from_secs(1);

/// Fabric's code for a transaction id that was seen before.
const DUPLICATE_TXID: i32 = 9;

/// One channel of a Fabric network, through one peer for each organization.
pub struct Fabric {
    channel: String,
    chaincode: String,
    peers: BTreeMap<String, Peer>,
    timeouts: Timeouts,
}

struct Peer {
    connection: Connection,
    /// The same connection used as the gateway's own identity.
    service: Gateway,
    /// What became of transactions since the gateway runs. A regulator's peer has none: nothing is submitted through
    /// it.
    tracker: Option<CommitTracker>,
}

/// Why the connections cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum FabricError {
    /// A TLS certificate's file cannot be read.
    #[error("the TLS certificate {path} for the peer of {msp_id}: {cause}")]
    Certificate {
        /// The organization.
        msp_id: String,
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The key of the certificate that is shown to a peer cannot be used.
    #[error("the TLS key for the peer of {msp_id}: {cause}")]
    Key {
        /// The organization.
        msp_id: String,
        /// Why.
        cause: KeyFileError,
    },
    /// A peer's address or TLS settings cannot be used.
    #[error("the peer of {msp_id}: {cause}")]
    Peer {
        /// The organization.
        msp_id: String,
        /// Why.
        cause: TransportError,
    },
}

/// How an organization's peer is known, and what is shown to it; none for a peer without TLS.
fn peer_tls(organization: &Organization) -> Result<Option<ClientTls>, FabricError> {
    let msp_id = &organization.msp_id;
    let Some(authority) = &organization.peer_tls_ca else { return Ok(None) };
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|cause| FabricError::Certificate {
            msp_id: msp_id.clone(),
            path: path.clone(),
            cause,
        })
    };
    let identity = match &organization.peer_tls_client {
        None => None,
        Some(ClientKeys { certificate, key }) => {
            let key = private::read_key(key).map_err(|cause| FabricError::Key { msp_id: msp_id.clone(), cause })?;
            Some((read(certificate)?, key))
        }
    };
    Ok(Some(ClientTls { ca_pem: read(authority)?, identity, server_name: organization.peer_server_name.clone() }))
}

impl Fabric {
    /// Prepares the connections and begins to follow blocks; connections come about with the first call and come back
    /// by themselves.
    ///
    /// # Errors
    /// A file cannot be read or an address cannot be used. That a peer does not answer is no error here.
    pub fn connect(settings: &Settings, members: &Members) -> Result<Self, FabricError> {
        let deadline = Duration::from_millis(settings.limits.fabric_deadline_ms);
        let submit = Timeouts::default().submit.min(deadline);
        let timeouts = Timeouts { evaluate: deadline, endorse: deadline, submit, ..Timeouts::default() };
        let mut peers = BTreeMap::new();
        for organization in &settings.organizations {
            let msp_id = &organization.msp_id;
            let connection = Connection::lazy(&organization.peer, peer_tls(organization)?, CONNECT_WAIT)
                .map_err(|cause| FabricError::Peer { msp_id: msp_id.clone(), cause })?;
            let service = Gateway::new(connection.clone(), members.service().clone()).timeouts(timeouts);
            let writes = organization.role != Role::Regulator;
            let tracker = writes.then(|| CommitTracker::start(&service, &settings.channel, TrackerOptions::default()));
            peers.insert(msp_id.clone(), Peer { connection, service, tracker });
        }
        Ok(Self { channel: settings.channel.clone(), chaincode: settings.chaincode.clone(), peers, timeouts })
    }

    /// The connection of an organization without an identity of its own: everything comes signed.
    fn relay(&self, step: Step, msp_id: &str, creator: Vec<u8>) -> Result<Gateway, LedgerError> {
        let peer = self.peer(step, msp_id)?;
        Ok(Gateway::offline(peer.connection.clone(), creator).timeouts(self.timeouts))
    }

    fn peer(&self, step: Step, msp_id: &str) -> Result<&Peer, LedgerError> {
        self.peers.get(msp_id).ok_or_else(|| local(step, "", format!("no peer of {msp_id} is known")))
    }
}

impl Ledger for Fabric {
    fn propose(&self, creator: &CreatorIdentity, call: &Call) -> Result<Draft, LedgerError> {
        let identity = SerializedIdentity { mspid: creator.msp_id.clone(), id_bytes: creator.certificate_pem.clone() };
        let gateway = self.relay(Step::Propose, &creator.msp_id, identity.encode_to_vec())?;
        let mut proposal = gateway.contract(&self.channel, &self.chaincode).transaction(&call.function);
        if let Some(argument) = &call.argument {
            proposal = proposal.argument(argument.clone());
        }
        if let Some(beside) = call.beside.to_argument() {
            proposal = proposal.argument(beside);
        }
        if let Some(private) = &call.private {
            proposal = proposal.transient(PRIVATE, private.clone());
        }
        let proposal =
            proposal.endorsing(&call.endorsing).propose().map_err(|error| translate(Step::Propose, "", &error))?;
        Ok(Draft {
            transaction_id: proposal.transaction_id().to_owned(),
            bytes: proposal.bytes(),
            message: proposal.signing_input().to_vec(),
        })
    }

    fn evaluate<'a>(&'a self, msp_id: &'a str, proposal: &'a Draft, signature: &'a [u8]) -> LedgerFuture<'a, Vec<u8>> {
        Box::pin(async move {
            let failed = |error: &ClientError| translate(Step::Evaluate, &proposal.transaction_id, error);
            let gateway = self.relay(Step::Evaluate, msp_id, Vec::new())?;
            let proposal = gateway.proposal_from_bytes(&proposal.bytes).map_err(|error| failed(&error))?;
            proposal.with_signature(signature).evaluate().await.map_err(|error| failed(&error))
        })
    }

    fn endorse<'a>(&'a self, msp_id: &'a str, proposal: &'a Draft, signature: &'a [u8]) -> LedgerFuture<'a, Endorsed> {
        Box::pin(async move {
            let failed = |error: &ClientError| translate(Step::Endorse, &proposal.transaction_id, error);
            let gateway = self.relay(Step::Endorse, msp_id, Vec::new())?;
            let proposal = gateway.proposal_from_bytes(&proposal.bytes).map_err(|error| failed(&error))?;
            let proposal = proposal.with_signature(signature);
            let endorsed = proposal.endorse().await.map_err(|error| failed(&error))?;
            // Neither a managed key nor a caller may be brought to sign what was not proposed. Whether the endorsements
            // are good is for the ledger to say.
            verify_prepared(&proposal, &endorsed, None).map_err(|reason| LedgerError {
                step: Step::Endorse,
                transaction_id: proposal.transaction_id().to_owned(),
                cause: Cause::Altered(reason.to_string()),
                advice: Advice::Never,
                endorsers: Vec::new(),
            })?;
            let transaction = Draft {
                transaction_id: endorsed.transaction_id().to_owned(),
                bytes: endorsed.bytes(),
                message: endorsed.signing_input().to_vec(),
            };
            Ok(Endorsed { result: endorsed.result().to_vec(), transaction })
        })
    }

    fn attach_signature(&self, msp_id: &str, transaction: &Draft, signature: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let gateway = self.relay(Step::Submit, msp_id, Vec::new())?;
        let transaction_id = &transaction.transaction_id;
        let endorsed = gateway
            .transaction_from_bytes(&transaction.bytes)
            .map_err(|error| translate(Step::Submit, transaction_id, &error))?;
        Ok(endorsed.with_signature(signature).bytes())
    }

    fn submit<'a>(&'a self, msp_id: &'a str, transaction_id: &'a str, signed: &'a [u8]) -> LedgerFuture<'a, ()> {
        Box::pin(async move {
            let failed = |error: &ClientError| translate(Step::Submit, transaction_id, error);
            let gateway = self.relay(Step::Submit, msp_id, Vec::new())?;
            let transaction = gateway.transaction_from_bytes(signed).map_err(|error| failed(&error))?;
            transaction.submit().await.map(drop).map_err(|error| failed(&error))
        })
    }

    fn outcome<'a>(
        &'a self,
        msp_id: &'a str,
        transaction_id: &'a str,
        wait: Duration,
    ) -> LedgerFuture<'a, Option<Commit>> {
        Box::pin(async move {
            let peer = self.peer(Step::CommitStatus, msp_id)?;
            let question = peer.service.commit(&self.channel, transaction_id);
            let answered = match &peer.tracker {
                Some(tracker) if is_following(tracker) => follow(tracker, &question, wait).await,
                _ => question.status_within(wait).await,
            };
            match answered {
                Ok(status) => Ok(Some(Commit {
                    validation_code: status.code,
                    validation_name: status.code_name(),
                    block_number: status.block_number,
                })),
                Err(error) if error.failure() == Some(Failure::TimedOut) => Ok(None),
                Err(error) => Err(translate(Step::CommitStatus, transaction_id, &error)),
            }
        })
    }

    fn block<'a>(&'a self, msp_id: &'a str, number: u64) -> LedgerFuture<'a, Block> {
        Box::pin(async move {
            let peer = self.peer(Step::Block, msp_id)?;
            let read = async {
                let mut blocks = peer.service.blocks(&self.channel).start(Start::Block(number)).until(number).open()?;
                blocks.next().await.unwrap_or(Err(EventError::Ended))
            };
            let read = tokio::time::timeout(self.timeouts.evaluate, read).await;
            read.map_err(|_| unread(Failure::TimedOut, "no block came".to_owned(), Advice::RetryFreely))?.map_err(
                |error| match error.is_transient() {
                    true => unread(Failure::Unavailable, error.to_string(), Advice::RetryFreely),
                    false => unread(Failure::Other, error.to_string(), Advice::Never),
                },
            )
        })
    }

    fn done<'a>(&'a self, msp_id: &'a str, transaction_id: &'a str) -> LedgerFuture<'a, Option<Done>> {
        Box::pin(async move {
            let peer = self.peer(Step::CommitStatus, msp_id)?;
            let question = peer.service.contract(&self.channel, "qscc").transaction("GetTransactionByID");
            let question = question.argument(self.channel.as_str()).argument(transaction_id);
            let answer = question.evaluate().await;
            let bytes = answer.map_err(|error| translate(Step::CommitStatus, transaction_id, &error))?;
            let unreadable =
                |_| local(Step::CommitStatus, transaction_id, "the peer's transaction cannot be read".to_owned());
            done_by(&bytes).map_err(unreadable)
        })
    }

    fn blocks(&self, msp_id: &str) -> Option<Gateway> {
        self.peers.get(msp_id).map(|peer| peer.service.clone())
    }

    fn newest_block(&self, msp_id: &str) -> Option<u64> {
        self.peers.get(msp_id)?.tracker.as_ref()?.state().borrow().block_number
    }
}

/// What a processed transaction did; none when it is not valid.
fn done_by(processed: &[u8]) -> Result<Option<Done>, prost::DecodeError> {
    let processed = ProcessedTransaction::decode(processed)?;
    if processed.validation_code != 0 {
        return Ok(None);
    }
    let payload = Payload::decode(processed.transaction_envelope.unwrap_or_default().payload.as_slice())?;
    let transaction = Transaction::decode(payload.data.as_slice())?;
    let Some(action) = transaction.actions.first() else { return Ok(None) };
    let action = ChaincodeActionPayload::decode(action.payload.as_slice())?;
    let proposed = ChaincodeProposalPayload::decode(action.chaincode_proposal_payload.as_slice())?;
    let invocation = ChaincodeInvocationSpec::decode(proposed.input.as_slice())?;
    let arguments = invocation.chaincode_spec.unwrap_or_default().input.unwrap_or_default().args;
    let endorsed = action.action.unwrap_or_default().proposal_response_payload;
    let response = ProposalResponsePayload::decode(endorsed.as_slice())?;
    let done = ChaincodeAction::decode(response.extension.as_slice())?;
    Ok(Some(Done { arguments, result: done.response.unwrap_or_default().payload }))
}

fn is_following(tracker: &CommitTracker) -> bool {
    let state = tracker.state();
    let state = state.borrow();
    state.failure.is_none() && state.block_number.is_some()
}

/// Waits for the block; asks the peer when none came, because the block may be older than the stream, and when the
/// block holds a copy, because bytes that were submitted twice may stand in two blocks and the first one counts.
async fn follow(tracker: &CommitTracker, question: &Question, wait: Duration) -> Result<CommitStatus, ClientError> {
    match tracker.status(question.transaction_id(), wait).await {
        Ok(status) if status.code != DUPLICATE_TXID => Ok(status),
        _ => question.status_within(LAST_QUESTION).await,
    }
}

/// The client's error in the words of the seam.
fn translate(step: Step, transaction_id: &str, error: &ClientError) -> LedgerError {
    let step = match error.step() {
        Some(ClientStep::Evaluate) => Step::Evaluate,
        Some(ClientStep::Endorse) => Step::Endorse,
        Some(ClientStep::Submit) => Step::Submit,
        Some(ClientStep::CommitStatus) => Step::CommitStatus,
        _ => step,
    };
    let cause = match (error.failure(), error.call()) {
        (Some(Failure::Refused { status, message }), _) => Cause::Contract { status, message },
        (Some(failure), Some(call)) => {
            Cause::Network { failure, message: format!("{:?}: {}", call.code, call.message) }
        }
        _ => Cause::Local(error.to_string()),
    };
    let endorsers = error
        .details()
        .iter()
        .map(|detail| EndorserMessage { msp_id: detail.msp_id.clone(), message: detail.message.clone() })
        .collect();
    let transaction_id = error.transaction_id().filter(|id| !id.is_empty()).unwrap_or(transaction_id).to_owned();
    LedgerError { step, transaction_id, cause, advice: error.advice(), endorsers }
}

/// A block that could not be read.
fn unread(failure: Failure, message: String, advice: Advice) -> LedgerError {
    let cause = Cause::Network { failure, message };
    LedgerError { step: Step::Block, transaction_id: String::new(), cause, advice, endorsers: Vec::new() }
}

fn local(step: Step, transaction_id: &str, reason: String) -> LedgerError {
    let (transaction_id, cause) = (transaction_id.to_owned(), Cause::Local(reason));
    LedgerError { step, transaction_id, cause, advice: Advice::Never, endorsers: Vec::new() }
}
