//! The real seam: a gateway whose peers are a gRPC server with Fabric's gateway service. The server endorses what it is
//! given with a fixed answer and checks every signature.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use fabric_config::transaction;
use fabric_msp::certificate::Certificate;
use fabric_protos::{
    common::{ChannelHeader, Envelope, Header, Payload, SignatureHeader},
    gateway::{
        ChaincodeEventsResponse, CommitStatusRequest, CommitStatusResponse, EndorseRequest, EndorseResponse,
        ErrorDetail, EvaluateRequest, EvaluateResponse, SignedChaincodeEventsRequest, SignedCommitStatusRequest,
        SubmitRequest, SubmitResponse,
        gateway_server::{Gateway as GatewayService, GatewayServer},
    },
    google::rpc,
    msp::SerializedIdentity,
    protos::{
        ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeId, ChaincodeInvocationSpec,
        ChaincodeProposalPayload, Endorsement, Proposal, ProposalResponsePayload, Response, SignedProposal,
        Transaction, TransactionAction,
    },
};
use prost::Message;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tonic::{Request, Status, transport::server::TcpIncoming};
use trade_gateway::{fabric::Fabric, members::Members, settings::Settings};

use crate::{
    TestResult,
    double::Double,
    organizations::{EXPORTER, Gateway, IMPORTER, Organizations, REGULATOR, signer},
    writing::{evidence, invoice, opening},
};

type Answer<T> = Result<tonic::Response<T>, Status>;

/// One peer for everybody.
#[derive(Clone, Default)]
pub(crate) struct Peer {
    seen: Arc<Mutex<Seen>>,
    /// The transactions that the orderer has; peers of one channel share them.
    ordered: Arc<Mutex<BTreeSet<String>>>,
}

#[derive(Default)]
pub(crate) struct Seen {
    /// Function, creator's MSP id and names of transient fields, in the order of evaluations and endorsements.
    pub(crate) calls: Vec<(String, String, Vec<String>)>,
    endorsing: Vec<String>,
    pub(crate) submitted: BTreeMap<String, Vec<Envelope>>,
    /// The transactions whose status was asked for.
    pub(crate) asked: Vec<String>,
    /// Answers nothing any more, once it has taken the next submission in.
    pub(crate) goes_with_submission: bool,
    /// Answers nothing any more.
    pub(crate) away: bool,
    /// How many submissions are taken in and answered with an error.
    lose_answers: usize,
    /// What the next submission is answered with, though it is taken in.
    answer_submission: Option<Status>,
    refuse: Option<Status>,
    /// Prepares a transaction with the private input in the open.
    leak: bool,
    /// Prepares a transaction for another call.
    alter: bool,
}

/// A proposal whose signature holds.
struct Accepted {
    header: Header,
    payload: Vec<u8>,
}

const ANSWER: &[u8] = br#"{"answer":42}"#;
const INVOICE: &[u8] = br#"{"buyer":"ImporterMSP"}"#;

impl Peer {
    /// Another peer of the same channel.
    pub(crate) fn further(&self) -> Self {
        Self { ordered: Arc::clone(&self.ordered), ..Self::default() }
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no service panics while it holds the lock")
    }

    fn ordered(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.ordered.lock().expect("no service panics while it holds the lock")
    }

    /// An error when it answers nothing any more.
    fn check(&self) -> Result<(), Status> {
        if self.seen().away { Err(Status::unavailable("it is away")) } else { Ok(()) }
    }

    /// Serves, and says where.
    pub(crate) fn serve(&self, runtime: &Runtime) -> std::io::Result<SocketAddr> {
        let service = GatewayServer::new(self.clone());
        runtime.block_on(async {
            let incoming = TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
            let address = incoming.local_addr()?;
            tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
            Ok(address)
        })
    }

