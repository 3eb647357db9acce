//! A chaincode server for tests, written against the wire and nothing else. What it does is asked for by the first
//! argument.

use std::{
    collections::HashMap,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use fabric_msp::transport::{self, ServerTls};
use fabric_protos::protos::{
    ChaincodeEvent, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeProposalPayload, ChaincodeSpec, DelState,
    GetHistoryForKey, GetState, GetStateByRange, GetStateMetadata, GetStateMultiple, GetStateMultipleResult, Proposal,
    PurgePrivateState, PutState, PutStateMetadata, QueryMetadata, QueryResponse, QueryResponseMetadata, QueryStateNext,
    Response as ChaincodeResponse, StateMetadata, StateMetadataResult, WriteBatchState, WriteRecord,
    chaincode_message::Type,
    chaincode_server::{Chaincode, ChaincodeServer},
    write_record,
};
use fabric_protos::queryresult;
use prost::Message;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};
use tokio_stream::{
    Stream, StreamExt,
    wrappers::{ReceiverStream, TcpListenerStream},
};
use tonic::{Request, Response, Status, Streaming};

/// A running chaincode.
pub struct FakeChaincode {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    server: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    package_id: Mutex<String>,
    /// How many streams have been opened.
    streams: AtomicUsize,
    /// How many transactions have been run.
    transactions: AtomicUsize,
    /// What the last READY said.
    ready: Mutex<Vec<u8>>,
    stopped: AtomicBool,
    /// What a question was answered that came too late.
    late: Mutex<Option<String>>,
}

impl FakeChaincode {
    pub async fn start() -> std::io::Result<Self> {
        Self::start_at("127.0.0.1:0").await
    }

    async fn start_at(address: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let mut chaincode = Self { address, shared: Arc::default(), server: None };
        chaincode.serve(listener);
        Ok(chaincode)
    }

    /// Starts one that speaks TLS.
    pub async fn start_tls(tls: &ServerTls) -> Result<Self, Box<dyn std::error::Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let connections = transport::incoming(listener, Some(tls))?;
        let mut chaincode = Self { address, shared: Arc::default(), server: None };
        let serving =
            tonic::transport::Server::builder().add_service(chaincode.service()).serve_with_incoming(connections);
        chaincode.server = Some(tokio::spawn(async move { drop(serving.await) }));
        Ok(chaincode)
    }

    fn service(&self) -> ChaincodeServer<Service> {
        ChaincodeServer::new(Service { shared: Arc::clone(&self.shared) })
            .max_decoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
            .max_encoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
    }

    fn serve(&mut self, listener: TcpListener) {
        let serving = tonic::transport::Server::builder()
            .add_service(self.service())
            .serve_with_incoming(TcpListenerStream::new(listener));
        self.server = Some(tokio::spawn(async move { drop(serving.await) }));
    }

    pub fn set_package_id(&self, id: &str) {
        *self.shared.package_id.lock().unwrap() = id.to_owned();
    }

    pub fn transactions(&self) -> usize {
        self.shared.transactions.load(Ordering::Relaxed)
    }

    pub fn streams(&self) -> usize {
        self.shared.streams.load(Ordering::Relaxed)
    }

    pub fn late(&self) -> Option<String> {
        self.shared.late.lock().unwrap().clone()
    }

    pub fn ready(&self) -> Vec<u8> {
        self.shared.ready.lock().unwrap().clone()
    }

    /// Ends the server and all its streams.
    pub async fn stop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        if let Some(server) = self.server.take() {
            server.abort();
            drop(server.await);
        }
    }

    /// Starts it again on the same address.
    pub async fn restart(&mut self) -> std::io::Result<()> {
        self.shared.stopped.store(false, Ordering::Relaxed);
        let listener = TcpListener::bind(self.address).await?;
        self.serve(listener);
        Ok(())
    }
}

struct Service {
    shared: Arc<Shared>,
}

type Messages = Pin<Box<dyn Stream<Item = Result<ChaincodeMessage, Status>> + Send>>;

#[tonic::async_trait]
impl Chaincode for Service {
    type ConnectStream = Messages;

    async fn connect(&self, request: Request<Streaming<ChaincodeMessage>>) -> Result<Response<Messages>, Status> {
        let (outgoing, messages) = mpsc::channel(64);
        self.shared.streams.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(run(Arc::clone(&self.shared), request.into_inner(), outgoing));
        Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
    }
}

type Outgoing = mpsc::Sender<Result<ChaincodeMessage, Status>>;

