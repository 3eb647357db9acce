//! Fabric behind the seam of [`crate::ledger`]: each caller's steps go to a peer of the caller's organization, to the
//! first that is up. What may be asked twice is asked of the next one when a peer does not answer. A signed transaction
//! is handed to one peer only: what has become of it is asked of the peers, before it is handed over again.
//!
//! Outcomes are learnt under the gateway's own identity, so that a caller who signs signs twice and not three times:
//! from one stream of filtered blocks for each peer, and by a question only where the stream cannot tell.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use fabric_client::{
    Advice, ClientError, Commit as Question, CommitStatus, CommitTracker, Connection, EndorserClient, Failure, Gateway,
    Peers, Start, Step as ClientStep, Timeouts,
    endorser::EndorserError,
    events::EventError,
    peers::{PeersOptions, Standing, Verdict},
    tracker::TrackerOptions,
    verify_prepared,
};
use fabric_msp::{
    private::{self, KeyFileError},
    transport::{ClientTls, TransportError},
};
use fabric_protos::{
    common::{Block, Payload, SignatureHeader},
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
        Call, Cause, Commit, CreatorIdentity, Done, Draft, Endorsed, EndorserMessage, Evaluated, Ledger, LedgerError,
        LedgerFuture, Step,
    },
    members::Members,
    proof,
    settings::{ClientKeys, FurtherPeer, Role, Settings},
};

/// How long a connection may take to come about.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// How long a peer may take to look a transaction up.
const LAST_QUESTION: Duration = Duration::from_secs(1);

/// Fabric's code for a transaction id that was seen before.
const DUPLICATE_TXID: i32 = 9;

/// One channel of a Fabric network, through the peers of each organization.
pub struct Fabric {
    channel: String,
    chaincode: String,
    organizations: BTreeMap<String, OwnPeers>,
    timeouts: Timeouts,
}

/// The peers of one organization.
struct OwnPeers {
    /// Their connections, used as the gateway's own identity.
    services: Peers,
    /// What became of transactions since the gateway runs, for each peer by its number. A regulator's peers have none,
    /// since nothing is submitted through them, unless the index reads there: how far that is behind is counted by it.
    trackers: Vec<CommitTracker>,
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

/// How a peer of an organization is known, and what is shown to it; none for a peer without TLS.
fn peer_tls(msp_id: &str, peer: &FurtherPeer) -> Result<Option<ClientTls>, FabricError> {
    let Some(authority) = &peer.peer_tls_ca else { return Ok(None) };
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|cause| FabricError::Certificate {
            msp_id: msp_id.to_owned(),
            path: path.clone(),
            cause,
        })
    };
    let identity = match &peer.peer_tls_client {
        None => None,
        Some(ClientKeys { certificate, key }) => {
            let key = private::read_key(key).map_err(|cause| FabricError::Key { msp_id: msp_id.to_owned(), cause })?;
            Some((read(certificate)?, key))
        }
    };
    Ok(Some(ClientTls { ca_pem: read(authority)?, identity, server_name: peer.peer_server_name.clone() }))
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
        let mut organizations = BTreeMap::new();
        for organization in &settings.organizations {
            let mut services = Vec::new();
            for peer in organization.peers() {
                let connection = connection(&organization.msp_id, &peer)?;
                let service = Gateway::new(connection, members.service().clone()).timeouts(timeouts);
                services.push((service, peer.peer_operations));
            }
            let is_served = organization.msp_id == settings.service.msp_id;
            if is_served && let Some((_, operations)) = services.first_mut() {
                operations.clone_from(&settings.service.peer_operations);
            }
            let own = own_peers(services, organization.role != Role::Regulator || is_served, &settings.channel);
            organizations.extend(own.map(|own| (organization.msp_id.clone(), own)));
        }
        Ok(Self { channel: settings.channel.clone(), chaincode: settings.chaincode.clone(), organizations, timeouts })
    }

    /// A peer's connection without an identity of its own: everything comes signed.
    fn relay(&self, service: &Gateway, creator: Vec<u8>) -> Gateway {
        Gateway::offline(service.connection().clone(), creator).timeouts(self.timeouts)
    }

    fn peers(&self, step: Step, msp_id: &str) -> Result<&OwnPeers, LedgerError> {
        self.organizations.get(msp_id).ok_or_else(|| local(step, "", format!("no peer of {msp_id} is known")))
    }
}

fn connection(msp_id: &str, peer: &FurtherPeer) -> Result<Connection, FabricError> {
    Connection::lazy(&peer.peer, peer_tls(msp_id, peer)?, CONNECT_WAIT)
        .map_err(|cause| FabricError::Peer { msp_id: msp_id.to_owned(), cause })
}

