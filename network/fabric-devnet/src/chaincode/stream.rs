//! One open stream to a chaincode. Many transactions run over it at once; each asks one thing at a time.
//!
//! What arrives too late, for a transaction that has ended, is dropped. What makes no sense ends the stream, as on
//! Fabric.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fabric_msp::transport;
use fabric_protos::{
    MAX_MESSAGE_BYTES,
    protos::{
        ChaincodeAdditionalParams, ChaincodeId, ChaincodeInput, ChaincodeMessage, chaincode_client::ChaincodeClient,
        chaincode_message::Type,
    },
};
use prost::Message;
use tokio::{
    sync::{oneshot, watch},
    time,
};
use tonic::Streaming;

use super::{
    connection::ConnectionInfo, context::TransactionContext, handler, invocation::Invocation, options::ChaincodeOptions,
};
use crate::budget::{self, Sender};

/// Messages that wait to be sent; a transaction that adds one more waits until there is room.
const OUTGOING_MAX: usize = 256;
/// What these messages may weigh together, in bytes (32 MiB); a heavier one waits alone.
const OUTGOING_BYTES_MAX: u32 = 32 * 1024 * 1024;
/// What a 3.1 peer offers to do at once.
const BATCH_MAX: u32 = 1000;

/// Why no stream came about.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("error cannot create connection for {package_id}: error creating grpc connection to {address}: {cause}")]
    Connect { package_id: String, address: String, cause: String },
    #[error("error creating grpc client connection to {package_id}: {cause}")]
    Open { package_id: String, cause: String },
    #[error("the chaincode ended the stream before it registered")]
    Ended,
    #[error("the chaincode sent {0} before it registered")]
    NotRegister(&'static str),
    #[error("the chaincode registered as '{0}'")]
    OtherPackage(String),
}

/// Why an invocation has no answer of the chaincode.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExecuteError {
    #[error("txid: {tx_id}({channel_id}) exists")]
    Exists { tx_id: String, channel_id: String },
    #[error("timeout expired while executing transaction")]
    Timeout,
    #[error("chaincode stream terminated")]
    Terminated,
}

/// Channel and transaction id.
type Key = (String, String);

/// A stream whose chaincode has registered.
pub(crate) struct ChaincodeStream {
    package_id: String,
    outgoing: Mutex<Option<Sender<ChaincodeMessage>>>,
    contexts: Mutex<HashMap<Key, Arc<TransactionContext>>>,
    closed: watch::Sender<bool>,
}

impl ChaincodeStream {
    /// Dials the chaincode and lets it register.
    pub(super) async fn open(
        package_id: &str,
        connection: &ConnectionInfo,
        options: &ChaincodeOptions,
    ) -> Result<Arc<Self>, StreamError> {
        let dialled = transport::connect(&connection.address, connection.tls.as_ref(), connection.dial_timeout).await;
        let channel = dialled.map_err(|cause| StreamError::Connect {
            package_id: package_id.to_owned(),
            address: connection.address.clone(),
            cause: cause.to_string(),
        })?;
        let mut client = ChaincodeClient::new(channel)
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let (outgoing, messages) = budget::queue(OUTGOING_MAX, OUTGOING_BYTES_MAX);
        let response = client.connect(messages).await;
        let mut incoming = response.map_err(|status| not_open(package_id, &status))?.into_inner();
        expect_registration(&mut incoming, package_id).await?;
        for message in greeting(options) {
            let bytes = message.encoded_len();
            outgoing.send(message, bytes).await.map_err(|_| StreamError::Ended)?;
        }
        let stream = Arc::new(Self {
            package_id: package_id.to_owned(),
            outgoing: Mutex::new(Some(outgoing)),
            contexts: Mutex::default(),
            closed: watch::Sender::new(false),
        });
        tokio::spawn(Arc::clone(&stream).receive(incoming));
        Ok(stream)
    }

    /// Whether the stream can still be used.
    pub(super) fn is_open(&self) -> bool {
        !*self.closed.borrow()
    }

    /// Ends the stream; calls that wait for an answer end with it.
    pub(super) fn close(&self) {
        drop(lock(&self.outgoing).take());
        self.closed.send_replace(true);
    }