async fn run(shared: Arc<Shared>, mut incoming: Streaming<ChaincodeMessage>, outgoing: Outgoing) {
    let name = shared.package_id.lock().unwrap().clone();
    let register = ChaincodeId { name, ..Default::default() };
    let message =
        ChaincodeMessage { r#type: Type::Register as i32, payload: register.encode_to_vec(), ..Default::default() };
    if outgoing.send(Ok(message)).await.is_err() {
        return;
    }
    let mut waiting: HashMap<(String, String), mpsc::Sender<ChaincodeMessage>> = HashMap::new();
    loop {
        let next = tokio::time::timeout(std::time::Duration::from_millis(20), incoming.next()).await;
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        let Ok(next) = next else { continue };
        let Some(Ok(message)) = next else { return };
        let key = (message.channel_id.clone(), message.txid.clone());
        match message.r#type() {
            Type::Ready => *shared.ready.lock().unwrap() = message.payload,
            Type::Transaction | Type::Init => {
                shared.transactions.fetch_add(1, Ordering::Relaxed);
                let (answers, receiver) = mpsc::channel(4);
                waiting.insert(key, answers);
                let shared = Arc::clone(&shared);
                let stub = Stub { message, outgoing: outgoing.clone(), answers: receiver, event: None, shared };
                tokio::spawn(stub.run());
            }
            Type::Response | Type::Error => {
                if let Some(answers) = waiting.get(&key) {
                    drop(answers.send(message).await);
                }
            }
            _ => {}
        }
    }
}

struct Stub {
    message: ChaincodeMessage,
    outgoing: Outgoing,
    answers: mpsc::Receiver<ChaincodeMessage>,
    event: Option<ChaincodeEvent>,
    shared: Arc<Shared>,
}

impl Stub {
    async fn run(mut self) {
        let input = ChaincodeInput::decode(&*self.message.payload).unwrap_or_default();
        let args: Vec<String> = input.args.iter().map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        match args.as_slice() {
            ["error", text] => return self.send(Type::Error, text.as_bytes().to_vec()).await,
            ["hang"] => return,
            ["late", millis] => {
                tokio::time::sleep(std::time::Duration::from_millis(millis.parse().unwrap_or(0))).await;
                let answer = self.get("k", "").await;
                *self.shared.late.lock().unwrap() = answer.err();
                return self.send(Type::Completed, ChaincodeResponse::default().encode_to_vec()).await;
            }
            ["strange"] => return self.send(Type::Registered, Vec::new()).await,
            _ => {}
        }
        let response = match self.call(&args).await {
            Ok(response) => response,
            Err(message) => ChaincodeResponse { status: 500, message, payload: Vec::new() },
        };
        self.send(Type::Completed, response.encode_to_vec()).await;
    }

