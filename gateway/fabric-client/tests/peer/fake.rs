//! A peer, and an orderer, that record what they are sent and answer what a test has put in. It endorses for real: its
//! transactions carry signatures that can be verified.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use fabric_client::{Connection, Gateway, Resubmission, Timeouts};
use fabric_config::transaction;
use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_msp::{
    msp::{Msp, MspManager},
    signer::{Signer, SigningIdentity},
    transport::{self, ServerTls},
};
use fabric_protos::{
    common::{Envelope, Header, Payload},
    gateway::{
        ChaincodeEventsRequest, ChaincodeEventsResponse, CommitStatusResponse, EndorseRequest, EndorseResponse,
        ErrorDetail, EvaluateRequest, EvaluateResponse, SignedChaincodeEventsRequest, SignedCommitStatusRequest,
        SubmitRequest, SubmitResponse, gateway_server,
    },
    google::rpc,
    kvrwset::{HashedRwSet, KvMetadataWrite, KvWrite, KvWriteHash, KvrwSet},
    msp::FabricMspConfig,
    orderer::{self, BroadcastResponse, SeekInfo, atomic_broadcast_server, seek_position},
    protos::{
        self, ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeId, DeliverResponse,
        Endorsement, FilteredBlock, Proposal, ProposalResponse, ProposalResponsePayload, SignedProposal,
        TransactionAction, deliver_response::Type, deliver_server, endorser_server,
    },
    rwset::{CollectionHashedReadWriteSet, NsReadWriteSet, TxReadWriteSet},
};
use prost::Message;
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tonic::{Code, Request, Response, Status, Streaming};

use crate::Outcome;

/// What to answer to one call.
pub(crate) enum Answer<T> {
    Give(T),
    Fail(Status),
    Hang,
}

/// What to put into one stream: messages, and how it ends.
pub(crate) struct Script<T> {
    pub(crate) messages: Vec<T>,
    pub(crate) end: End,
}

pub(crate) enum End {
    Close,
    Fail(Status),
    Stay,
}

/// What a test can put in, and look at afterwards. An empty queue answers that all is well.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) evaluate: Queue<Answer<Vec<u8>>>,
    pub(crate) endorse: Queue<Answer<()>>,
    pub(crate) submit: Queue<Answer<()>>,
    pub(crate) commit_status: Queue<Answer<i32>>,
    pub(crate) propose: Queue<protos::Response>,
    pub(crate) chaincode_events: Queue<Script<ChaincodeEventsResponse>>,
    pub(crate) blocks: Queue<Script<DeliverResponse>>,
    /// The newest block, which is shown when nothing else was put in; none is.
    pub(crate) newest: Mutex<Option<u64>>,
    pub(crate) broadcast: Queue<Option<BroadcastResponse>>,
    pub(crate) ordered: Queue<Script<orderer::DeliverResponse>>,
    pub(crate) seen: Mutex<Seen>,
}

#[derive(Default, Clone)]
pub(crate) struct Seen {
    pub(crate) evaluated: Vec<EvaluateRequest>,
    pub(crate) submitted: Vec<SubmitRequest>,
    pub(crate) asked: Vec<SignedCommitStatusRequest>,
    pub(crate) seeks: Vec<SeekInfo>,
    pub(crate) event_questions: Vec<ChaincodeEventsRequest>,
    pub(crate) endorsed: Vec<EndorseRequest>,
    pub(crate) broadcast: Vec<Envelope>,
}

type Queue<T> = Mutex<VecDeque<T>>;

/// A running fake and the network that it pretends to be.
pub(crate) struct Peer {
    pub(crate) address: String,
    pub(crate) told: Arc<Told>,
    pub(crate) network: Network,
    server: tokio::task::JoinHandle<()>,
}

/// Two organizations with a peer each, and a user of the first.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) user: Arc<SigningIdentity>,
    pub(crate) peers: Vec<Arc<SigningIdentity>>,
    configs: Vec<FabricMspConfig>,
}