    /// Runs one invocation and waits for the chaincode's last word on it.
    pub(crate) async fn execute(
        self: &Arc<Self>,
        call: Arc<dyn Invocation>,
        namespace: &str,
        kind: Type,
        input: &ChaincodeInput,
        timeout: Duration,
    ) -> Result<ChaincodeMessage, ExecuteError> {
        let key = (call.channel_id().to_owned(), call.tx_id().to_owned());
        let message = ChaincodeMessage {
            r#type: kind as i32,
            payload: input.encode_to_vec(),
            txid: key.1.clone(),
            channel_id: key.0.clone(),
            proposal: Some(call.proposal().clone()),
            ..ChaincodeMessage::default()
        };
        let (done, answer) = oneshot::channel();
        let context = Arc::new(TransactionContext::new(call, namespace, kind == Type::Init, done));
        let _registered = self.register(key, context)?;
        let mut closed = self.closed.subscribe();
        let run = async {
            self.send(message).await?;
            answer.await.map_err(|_| ExecuteError::Terminated)
        };
        tokio::select! {
            answer = run => answer,
            () = time::sleep(timeout) => Err(ExecuteError::Timeout),
            _ = closed.wait_for(|closed| *closed) => Err(ExecuteError::Terminated),
        }
    }

    fn register(self: &Arc<Self>, key: Key, context: Arc<TransactionContext>) -> Result<Registered, ExecuteError> {
        let mut contexts = lock(&self.contexts);
        if contexts.contains_key(&key) {
            return Err(ExecuteError::Exists { channel_id: key.0, tx_id: key.1 });
        }
        contexts.insert(key.clone(), context);
        Ok(Registered { stream: Arc::clone(self), key })
    }

    async fn send(&self, message: ChaincodeMessage) -> Result<(), ExecuteError> {
        let outgoing = lock(&self.outgoing).clone().ok_or(ExecuteError::Terminated)?;
        let bytes = message.encoded_len();
        outgoing.send(message, bytes).await.map_err(|_| ExecuteError::Terminated)
    }

    async fn receive(self: Arc<Self>, mut incoming: Streaming<ChaincodeMessage>) {
        let mut closed = self.closed.subscribe();
        loop {
            let message = tokio::select! {
                message = incoming.message() => message,
                _ = closed.wait_for(|closed| *closed) => break,
            };
            match message {
                Ok(Some(message)) => {
                    if let Err(kind) = self.take(message) {
                        tracing::warn!(
                            package = self.package_id,
                            kind,
                            "a chaincode sent what it must not; its stream ends"
                        );
                        break;
                    }
                }
                Ok(None) => break,
                Err(status) => {
                    tracing::debug!(package = self.package_id, cause = status.message(), "a chaincode stream broke");
                    break;
                }
            }
        }
        self.close();
    }