    async fn call(&mut self, args: &[&str]) -> Result<ChaincodeResponse, String> {
        let ok = |payload: Vec<u8>| Ok(ChaincodeResponse { status: 200, message: String::new(), payload });
        match args {
            ["echo", text] => ok(text.as_bytes().to_vec()),
            ["init"] => ok(b"initialised".to_vec()),
            ["resp", status, message, payload] => Ok(ChaincodeResponse {
                status: status.parse().unwrap_or(500),
                message: (*message).to_owned(),
                payload: payload.as_bytes().to_vec(),
            }),
            ["get", key] => ok(self.get(key, "").await?),
            ["put", key, value] => {
                self.put(key, value.as_bytes(), "").await?;
                ok(Vec::new())
            }
            ["putresp", key, value, status] => {
                self.put(key, value.as_bytes(), "").await?;
                let status = status.parse().unwrap_or(500);
                Ok(ChaincodeResponse { status, message: "m".to_owned(), payload: Vec::new() })
            }
            ["getput", key, value] => {
                let before = self.get(key, "").await?;
                self.put(key, value.as_bytes(), "").await?;
                ok(before)
            }
            ["del", key] => {
                let request = DelState { key: (*key).to_owned(), collection: String::new() };
                self.ask(Type::DelState, request.encode_to_vec()).await?;
                ok(Vec::new())
            }
            ["putget", key, value] => {
                self.put(key, value.as_bytes(), "").await?;
                ok(self.get(key, "").await?)
            }
            ["fill", count] => {
                let put = |index: usize| WriteRecord {
                    key: format!("f{index:04}"),
                    value: index.to_string().into_bytes(),
                    r#type: write_record::Type::PutState as i32,
                    ..Default::default()
                };
                let rec = (0..count.parse().unwrap_or(0)).map(put).collect();
                self.ask(Type::WriteBatchState, WriteBatchState { rec }.encode_to_vec()).await?;
                ok(Vec::new())
            }
            ["many", keys @ ..] => {
                let keys = keys.iter().map(|key| (*key).to_owned()).collect();
                let request = GetStateMultiple { keys, collection: String::new() };
                let answer = self.ask(Type::GetStateMultiple, request.encode_to_vec()).await?;
                let answer = GetStateMultipleResult::decode(&*answer).map_err(|cause| cause.to_string())?;
                ok(answer.values.join(&b","[..]))
            }
            ["range", start, end] => ok(self.range(start, end, "").await?.join(",").into_bytes()),
            ["page", start, end, size, bookmark] => ok(self.page(start, end, size, bookmark).await?),
            ["pageput", key] => {
                self.page("", "", "1", "").await?;
                self.put(key, b"v", "").await?;
                ok(Vec::new())
            }
            ["history", key] => ok(self.history(key).await?),
            ["event", name, payload] => {
                self.event = Some(ChaincodeEvent {
                    event_name: (*name).to_owned(),
                    payload: payload.as_bytes().to_vec(),
                    ..Default::default()
                });
                ok(Vec::new())
            }
            ["nondet"] => {
                let value = format!("{:?}", std::time::Instant::now());
                self.put("n", value.as_bytes(), "").await?;
                ok(Vec::new())
            }
            ["setep", key, policy] => {
                let policy = fabric_msp::policy::parse(policy).map_err(|cause| cause.to_string())?;
                let entry = StateMetadata { metakey: "VALIDATION_PARAMETER".to_owned(), value: policy.encode_to_vec() };
                let request =
                    PutStateMetadata { key: (*key).to_owned(), collection: String::new(), metadata: Some(entry) };
                self.get(key, "").await?;
                self.ask(Type::PutStateMetadata, request.encode_to_vec()).await?;
                ok(Vec::new())
            }
            ["getep", key] => {
                let request = GetStateMetadata { key: (*key).to_owned(), collection: String::new() };
                let answer = self.ask(Type::GetStateMetadata, request.encode_to_vec()).await?;
                let answer = StateMetadataResult::decode(&*answer).map_err(|cause| cause.to_string())?;
                ok(answer.entries.len().to_string().into_bytes())
            }
            ["pput", collection, key] => {
                let value = self.transient("value")?;
                self.put(key, &value, collection).await?;
                ok(Vec::new())
            }
            ["pget", collection, key] => ok(self.get(key, collection).await?),
            ["phash", collection, key] => {
                let request = GetState { key: (*key).to_owned(), collection: (*collection).to_owned() };
                ok(self.ask(Type::GetPrivateDataHash, request.encode_to_vec()).await?)
            }
            ["pdel", collection, key] => {
                let request = DelState { key: (*key).to_owned(), collection: (*collection).to_owned() };
                self.ask(Type::DelState, request.encode_to_vec()).await?;
                ok(Vec::new())
            }
            ["ppurge", collection, key] => {
                let request = PurgePrivateState { key: (*key).to_owned(), collection: (*collection).to_owned() };
                self.ask(Type::PurgePrivateData, request.encode_to_vec()).await?;
                ok(Vec::new())
            }
            ["prange", collection] => ok(self.range("", "", collection).await?.join(",").into_bytes()),
            ["prangeput", collection, key] => {
                self.range("", "", collection).await?;
                self.put(key, b"v", "").await?;
                ok(Vec::new())
            }
            ["query", text] => {
                let request = fabric_protos::protos::GetQueryResult { query: (*text).to_owned(), ..Default::default() };
                ok(self.ask(Type::GetQueryResult, request.encode_to_vec()).await?)
            }
            ["next", id] => {
                let request = QueryStateNext { id: (*id).to_owned() };
                ok(self.ask(Type::QueryStateNext, request.encode_to_vec()).await?)
            }
            ["garbage"] => ok(self.ask(Type::PutState, vec![0xff, 0xff, 0xff]).await?),
            ["c2c", target, args @ ..] => self.invoke(target, args).await,
            other => Err(format!("unknown function {other:?}")),
        }
    }