pub(crate) const BLOCK: u64 = 7;
pub(crate) const RESULT: &[u8] = b"{\"id\":\"rec-1\"}";

impl Peer {
    pub(crate) async fn start() -> Outcome<Self> {
        Self::start_with(None).await
    }

    pub(crate) async fn start_with(tls: Option<ServerTls>) -> Outcome<Self> {
        Self::start_at("127.0.0.1:0", tls).await
    }

    pub(crate) async fn start_at(address: &str, tls: Option<ServerTls>) -> Outcome<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?.to_string();
        let (told, network) = (Arc::new(Told::default()), Network::new()?);
        let fake = Fake { told: Arc::clone(&told), peers: network.peers.clone() };
        let limit = fabric_protos::MAX_MESSAGE_BYTES;
        let gateway = gateway_server::GatewayServer::new(fake.clone());
        let router = transport::server()
            .add_service(gateway.max_decoding_message_size(limit).max_encoding_message_size(limit))
            .add_service(deliver_server::DeliverServer::new(fake.clone()))
            .add_service(endorser_server::EndorserServer::new(fake.clone()))
            .add_service(atomic_broadcast_server::AtomicBroadcastServer::new(fake));
        let incoming = transport::incoming(listener, tls.as_ref())?;
        let server = tokio::spawn(async move {
            router.serve_with_incoming(incoming).await.expect("the fake peer serves until it is stopped");
        });
        Ok(Self { address, told, network, server })
    }

    pub(crate) fn connection(&self) -> Outcome<Connection> {
        Ok(Connection::lazy(&self.address, None, Duration::from_secs(5))?)
    }

    /// A gateway of the user with waits that suit tests.
    pub(crate) fn gateway(&self) -> Outcome<Gateway> {
        let user: Arc<dyn Signer> = self.network.user.clone();
        Ok(impatient(Gateway::new(self.connection()?, user)))
    }

    /// A gateway for the user, who signs elsewhere.
    pub(crate) fn offline(&self) -> Outcome<Gateway> {
        Ok(impatient(Gateway::offline(self.connection()?, self.network.user.creator().to_vec())))
    }

    pub(crate) fn seen(&self) -> Seen {
        lock(&self.told.seen).clone()
    }

    pub(crate) fn stop(&self) {
        self.server.abort();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn impatient(gateway: Gateway) -> Gateway {
    let step = Duration::from_millis(300);
    gateway
        .timeouts(Timeouts { evaluate: step, endorse: step, submit: step, commit_status: step })
        .resubmission(Resubmission { wait: step, attempts: 3, pause: Duration::from_millis(100) })
}

impl Network {
    fn new() -> Outcome<Self> {
        let mut configs = Vec::new();
        let mut peers = Vec::new();
        let mut user = None;
        for msp_id in ["ExporterMSP", "ImporterMSP"] {
            let (authority, _) = Authority::create(&CertificateRequest::authority("ca", msp_id))?;
            let peer = authority.issue(&CertificateRequest::identity("peer0", &["peer"]))?;
            let admins = vec![peer.certificate.pem().to_vec()];
            peers.push(Arc::new(peer.signer(msp_id)?));
            if user.is_none() {
                let issued = authority.issue(&CertificateRequest::identity("user", &["client"]))?;
                user = Some(Arc::new(issued.signer(msp_id)?));
            }
            let root_certs = vec![authority.certificate().pem().to_vec()];
            let name = msp_id.to_owned();
            configs.push(FabricMspConfig { name, root_certs, admins, ..FabricMspConfig::default() });
        }
        Ok(Self { user: user.ok_or("no organization")?, peers, configs })
    }

    pub(crate) fn msps(&self) -> Outcome<MspManager> {
        let msps: Result<Vec<Msp>, _> = self.configs.iter().map(Msp::from_config).collect();
        Ok(MspManager::new(msps?))
    }
}

/// Puts answers in.
pub(crate) fn tell<T>(queue: &Queue<T>, answers: impl IntoIterator<Item = T>) {
    lock(queue).extend(answers);
}

/// An error with what two peers said.
pub(crate) fn status(code: Code, message: &str, details: &[&str]) -> Status {
    let details = details.iter().enumerate().map(|(index, text)| {
        let detail = ErrorDetail {
            address: format!("peer{index}.example:7051"),
            msp_id: ["ExporterMSP", "ImporterMSP"][index % 2].to_owned(),
            message: (*text).to_owned(),
        };
        prost_types::Any { type_url: "type.googleapis.com/gateway.ErrorDetail".into(), value: detail.encode_to_vec() }
    });
    let encoded = rpc::Status { code: code as i32, message: message.to_owned(), details: details.collect() };
    Status::with_details(code, message, encoded.encode_to_vec().into())
}

/// Polls until `holds`, at most five seconds.
pub(crate) async fn until(holds: impl Fn() -> bool) -> Outcome {
    for _ in 0..500 {
        if holds() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err("it did not come true within 5 s".into())
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no test panics while it holds the lock")
}

/// What a peer's endorser answers to a proposal.
pub(crate) fn endorsement(proposal: &[u8], peer: &SigningIdentity) -> Result<ProposalResponse, Status> {
    let unreadable = |error: prost::DecodeError| Status::invalid_argument(error.to_string());
    let proposal = Proposal::decode(proposal).map_err(unreadable)?;
    let header = Header::decode(proposal.header.as_slice()).map_err(unreadable)?;
    let public = transaction::without_transient(&proposal.payload).map_err(unreadable)?;
    let response = protos::Response { status: 200, message: String::new(), payload: RESULT.to_vec() };
    let action = ChaincodeAction {
        results: read_write_set(),
        response: Some(response.clone()),
        chaincode_id: Some(ChaincodeId { name: "entrepot".to_owned(), ..ChaincodeId::default() }),
        ..ChaincodeAction::default()
    };
    let hash = transaction::proposal_hash(&header.channel_header, &header.signature_header, &public);
    let payload =
        ProposalResponsePayload { proposal_hash: hash.to_vec(), extension: action.encode_to_vec() }.encode_to_vec();
    let signed = [payload.as_slice(), peer.creator()].concat();
    let signature = peer.sign(&signed).map_err(|error| Status::internal(error.to_string()))?;
    let endorsement = Endorsement { endorser: peer.creator().to_vec(), signature };
    Ok(ProposalResponse { response: Some(response), payload, endorsement: Some(endorsement), ..Default::default() })
}

/// A public write, a key with a policy of its own, a private write, and a namespace that is only read.
fn read_write_set() -> Vec<u8> {
    let public = KvrwSet {
        writes: vec![KvWrite { key: "item/1".to_owned(), value: RESULT.to_vec(), is_delete: false }],
        metadata_writes: vec![KvMetadataWrite { key: "item/1".to_owned(), entries: Vec::new() }],
        ..KvrwSet::default()
    };
    let hashed = HashedRwSet { hashed_writes: vec![KvWriteHash::default()], ..HashedRwSet::default() };
    let collection = CollectionHashedReadWriteSet {
        collection_name: "_implicit_org_ExporterMSP".to_owned(),
        hashed_rwset: hashed.encode_to_vec(),
        ..CollectionHashedReadWriteSet::default()
    };
    let written = NsReadWriteSet {
        namespace: "entrepot".to_owned(),
        rwset: public.encode_to_vec(),
        collection_hashed_rwset: vec![collection],
    };
    let read = NsReadWriteSet { namespace: "_lifecycle".to_owned(), ..NsReadWriteSet::default() };
    TxReadWriteSet { ns_rwset: vec![read, written], ..TxReadWriteSet::default() }.encode_to_vec()
}

#[derive(Clone)]
struct Fake {
    told: Arc<Told>,
    peers: Vec<Arc<SigningIdentity>>,
}

impl Fake {
    /// A transaction as a gateway makes it, endorsed by all peers.
    fn envelope(&self, proposal_bytes: &[u8]) -> Result<Envelope, Status> {
        let unreadable = |error: prost::DecodeError| Status::invalid_argument(error.to_string());
        let proposal = Proposal::decode(proposal_bytes).map_err(unreadable)?;
        let header = Header::decode(proposal.header.as_slice()).map_err(unreadable)?;
        let responses: Result<Vec<_>, _> = self.peers.iter().map(|peer| endorsement(proposal_bytes, peer)).collect();
        let responses = responses?;
        let action = ChaincodeActionPayload {
            chaincode_proposal_payload: transaction::without_transient(&proposal.payload).map_err(unreadable)?,
            action: Some(ChaincodeEndorsedAction {
                proposal_response_payload: responses[0].payload.clone(),
                endorsements: responses.into_iter().filter_map(|response| response.endorsement).collect(),
            }),
        };
        let action = TransactionAction { header: header.signature_header.clone(), payload: action.encode_to_vec() };
        let data = protos::Transaction { actions: vec![action] }.encode_to_vec();
        let payload = Payload { header: Some(header), data }.encode_to_vec();
        Ok(Envelope { payload, signature: Vec::new() })
    }
}

async fn answer<T>(queue: &Queue<Answer<T>>, otherwise: T) -> Result<T, Status> {
    let next = lock(queue).pop_front();
    match next {
        None => Ok(otherwise),
        Some(Answer::Give(value)) => Ok(value),
        Some(Answer::Fail(status)) => Err(status),
        Some(Answer::Hang) => std::future::pending().await,
    }
}

type Stream_<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn play<T: Send + 'static>(queue: &Queue<Script<T>>) -> Stream_<T> {
    let next = lock(queue).pop_front();
    let Script { messages, end } = next.unwrap_or(Script { messages: Vec::new(), end: End::Stay });
    let messages = tokio_stream::iter(messages.into_iter().map(Ok));
    match end {
        End::Close => Box::pin(messages),
        End::Fail(status) => Box::pin(messages.chain(tokio_stream::once(Err(status)))),
        End::Stay => Box::pin(messages.chain(tokio_stream::pending())),
    }
}

#[tonic::async_trait]
impl gateway_server::Gateway for Fake {
    type ChaincodeEventsStream = Stream_<ChaincodeEventsResponse>;

    async fn evaluate(&self, request: Request<EvaluateRequest>) -> Result<Response<EvaluateResponse>, Status> {
        lock(&self.told.seen).evaluated.push(request.into_inner());
        let payload = answer(&self.told.evaluate, RESULT.to_vec()).await?;
        let result = protos::Response { status: 200, message: String::new(), payload };
        Ok(Response::new(EvaluateResponse { result: Some(result) }))
    }

    async fn endorse(&self, request: Request<EndorseRequest>) -> Result<Response<EndorseResponse>, Status> {
        lock(&self.told.seen).endorsed.push(request.get_ref().clone());
        answer(&self.told.endorse, ()).await?;
        let proposal = request.into_inner().proposed_transaction.unwrap_or_default().proposal_bytes;
        Ok(Response::new(EndorseResponse { prepared_transaction: Some(self.envelope(&proposal)?) }))
    }

    async fn submit(&self, request: Request<SubmitRequest>) -> Result<Response<SubmitResponse>, Status> {
        lock(&self.told.seen).submitted.push(request.into_inner());
        answer(&self.told.submit, ()).await?;
        Ok(Response::new(SubmitResponse {}))
    }

    async fn commit_status(
        &self,
        request: Request<SignedCommitStatusRequest>,
    ) -> Result<Response<CommitStatusResponse>, Status> {
        lock(&self.told.seen).asked.push(request.into_inner());
        let result = answer(&self.told.commit_status, 0).await?;
        Ok(Response::new(CommitStatusResponse { result, block_number: BLOCK }))
    }

    async fn chaincode_events(
        &self,
        request: Request<SignedChaincodeEventsRequest>,
    ) -> Result<Response<Self::ChaincodeEventsStream>, Status> {
        let question = ChaincodeEventsRequest::decode(request.into_inner().request.as_slice());
        lock(&self.told.seen)
            .event_questions
            .push(question.map_err(|error| Status::invalid_argument(error.to_string()))?);
        Ok(Response::new(play(&self.told.chaincode_events)))
    }
}

impl Fake {
    async fn deliver_any(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Stream_<DeliverResponse>>, Status> {
        let seek = self.note_seek(request).await?;
        let newest = *lock(&self.told.newest);
        if let Some(newest) = newest.filter(|_| lock(&self.told.blocks).is_empty()) {
            let is_there = match seek.start.and_then(|start| start.r#type) {
                Some(seek_position::Type::Specified(at)) => at.number <= newest,
                _ => true,
            };
            let block = FilteredBlock { number: newest, ..FilteredBlock::default() };
            let message = DeliverResponse { r#type: Some(Type::FilteredBlock(block)) };
            let shown = tokio_stream::iter(is_there.then_some(Ok(message)));
            return Ok(Response::new(Box::pin(shown.chain(tokio_stream::pending()))));
        }
        Ok(Response::new(play(&self.told.blocks)))
    }

    async fn note_seek(&self, request: Request<Streaming<Envelope>>) -> Result<SeekInfo, Status> {
        let envelope = request.into_inner().message().await?.unwrap_or_default();
        let unreadable = |error: prost::DecodeError| Status::invalid_argument(error.to_string());
        let payload = Payload::decode(envelope.payload.as_slice()).map_err(unreadable)?;
        let seek = SeekInfo::decode(payload.data.as_slice()).map_err(unreadable)?;
        lock(&self.told.seen).seeks.push(seek);
        Ok(seek)
    }
}

#[tonic::async_trait]
impl deliver_server::Deliver for Fake {
    type DeliverStream = Stream_<DeliverResponse>;
    type DeliverFilteredStream = Stream_<DeliverResponse>;
    type DeliverWithPrivateDataStream = Stream_<DeliverResponse>;

    async fn deliver(&self, request: Request<Streaming<Envelope>>) -> Result<Response<Self::DeliverStream>, Status> {
        self.deliver_any(request).await
    }

    async fn deliver_filtered(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::DeliverFilteredStream>, Status> {
        self.deliver_any(request).await
    }

    async fn deliver_with_private_data(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::DeliverWithPrivateDataStream>, Status> {
        self.deliver_any(request).await
    }
}

#[tonic::async_trait]
impl endorser_server::Endorser for Fake {
    async fn process_proposal(&self, request: Request<SignedProposal>) -> Result<Response<ProposalResponse>, Status> {
        let refusal = lock(&self.told.propose).pop_front();
        if let Some(response) = refusal {
            return Ok(Response::new(ProposalResponse { response: Some(response), ..ProposalResponse::default() }));
        }
        Ok(Response::new(endorsement(&request.into_inner().proposal_bytes, &self.peers[0])?))
    }
}

#[tonic::async_trait]
impl atomic_broadcast_server::AtomicBroadcast for Fake {
    type BroadcastStream = Stream_<BroadcastResponse>;
    type DeliverStream = Stream_<orderer::DeliverResponse>;

    async fn broadcast(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::BroadcastStream>, Status> {
        let envelope = request.into_inner().message().await?.unwrap_or_default();
        lock(&self.told.seen).broadcast.push(envelope);
        let success = BroadcastResponse { status: 200, info: String::new() };
        let response = lock(&self.told.broadcast).pop_front().unwrap_or(Some(success));
        Ok(Response::new(Box::pin(tokio_stream::iter(response.map(Ok)))))
    }

    async fn deliver(&self, request: Request<Streaming<Envelope>>) -> Result<Response<Self::DeliverStream>, Status> {
        self.note_seek(request).await?;
        Ok(Response::new(play(&self.told.ordered)))
    }
}
