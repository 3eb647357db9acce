//! The chaincode of the cases: a raw server of the peer's stream that does what the arguments of a transaction say,
//! step by step. It leaves out every rule that chaincode libraries add, so that what is seen is the network's own
//! behaviour.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
};

use anyhow::Result;
use fabric_protos::protos::{
    ChaincodeId, ChaincodeMessage,
    chaincode_message::Type,
    chaincode_server::{Chaincode, ChaincodeServer},
};
use prost::Message;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    call::{Call, Stream, key, lock},
    eventually, script,
};

/// A chaincode at an address, which can be stopped and started again there.
pub struct Server {
    address: SocketAddr,
    package_id: String,
    serving: Mutex<Option<watch::Sender<()>>>,
}

impl Server {
    /// Serves one package on a listener.
    pub fn start(listener: TcpListener, package_id: &str) -> Result<Self> {
        let server =
            Self { address: listener.local_addr()?, package_id: package_id.to_owned(), serving: Mutex::default() };
        server.serve(listener)?;
        Ok(server)
    }

    /// Ends every stream and gives the port back.
    pub fn stop(&self) {
        lock(&self.serving).take();
    }

    /// Serves again at the same address.
    pub async fn start_again(&self) -> Result<()> {
        let listener = eventually("the chaincode's port is free", async || TcpListener::bind(self.address)).await?;
        self.serve(listener)
    }

    fn serve(&self, listener: TcpListener) -> Result<()> {
        listener.set_nonblocking(true)?;
        let incoming = TcpListenerStream::new(tokio::net::TcpListener::from_std(listener)?);
        let (serving, mut stopped) = watch::channel(());
        let service = Service { package_id: self.package_id.clone(), stopped: stopped.clone() };
        let service = ChaincodeServer::new(service)
            .max_decoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
            .max_encoding_message_size(fabric_protos::MAX_MESSAGE_BYTES);
        let server = tonic::transport::Server::builder().tcp_nodelay(true).add_service(service);
        tokio::spawn(server.serve_with_incoming_shutdown(incoming, async move {
            let _ = stopped.changed().await;
        }));
        *lock(&self.serving) = Some(serving);
        Ok(())
    }
}

struct Service {
    package_id: String,
    stopped: watch::Receiver<()>,
}

#[tonic::async_trait]
impl Chaincode for Service {
    type ConnectStream = ReceiverStream<Result<ChaincodeMessage, Status>>;

    async fn connect(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        let (to_peer, outgoing) = mpsc::channel(64);
        let stream = Arc::new(Stream { to_peer, waiting: Mutex::default() });
        let name = ChaincodeId { name: self.package_id.clone(), ..Default::default() };
        let register =
            ChaincodeMessage { r#type: Type::Register.into(), payload: name.encode_to_vec(), ..Default::default() };
        let mut stopped = self.stopped.clone();
        tokio::spawn(async move {
            stream.send(register).await;
            let mut incoming = request.into_inner();
            loop {
                tokio::select! {
                    message = incoming.message() => match message {
                        Ok(Some(message)) => stream.take(message).await,
                        _ => break,
                    },
                    _ = stopped.changed() => break,
                }
            }
            // Scripts that wait for answers end, and with them the last senders of this stream.
            lock(&stream.waiting).clear();
        });
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }
}

impl Stream {
    async fn take(self: &Arc<Self>, message: ChaincodeMessage) {
        match message.r#type() {
            Type::Transaction | Type::Init => {
                let (answer, answers) = mpsc::channel(1);
                lock(&self.waiting).insert(key(&message), answer);
                let call = Call { stream: Arc::clone(self), message, answers };
                tokio::spawn(call.run());
            }
            Type::Response | Type::Error => {
                let waiting = lock(&self.waiting).get(&key(&message)).cloned();
                if let Some(waiting) = waiting {
                    let _ = waiting.send(message).await;
                }
            }
            Type::Keepalive => self.send(message).await,
            _ => {}
        }
    }
}

impl Call {
    async fn run(mut self) {
        let done = script::run(&mut self).await;
        let completed = ChaincodeMessage {
            r#type: Type::Completed.into(),
            payload: done.response.encode_to_vec(),
            chaincode_event: done.event,
            ..self.header()
        };
        lock(&self.stream.waiting).remove(&key(&self.message));
        self.stream.send(completed).await;
    }
}