    /// Reads and checks a signed proposal as a peer does.
    fn accept(&self, signed: Option<SignedProposal>) -> Result<Accepted, Status> {
        self.check()?;
        let signed = signed.ok_or_else(|| Status::invalid_argument("no proposal"))?;
        let unreadable = |error: prost::DecodeError| Status::invalid_argument(error.to_string());
        let proposal = Proposal::decode(signed.proposal_bytes.as_slice()).map_err(unreadable)?;
        let header = Header::decode(proposal.header.as_slice()).map_err(unreadable)?;
        let creator = check_signature(&header, &signed.proposal_bytes, &signed.signature)?;
        let payload = ChaincodeProposalPayload::decode(proposal.payload.as_slice()).map_err(unreadable)?;
        let invocation = ChaincodeInvocationSpec::decode(payload.input.as_slice()).map_err(unreadable)?;
        let specification = invocation.chaincode_spec.ok_or_else(|| Status::invalid_argument("no specification"))?;
        let arguments = specification.input.unwrap_or_default().args;
        let name = String::from_utf8_lossy(arguments.first().map(Vec::as_slice).unwrap_or_default()).into_owned();
        self.seen().calls.push((name, creator, payload.transient_map.into_keys().collect()));
        match self.seen().refuse.take() {
            Some(status) => Err(status),
            None => Ok(Accepted { header, payload: proposal.payload }),
        }
    }
}

/// The creator's MSP id, when the signature is the creator's.
fn check_signature(header: &Header, message: &[u8], signature: &[u8]) -> Result<String, Status> {
    let denied = || Status::failed_precondition("access denied: wrong signature");
    let header = SignatureHeader::decode(header.signature_header.as_slice()).map_err(|_| denied())?;
    let creator = SerializedIdentity::decode(header.creator.as_slice()).map_err(|_| denied())?;
    let certificate = Certificate::from_pem(&creator.id_bytes).map_err(|_| denied())?;
    certificate.public_key().verify(message, signature).map_err(|_| denied())?;
    Ok(creator.mspid)
}

/// The transaction that peers make of a proposal, or one that a lying peer would have signed.
fn prepared(accepted: Accepted, leak: bool, alter: bool) -> Envelope {
    let Accepted { header, payload } = accepted;
    let proposed = transaction::without_transient(&payload).expect("read before");
    let response = Response { status: 200, payload: ANSWER.to_vec(), ..Response::default() };
    let chaincode = ChaincodeId { name: "entrepot".to_owned(), ..ChaincodeId::default() };
    let action =
        ChaincodeAction { response: Some(response), chaincode_id: Some(chaincode), ..ChaincodeAction::default() };
    let hash = transaction::proposal_hash(&header.channel_header, &header.signature_header, &proposed);
    let response = ProposalResponsePayload { proposal_hash: hash.to_vec(), extension: action.encode_to_vec() };
    let endorsements = [EXPORTER, IMPORTER].map(|msp_id| Endorsement {
        endorser: SerializedIdentity { mspid: msp_id.to_owned(), id_bytes: Vec::new() }.encode_to_vec(),
        signature: Vec::new(),
    });
    let endorsed = ChaincodeEndorsedAction {
        proposal_response_payload: response.encode_to_vec(),
        endorsements: endorsements.to_vec(),
    };
    let call = match (leak, alter) {
        (true, _) => payload,
        (_, true) => ChaincodeProposalPayload::default().encode_to_vec(),
        _ => proposed,
    };
    let payload = ChaincodeActionPayload { chaincode_proposal_payload: call, action: Some(endorsed) };
    let action = TransactionAction { header: header.signature_header.clone(), payload: payload.encode_to_vec() };
    let transaction = Transaction { actions: vec![action] };
    let payload = Payload { header: Some(header), data: transaction.encode_to_vec() };
    Envelope { payload: payload.encode_to_vec(), signature: Vec::new() }
}

#[tonic::async_trait]
impl GatewayService for Peer {
    type ChaincodeEventsStream = tokio_stream::Empty<Result<ChaincodeEventsResponse, Status>>;