    /// Takes one message; an error names a kind that must not come from a chaincode that has registered.
    fn take(self: &Arc<Self>, message: ChaincodeMessage) -> Result<(), &'static str> {
        let kind = message.r#type();
        if kind == Type::Keepalive {
            return Ok(());
        }
        let context = lock(&self.contexts).get(&(message.channel_id.clone(), message.txid.clone())).cloned();
        if matches!(kind, Type::Completed | Type::Error) {
            match context {
                Some(context) => context.complete(message),
                None => tracing::debug!(transaction = message.txid, "a chaincode answered too late"),
            }
            return Ok(());
        }
        if !handler::is_request(kind) {
            return Err(kind.as_str_name());
        }
        let stream = Arc::clone(self);
        match context {
            None => self.refuse(&message),
            // A key is read in microseconds; handing that to another task costs more than doing it.
            Some(context) if handler::is_brief(kind) && context.begin() => {
                let answer = handler::answer_at_once(&context, &message);
                context.end();
                self.answer_soon(answer_to(&message, answer));
            }
            Some(context) if context.begin() => drop(tokio::spawn(async move {
                let answer = handler::answer(&context, &message).await;
                context.end();
                stream.answer(&message, answer).await;
            })),
            Some(_) => tracing::warn!(
                transaction = message.txid,
                "a chaincode asked for something before its last question was answered; the question is dropped"
            ),
        }
        Ok(())
    }

    /// Answers a question about a transaction that is over, or never was. No call waits for such an answer, so it is
    /// dropped when there is no room: a chaincode cannot pile up work here.
    fn refuse(&self, request: &ChaincodeMessage) {
        let cause = match request.r#type() {
            Type::InvokeChaincode => "could not get valid transaction",
            _ => "no ledger context",
        };
        let refusal = answer_to(request, Err(cause.to_owned()));
        if let Some(outgoing) = lock(&self.outgoing).as_ref() {
            let bytes = refusal.encoded_len();
            drop(outgoing.try_send(refusal, bytes));
        }
    }

    /// Sends an answer without waiting here for room, since the chaincode may make room only once it is read from.
    fn answer_soon(self: &Arc<Self>, answer: ChaincodeMessage) {
        let Some(outgoing) = lock(&self.outgoing).clone() else { return };
        let bytes = answer.encoded_len();
        if let Err(answer) = outgoing.try_send(answer, bytes) {
            let stream = Arc::clone(self);
            // The stream may have ended meanwhile; then nobody waits for the answer.
            tokio::spawn(async move { drop(stream.send(answer).await) });
        }
    }

    async fn answer(&self, request: &ChaincodeMessage, answer: Result<Vec<u8>, String>) {
        // The stream may have ended meanwhile, and the call with it.
        drop(self.send(answer_to(request, answer)).await);
    }
}

fn answer_to(request: &ChaincodeMessage, answer: Result<Vec<u8>, String>) -> ChaincodeMessage {
    let (kind, payload) = match answer {
        Ok(payload) => (Type::Response, payload),
        Err(cause) => {
            let kind = request.r#type().as_str_name();
            let text = format!("{kind} failed: transaction ID: {}: {cause}", request.txid);
            (Type::Error, text.into_bytes())
        }
    };
    ChaincodeMessage {
        r#type: kind as i32,
        payload,
        txid: request.txid.clone(),
        channel_id: request.channel_id.clone(),
        ..ChaincodeMessage::default()
    }
}

/// Takes the transaction off the stream again, also when its caller has gone away.
struct Registered {
    stream: Arc<ChaincodeStream>,
    key: Key,
}

impl Drop for Registered {
    fn drop(&mut self) {
        lock(&self.stream.contexts).remove(&self.key);
    }
}

fn not_open(package_id: &str, status: &tonic::Status) -> StreamError {
    StreamError::Open { package_id: package_id.to_owned(), cause: status.message().to_owned() }
}

async fn expect_registration(incoming: &mut Streaming<ChaincodeMessage>, package_id: &str) -> Result<(), StreamError> {
    let first = incoming.message().await.map_err(|status| not_open(package_id, &status))?;
    let first = first.ok_or(StreamError::Ended)?;
    if first.r#type() != Type::Register {
        return Err(StreamError::NotRegister(first.r#type().as_str_name()));
    }
    let registered = ChaincodeId::decode(&*first.payload).map(|id| id.name).unwrap_or_default();
    // Fabric says nothing here and lets the start time out; saying so at once shows that two packages were mixed up.
    if registered == package_id {
        Ok(())
    } else {
        Err(StreamError::OtherPackage(registered.chars().take(200).collect()))
    }
}

fn greeting(options: &ChaincodeOptions) -> [ChaincodeMessage; 2] {
    let parameters = ChaincodeAdditionalParams {
        use_write_batch: true,
        max_size_write_batch: BATCH_MAX,
        use_get_multiple_keys: true,
        max_size_get_multiple_keys: BATCH_MAX,
    };
    let message =
        |kind: Type, payload| ChaincodeMessage { r#type: kind as i32, payload, ..ChaincodeMessage::default() };
    let payload = if options.batches { parameters.encode_to_vec() } else { Vec::new() };
    [message(Type::Registered, Vec::new()), message(Type::Ready, payload)]
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done while one of these locks is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