/// Begins to look at peers and, where it is wanted, to follow their blocks; none without a peer.
fn own_peers(services: Vec<(Gateway, Option<String>)>, tracked: bool, channel: &str) -> Option<OwnPeers> {
    let track = |(service, _): &(Gateway, _)| CommitTracker::start(service, channel, TrackerOptions::default());
    let trackers = services.iter().filter(|_| tracked).map(track).collect();
    let mut services = services.into_iter();
    let services = Peers::watched(services.next()?, services, channel, PeersOptions::default());
    Some(OwnPeers { services, trackers })
}

impl Ledger for Fabric {
    fn propose(&self, creator: &CreatorIdentity, call: &Call) -> Result<Draft, LedgerError> {
        let identity = SerializedIdentity { mspid: creator.msp_id.clone(), id_bytes: creator.certificate_pem.clone() };
        let (_, service) = self.peers(Step::Propose, &creator.msp_id)?.services.preferred();
        let gateway = self.relay(&service, identity.encode_to_vec());
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
            let evaluate = |_, service: Gateway| async move {
                let gateway = self.relay(&service, Vec::new());
                gateway.proposal_from_bytes(&proposal.bytes)?.with_signature(signature).evaluate().await
            };
            let answer = self.peers(Step::Evaluate, msp_id)?.services.ask(evaluate).await;
            answer.map_err(|error| failed(&error))
        })
    }

    fn evaluate_reads<'a>(
        &'a self,
        msp_id: &'a str,
        proposal: &'a Draft,
        signature: &'a [u8],
    ) -> LedgerFuture<'a, Evaluated> {
        Box::pin(async move {
            let id = proposal.transaction_id.as_str();
            let evaluate = |_, service: Gateway| async move {
                let failed = |error: ClientError| translate(Step::Evaluate, id, &error);
                let proposal = self.relay(&service, Vec::new()).proposal_from_bytes(&proposal.bytes).map_err(failed)?;
                // Past the peer's gateway service, which does not tell what was read.
                let endorser = EndorserClient::new(service.connection().clone()).limit(self.timeouts.evaluate);
                let endorsed = endorser.endorse(&proposal.with_signature(signature)).await;
                let endorsed = endorsed.map_err(|error| unendorsed(id, error))?;
                let unreadable = |_| local(Step::Evaluate, id, "the peer's answer cannot be read".to_owned());
                proof::evaluated(&endorsed, msp_id, &self.chaincode).map_err(unreadable)
            };
            self.peers(Step::Evaluate, msp_id)?.services.ask_while(evaluate, verdict).await
        })
    }

    fn endorse<'a>(&'a self, msp_id: &'a str, proposal: &'a Draft, signature: &'a [u8]) -> LedgerFuture<'a, Endorsed> {
        Box::pin(async move {
            let failed = |error: &ClientError| translate(Step::Endorse, &proposal.transaction_id, error);
            // The same signed proposal may be endorsed by any number of peers: nothing is written.
            let endorse = |_, service: Gateway| async move {
                let gateway = self.relay(&service, Vec::new());
                let proposal = gateway.proposal_from_bytes(&proposal.bytes)?.with_signature(signature);
                let endorsed = proposal.endorse().await?;
                Ok::<_, ClientError>((proposal, endorsed))
            };
            let endorsed = self.peers(Step::Endorse, msp_id)?.services.ask(endorse).await;
            let (proposal, endorsed) = endorsed.map_err(|error| failed(&error))?;
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
        let (_, service) = self.peers(Step::Submit, msp_id)?.services.preferred();
        let gateway = self.relay(&service, Vec::new());
        let transaction_id = &transaction.transaction_id;
        let endorsed = gateway
            .transaction_from_bytes(&transaction.bytes)
            .map_err(|error| translate(Step::Submit, transaction_id, &error))?;
        Ok(endorsed.with_signature(signature).bytes())
    }

    fn submit<'a>(&'a self, msp_id: &'a str, transaction_id: &'a str, signed: &'a [u8]) -> LedgerFuture<'a, ()> {
        Box::pin(async move {
            let failed = |error: &ClientError| translate(Step::Submit, transaction_id, error);
            let submit = |_, service: Gateway| async move {
                self.relay(&service, Vec::new()).transaction_from_bytes(signed)?.submit().await.map(drop)
            };
            let submitted = self.peers(Step::Submit, msp_id)?.services.hand_over(submit).await;
            submitted.map_err(|error| failed(&error))
        })
    }

    fn outcome<'a>(
        &'a self,
        msp_id: &'a str,
        transaction_id: &'a str,
        wait: Duration,
    ) -> LedgerFuture<'a, Option<Commit>> {
        Box::pin(async move {
            let OwnPeers { services, trackers } = self.peers(Step::CommitStatus, msp_id)?;
            let deadline = Instant::now() + wait;
            let answered = services.ask(|number, service: Gateway| async move {
                let question = service.commit(&self.channel, transaction_id);
                // The next peer is asked, too, when the time was spent waiting for the one before.
                let wait = deadline.saturating_duration_since(Instant::now()).max(wait.min(LAST_QUESTION));
                match trackers.get(number) {
                    Some(tracker) if is_following(tracker) => follow(tracker, &question, wait).await,
                    _ => question.status_within(wait).await,
                }
            });
            match answered.await {
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
            let read = |_, service: Gateway| async move {
                let read = async {
                    let blocks = service.blocks(&self.channel);
                    let mut blocks = blocks.start(Start::Block(number)).until(number).open()?;
                    blocks.next().await.unwrap_or(Err(EventError::Ended))
                };
                let read = tokio::time::timeout(self.timeouts.evaluate, read).await;
                read.map_err(|_| unread(Failure::TimedOut, "no block came".to_owned(), Advice::RetryFreely))?.map_err(
                    |error| match error.is_transient() {
                        true => unread(Failure::Unavailable, error.to_string(), Advice::RetryFreely),
                        false => unread(Failure::Other, error.to_string(), Advice::Never),
                    },
                )
            };
            self.peers(Step::Block, msp_id)?.services.ask_while(read, verdict).await
        })
    }

    fn done<'a>(&'a self, msp_id: &'a str, transaction_id: &'a str) -> LedgerFuture<'a, Option<Done>> {
        Box::pin(async move {
            let ask = |_, service: Gateway| async move {
                let question = service.contract(&self.channel, "qscc").transaction("GetTransactionByID");
                question.argument(self.channel.as_str()).argument(transaction_id).evaluate().await
            };
            let answer = self.peers(Step::CommitStatus, msp_id)?.services.ask(ask).await;
            let bytes = answer.map_err(|error| translate(Step::CommitStatus, transaction_id, &error))?;
            let unreadable =
                |_| local(Step::CommitStatus, transaction_id, "the peer's transaction cannot be read".to_owned());
            done_by(&bytes).map_err(unreadable)
        })
    }

    fn blocks(&self, msp_id: &str) -> Option<Peers> {
        self.organizations.get(msp_id).map(|own| own.services.clone())
    }

    fn newest_block(&self, msp_id: &str) -> Option<u64> {
        let trackers = &self.organizations.get(msp_id)?.trackers;
        trackers.iter().filter_map(|tracker| tracker.state().borrow().block_number).max()
    }

    fn standings(&self) -> Vec<(String, Standing)> {
        let standing = |own: &OwnPeers| own.services.standing().borrow().clone();
        self.organizations.iter().map(|(msp_id, own)| (msp_id.clone(), standing(own))).collect()
    }
}