    async fn evaluate(&self, request: Request<EvaluateRequest>) -> Answer<EvaluateResponse> {
        self.accept(request.into_inner().proposed_transaction)?;
        let asked_for_invoice = self.seen().calls.last().is_some_and(|(name, ..)| name == "payment:ReadInvoice");
        let answer = if asked_for_invoice { INVOICE } else { ANSWER };
        let result = Some(Response { status: 200, payload: answer.to_vec(), ..Response::default() });
        Ok(tonic::Response::new(EvaluateResponse { result }))
    }

    async fn endorse(&self, request: Request<EndorseRequest>) -> Answer<EndorseResponse> {
        let request = request.into_inner();
        self.seen().endorsing = request.endorsing_organizations;
        let accepted = self.accept(request.proposed_transaction)?;
        let (leak, alter) = {
            let seen = self.seen();
            (seen.leak, seen.alter)
        };
        Ok(tonic::Response::new(EndorseResponse { prepared_transaction: Some(prepared(accepted, leak, alter)) }))
    }

    async fn submit(&self, request: Request<SubmitRequest>) -> Answer<SubmitResponse> {
        let envelope = request.into_inner().prepared_transaction.ok_or_else(|| Status::invalid_argument("nothing"))?;
        let payload =
            Payload::decode(envelope.payload.as_slice()).map_err(|_| Status::invalid_argument("no payload"))?;
        let header = payload.header.unwrap_or_default();
        check_signature(&header, &envelope.payload, &envelope.signature)?;
        let channel_header = ChannelHeader::decode(header.channel_header.as_slice()).unwrap_or_default();
        self.check()?;
        self.ordered().insert(channel_header.tx_id.clone());
        let mut seen = self.seen();
        seen.submitted.entry(channel_header.tx_id).or_default().push(envelope);
        if seen.goes_with_submission {
            seen.away = true;
            return Err(Status::unavailable("it is away"));
        }
        if let Some(status) = seen.answer_submission.take() {
            return Err(status);
        }
        if seen.lose_answers > 0 {
            seen.lose_answers -= 1;
            return Err(Status::unavailable("the answer was lost"));
        }
        Ok(tonic::Response::new(SubmitResponse {}))
    }

    async fn commit_status(&self, request: Request<SignedCommitStatusRequest>) -> Answer<CommitStatusResponse> {
        let signed = request.into_inner();
        let question = CommitStatusRequest::decode(signed.request.as_slice()).unwrap_or_default();
        self.check()?;
        self.seen().asked.push(question.transaction_id.clone());
        if self.ordered().contains(&question.transaction_id) {
            return Ok(tonic::Response::new(CommitStatusResponse { result: 0, block_number: 9 }));
        }
        std::future::pending().await
    }

    async fn chaincode_events(&self, _: Request<SignedChaincodeEventsRequest>) -> Answer<Self::ChaincodeEventsStream> {
        Err(Status::unimplemented("not asked for"))
    }
}

/// A gateway before one peer, and the runtime that carries the peer.
pub(crate) struct Network {
    peer: Peer,
    pub(crate) gateway: Gateway,
    _runtime: Runtime,
}

pub(crate) fn network(organizations: &Organizations) -> Result<Network, Box<dyn std::error::Error>> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let peer = Peer::default();
    let settings = settings(organizations, peer.serve(&runtime)?);
    let gateway = before(organizations, settings, &runtime)?;
    Ok(Network { peer, gateway, _runtime: runtime })
}

/// A gateway before the peers of the settings.
pub(crate) fn before(
    organizations: &Organizations,
    settings: Settings,
    runtime: &Runtime,
) -> Result<Gateway, Box<dyn std::error::Error>> {
    let fabric = {
        let _entered = runtime.enter();
        Fabric::connect(&settings, &Members::load(&settings)?)?
    };
    Ok(organizations.start(settings, Arc::new(fabric), Arc::new(Double::default())))
}