    async fn invoke(&mut self, target: &str, args: &[&str]) -> Result<ChaincodeResponse, String> {
        let args = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        let spec = ChaincodeSpec {
            chaincode_id: Some(ChaincodeId { name: target.to_owned(), ..Default::default() }),
            input: Some(ChaincodeInput { args, ..Default::default() }),
            ..Default::default()
        };
        let answer = self.ask(Type::InvokeChaincode, spec.encode_to_vec()).await?;
        let message = ChaincodeMessage::decode(&*answer).map_err(|cause| cause.to_string())?;
        if message.r#type() != Type::Completed {
            return Err(String::from_utf8_lossy(&message.payload).into_owned());
        }
        let callee = ChaincodeResponse::decode(&*message.payload).map_err(|cause| cause.to_string())?;
        // The caller succeeds whatever the callee said, so that the callee's writes stay.
        let payload = format!("{} {} {}", callee.status, callee.message, String::from_utf8_lossy(&callee.payload));
        Ok(ChaincodeResponse { status: 200, message: String::new(), payload: payload.into_bytes() })
    }

    async fn range(&mut self, start: &str, end: &str, collection: &str) -> Result<Vec<String>, String> {
        let request = GetStateByRange {
            start_key: start.to_owned(),
            end_key: end.to_owned(),
            collection: collection.to_owned(),
            metadata: Vec::new(),
        };
        let mut answer = self.ask(Type::GetStateByRange, request.encode_to_vec()).await?;
        let mut keys = Vec::new();
        loop {
            let response = QueryResponse::decode(&*answer).map_err(|cause| cause.to_string())?;
            for row in &response.results {
                let row = queryresult::Kv::decode(&*row.result_bytes).map_err(|cause| cause.to_string())?;
                keys.push(row.key);
            }
            if !response.has_more {
                return Ok(keys);
            }
            let next = QueryStateNext { id: response.id };
            answer = self.ask(Type::QueryStateNext, next.encode_to_vec()).await?;
        }
    }

    async fn page(&mut self, start: &str, end: &str, size: &str, bookmark: &str) -> Result<Vec<u8>, String> {
        let metadata = QueryMetadata { page_size: size.parse().unwrap_or(0), bookmark: bookmark.to_owned() };
        let request = GetStateByRange {
            start_key: start.to_owned(),
            end_key: end.to_owned(),
            collection: String::new(),
            metadata: metadata.encode_to_vec(),
        };
        let answer = self.ask(Type::GetStateByRange, request.encode_to_vec()).await?;
        let response = QueryResponse::decode(&*answer).map_err(|cause| cause.to_string())?;
        let metadata = QueryResponseMetadata::decode(&*response.metadata).map_err(|cause| cause.to_string())?;
        Ok(format!("{} {}", metadata.fetched_records_count, metadata.bookmark).into_bytes())
    }

    async fn history(&mut self, key: &str) -> Result<Vec<u8>, String> {
        let request = GetHistoryForKey { key: key.to_owned() };
        let answer = self.ask(Type::GetHistoryForKey, request.encode_to_vec()).await?;
        let response = QueryResponse::decode(&*answer).map_err(|cause| cause.to_string())?;
        let mut values = Vec::new();
        for row in &response.results {
            let row = queryresult::KeyModification::decode(&*row.result_bytes).map_err(|cause| cause.to_string())?;
            values.push(if row.is_delete { "-".to_owned() } else { String::from_utf8_lossy(&row.value).into_owned() });
        }
        Ok(values.join(",").into_bytes())
    }

    async fn get(&mut self, key: &str, collection: &str) -> Result<Vec<u8>, String> {
        let request = GetState { key: key.to_owned(), collection: collection.to_owned() };
        self.ask(Type::GetState, request.encode_to_vec()).await
    }

    async fn put(&mut self, key: &str, value: &[u8], collection: &str) -> Result<(), String> {
        let request = PutState { key: key.to_owned(), value: value.to_vec(), collection: collection.to_owned() };
        self.ask(Type::PutState, request.encode_to_vec()).await.map(drop)
    }

    fn transient(&self, name: &str) -> Result<Vec<u8>, String> {
        let signed = self.message.proposal.as_ref().ok_or("no proposal")?;
        let proposal = Proposal::decode(&*signed.proposal_bytes).map_err(|cause| cause.to_string())?;
        let payload = ChaincodeProposalPayload::decode(&*proposal.payload).map_err(|cause| cause.to_string())?;
        payload.transient_map.get(name).cloned().ok_or_else(|| format!("no transient field {name}"))
    }

    async fn ask(&mut self, kind: Type, payload: Vec<u8>) -> Result<Vec<u8>, String> {
        self.send(kind, payload).await;
        let answer = self.answers.recv().await.ok_or("the stream has ended")?;
        match answer.r#type() {
            Type::Response => Ok(answer.payload),
            _ => Err(String::from_utf8_lossy(&answer.payload).into_owned()),
        }
    }

    async fn send(&mut self, kind: Type, payload: Vec<u8>) {
        let message = ChaincodeMessage {
            r#type: kind as i32,
            payload,
            txid: self.message.txid.clone(),
            channel_id: self.message.channel_id.clone(),
            chaincode_event: self.event.clone(),
            ..Default::default()
        };
        drop(self.outgoing.send(Ok(message)).await);
    }
}