/// What a processed transaction did; none when it is not valid.
fn done_by(processed: &[u8]) -> Result<Option<Done>, prost::DecodeError> {
    let processed = ProcessedTransaction::decode(processed)?;
    if processed.validation_code != 0 {
        return Ok(None);
    }
    let payload = Payload::decode(processed.transaction_envelope.unwrap_or_default().payload.as_slice())?;
    let signature_header = payload.header.unwrap_or_default().signature_header;
    let creator = SignatureHeader::decode(signature_header.as_slice())?.creator;
    let msp_id = SerializedIdentity::decode(creator.as_slice())?.mspid;
    let transaction = Transaction::decode(payload.data.as_slice())?;
    let Some(action) = transaction.actions.first() else { return Ok(None) };
    let action = ChaincodeActionPayload::decode(action.payload.as_slice())?;
    let proposed = ChaincodeProposalPayload::decode(action.chaincode_proposal_payload.as_slice())?;
    let invocation = ChaincodeInvocationSpec::decode(proposed.input.as_slice())?;
    let arguments = invocation.chaincode_spec.unwrap_or_default().input.unwrap_or_default().args;
    let endorsed = action.action.unwrap_or_default().proposal_response_payload;
    let response = ProposalResponsePayload::decode(endorsed.as_slice())?;
    let done = ChaincodeAction::decode(response.extension.as_slice())?;
    Ok(Some(Done { msp_id, arguments, result: done.response.unwrap_or_default().payload }))
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

/// What an endorser's failure is called at the seam.
fn unendorsed(transaction_id: &str, error: EndorserError) -> LedgerError {
    let (cause, advice) = match error {
        EndorserError::Refused { status, message } => {
            (Cause::Contract { status: u16::try_from(status).unwrap_or(500), message }, Advice::Never)
        }
        EndorserError::Call(call) => {
            let message = format!("{:?}: {}", call.code, call.message);
            (Cause::Network { failure: call.failure(), message }, call.advice())
        }
        other => (Cause::Local(other.to_string()), Advice::Never),
    };
    let transaction_id = transaction_id.to_owned();
    LedgerError { step: Step::Evaluate, transaction_id, cause, advice, endorsers: Vec::new() }
}

/// Whether another peer may do better.
fn verdict(error: &LedgerError) -> Verdict {
    if error.is_final() { Verdict::Answered } else { Verdict::Next }
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