pub(crate) fn settings(organizations: &Organizations, peer: SocketAddr) -> Settings {
    let mut settings = organizations.settings();
    settings.limits.commit_wait_ms = 10_000;
    for organization in &mut settings.organizations {
        organization.peer = peer.to_string();
    }
    settings
}

#[test]
fn reads_and_writes_reach_fabric_signed_by_the_managed_identity() -> TestResult {
    let organizations = Organizations::new();
    let network = network(&organizations)?;
    let exporter = network.gateway.caller(&organizations.member(EXPORTER));
    let read = exporter.get("/v1/alarms/0123456789abcdef0123456789abcdef")?;
    assert_eq!((read.status, read.json()?), (200, json!({"answer": 42})));
    let written = exporter.post("/v1/invoices", "k1", &invoice(IMPORTER))?;
    let operation = written.json()?;
    assert_eq!(
        (written.status, &operation["state"], &operation["block_number"]),
        (201, &"committed".into(), &9.into())
    );
    let seen = network.peer.seen();
    let expected = [
        ("item:ReadAlarm".to_owned(), EXPORTER.to_owned(), vec![]),
        ("payment:IssueInvoice".to_owned(), EXPORTER.to_owned(), vec![]),
    ];
    assert_eq!(seen.calls, expected);
    Ok(())
}

#[test]
fn private_input_reaches_fabric_for_its_two_organizations() -> TestResult {
    let organizations = Organizations::new();
    let network = network(&organizations)?;
    let exporter = network.gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(exporter.post("/v1/invoices/ExporterMSP/INV-1/opening", "k1", &opening())?.status, 201);
    let seen = network.peer.seen();
    assert_eq!(seen.endorsing, [EXPORTER, IMPORTER]);
    let shared = ("payment:ShareInvoiceOpening".to_owned(), EXPORTER.to_owned(), vec!["private".to_owned()]);
    assert_eq!(seen.calls.last(), Some(&shared));
    Ok(())
}

#[test]
fn a_caller_signs_what_fabric_takes() -> TestResult {
    let organizations = Organizations::new();
    let network = network(&organizations)?;
    let identity = organizations.member(IMPORTER);
    let (importer, key) = (network.gateway.caller(&identity), signer(IMPORTER, &identity));
    let written = importer.post_signed("/v1/evidence", "k1", &evidence(), &key)?;
    assert_eq!((written.status, &written.json()?["state"]), (201, &"committed".into()));
    let read = importer.get_signed("/v1/alarms/0123456789abcdef0123456789abcdef", &key)?;
    assert_eq!((read.status, read.json()?), (200, json!({"answer": 42})));
    Ok(())
}

#[test]
fn a_peer_that_prepares_something_else_gets_no_signature() -> TestResult {
    let organizations = Organizations::new();
    let network = network(&organizations)?;
    let exporter = network.gateway.caller(&organizations.member(EXPORTER));
    let identity = organizations.member(IMPORTER);
    let (importer, key) = (network.gateway.caller(&identity), signer(IMPORTER, &identity));
    for (leak, alter) in [(true, false), (false, true)] {
        {
            let mut seen = network.peer.seen();
            (seen.leak, seen.alter) = (leak, alter);
        }
        let path = "/v1/invoices/ExporterMSP/INV-1/opening";
        let managed = exporter.post(path, "k1", &opening())?;
        let external = importer.post_signed(path, "k1", &opening(), &key)?;
        for response in [managed, external] {
            assert_eq!((response.status, response.json()?["code"].as_str()), (502, Some("transaction_altered")));
        }
    }
    assert!(network.peer.seen().submitted.is_empty());
    Ok(())
}

#[test]
fn a_lost_answer_is_resolved_by_submitting_the_identical_envelope() -> TestResult {
    let organizations = Organizations::new();
    let network = network(&organizations)?;
    network.peer.seen().lose_answers = 1;
    let exporter = network.gateway.caller(&organizations.member(EXPORTER));
    let written = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!(written.status, 201, "{}", String::from_utf8_lossy(&written.body));
    let seen = network.peer.seen();
    assert_eq!(seen.submitted.len(), 1);
    assert!(seen.submitted.values().all(|envelopes| envelopes.windows(2).all(|pair| pair[0] == pair[1])));
    Ok(())
}

#[test]
fn one_orderers_refusal_is_no_refusal_and_that_of_all_is() -> TestResult {
    let organizations = Organizations::new();
    let network = network(&organizations)?;
    let exporter = network.gateway.caller(&organizations.member(EXPORTER));
    let orderers = |statuses: [&str; 2]| {
        let said = |status: &str| format!("received unsuccessful response from orderer: status={status}, info=policy");
        let texts = statuses.map(said);
        failure(tonic::Code::Unavailable, "insufficient number of orderers", "OrdererMSP", &[&texts[0], &texts[1]])
    };
    network.peer.seen().answer_submission = Some(orderers(["FORBIDDEN", "SERVICE_UNAVAILABLE"]));
    let one = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!((one.status, &one.json()?["state"]), (201, &"committed".into()));
    network.peer.seen().answer_submission = Some(orderers(["FORBIDDEN", "FORBIDDEN"]));
    let all = exporter.post("/v1/evidence", "k2", &evidence())?;
    assert_eq!((all.status, &all.json()?["code"]), (403, &"fabric_access_denied".into()));
    Ok(())
}

#[test]
fn what_peers_say_becomes_a_problem_with_their_names() -> TestResult {
    let organizations = Organizations::new();
    let network = network(&organizations)?;
    let refusal = r#"chaincode response 409, {"code":"evidence.exists","title":"t","detail":"d","fields":[{"name":"/sha256","detail":"taken"}]}"#;
    let status = failure(tonic::Code::Aborted, "failed to endorse transaction", EXPORTER, &[refusal]);
    network.peer.seen().refuse = Some(status);
    let exporter = network.gateway.caller(&organizations.member(EXPORTER));
    let refused = exporter.post("/v1/evidence", "k1", &evidence())?;
    let problem = refused.json()?;
    assert_eq!(
        (refused.status, &problem["code"], &problem["stage"]),
        (409, &"evidence.exists".into(), &"endorse".into())
    );
    assert_eq!(problem["fields"], json!([{"name": "/sha256", "detail": "taken"}]));
    assert_eq!(problem["endorsers"][0]["msp_id"], EXPORTER);
    assert!(!problem.to_string().contains("peer0:7051"), "addresses stay inside");
    Ok(())
}

/// A gRPC status with what single nodes said.
fn failure(code: tonic::Code, message: &str, msp_id: &str, said: &[&str]) -> Status {
    let detail = |message: &&str| ErrorDetail {
        address: "peer0:7051".to_owned(),
        msp_id: msp_id.to_owned(),
        message: (*message).to_owned(),
    };
    let details = said.iter().map(|message| prost_types_any(&detail(message))).collect();
    let details = rpc::Status { code: code as i32, message: String::new(), details };
    Status::with_details(code, message, details.encode_to_vec().into())
}

fn prost_types_any(detail: &ErrorDetail) -> prost_types::Any {
    prost_types::Any { type_url: "type.googleapis.com/gateway.ErrorDetail".to_owned(), value: detail.encode_to_vec() }
}

#[test]
fn a_peer_that_is_down_is_a_problem_that_may_pass() -> TestResult {
    let organizations = Organizations::new();
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let settings = settings(&organizations, nowhere);
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let gateway = before(&organizations, settings, &runtime)?;
    let response =
        gateway.caller(&organizations.member(REGULATOR)).get("/v1/alarms/0123456789abcdef0123456789abcdef")?;
    let problem = response.json()?;
    assert_eq!((response.status, &problem["code"]), (503, &"network_unavailable".into()), "{problem}");
    assert_eq!(gateway.anonymous().get("/readyz")?.status, 503);
    Ok(())
}
