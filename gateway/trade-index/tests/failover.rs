//! The index at two peers of one organization: it goes on at the other one where it stands, and takes no other chain.

mod envelope;

use std::{pin::Pin, sync::Arc, time::Duration};

use fabric_client::{Connection, Gateway, Peers, peers::PeersOptions};
use fabric_config::block::header_hash;
use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_protos::{
    common::{Block, Envelope, Payload},
    orderer::{SeekInfo, seek_position},
    protos::{
        DeliverResponse, FilteredBlock,
        deliver_response::Type,
        deliver_server::{Deliver, DeliverServer},
    },
};
use prost::Message;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, transport::server::TcpIncoming};
use trade_index::{Follower, Progress, Reader, Store};

type Tried = Result<(), Box<dyn std::error::Error>>;

const QUICK: PeersOptions = PeersOptions {
    every: Duration::from_millis(10),
    first: Duration::from_millis(5),
    longest: Duration::from_millis(20),
    patience: Duration::from_secs(2),
};

/// How long may pass until something comes true.
const PATIENCE: Duration = Duration::from_secs(60);

/// A peer with a chain, of which it shows so many blocks; nothing while it is away.
#[derive(Clone)]
struct Peer {
    chain: Arc<[Block]>,
    height: Arc<watch::Sender<usize>>,
    away: Arc<watch::Sender<bool>>,
}

type Answers = Pin<Box<dyn tokio_stream::Stream<Item = Result<DeliverResponse, Status>> + Send>>;

impl Peer {
    fn new(chain: &[Block], height: usize) -> Self {
        let (height, away) = (Arc::new(watch::Sender::new(height)), Arc::new(watch::Sender::new(false)));
        Self { chain: chain.into(), height, away }
    }

    /// Serves, and gives back what calls it.
    async fn serve(&self, authority: &Authority) -> Result<Gateway, Box<dyn std::error::Error>> {
        let incoming = TcpIncoming::bind(std::net::SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = incoming.local_addr()?.to_string();
        let service = DeliverServer::new(self.clone());
        tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
        let user = authority.issue(&CertificateRequest::identity("user", &["client"]))?.signer("SellerMSP")?;
        Ok(Gateway::new(Connection::lazy(&address, None, PATIENCE)?, Arc::new(user)))
    }

    async fn answer(
        &self,
        request: Request<Streaming<Envelope>>,
        form: fn(&Block) -> Type,
    ) -> Result<Response<Answers>, Status> {
        let envelope = request.into_inner().message().await?.unwrap_or_default();
        let unreadable = |error: prost::DecodeError| Status::invalid_argument(error.to_string());
        let payload = Payload::decode(envelope.payload.as_slice()).map_err(unreadable)?;
        let seek = SeekInfo::decode(payload.data.as_slice()).map_err(unreadable)?;
        let next = match seek.start.and_then(|start| start.r#type) {
            Some(seek_position::Type::Specified(at)) => usize::try_from(at.number).unwrap_or(usize::MAX),
            _ => self.height.borrow().saturating_sub(1),
        };
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(show(self.clone(), next, form, sender));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

/// Sends blocks as the peer gets them, until it goes away.
async fn show(
    peer: Peer,
    mut next: usize,
    form: fn(&Block) -> Type,
    sender: mpsc::Sender<Result<DeliverResponse, Status>>,
) {
    let (mut height, mut away) = (peer.height.subscribe(), peer.away.subscribe());
    loop {
        let message = tokio::select! {
            gone = away.wait_for(|away| *away) => Err(gone.map_or_else(|_| "gone", |_| "away")),
            there = height.wait_for(|height| next < *height) => there.map(drop).map_err(|_| "gone"),
            () = sender.closed() => return,
        };
        let message = message.map_err(Status::unavailable);
        let is_last = message.is_err();
        let message = message.map(|()| DeliverResponse { r#type: Some(form(&peer.chain[next])) });
        if sender.send(message).await.is_err() || is_last {
            return;
        }
        next += 1;
    }
}

#[tonic::async_trait]
impl Deliver for Peer {
    type DeliverStream = Answers;
    type DeliverFilteredStream = Answers;
    type DeliverWithPrivateDataStream = Answers;

    async fn deliver(&self, request: Request<Streaming<Envelope>>) -> Result<Response<Answers>, Status> {
        self.answer(request, |block| Type::Block(block.clone())).await
    }

    async fn deliver_filtered(&self, request: Request<Streaming<Envelope>>) -> Result<Response<Answers>, Status> {
        let filtered = |block: &Block| {
            let number = block.header.as_ref().map(|header| header.number).unwrap_or_default();
            Type::FilteredBlock(FilteredBlock { number, ..FilteredBlock::default() })
        };
        self.answer(request, filtered).await
    }

    async fn deliver_with_private_data(&self, _: Request<Streaming<Envelope>>) -> Result<Response<Answers>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}

/// A chain of empty blocks that begins with this digest.
fn chain(first: u8) -> Vec<Block> {
    let mut previous = vec![first; 32];
    let next = |number| {
        let block = envelope::block(number, previous.clone(), Vec::new(), Vec::new());
        previous = block.header.as_ref().map(|header| header_hash(header).to_vec()).unwrap_or_default();
        block
    };
    (0..8).map(next).collect()
}

/// An index that follows two peers.
struct Following {
    progress: watch::Receiver<Progress>,
    task: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Following {
    async fn start(first: &Peer, second: &Peer) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Store::open_file(&folder.path().join("index.sqlite")).await?;
        let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "SellerMSP"))?;
        let (first, second) = (first.serve(&authority).await?, second.serve(&authority).await?);
        let peers = Peers::watched((first, None), [(second, None)], "trade", QUICK);
        let reader = Reader { channel: "trade".into(), organization: "SellerMSP".into(), chaincode: "trade".into() };
        let follower = Follower::new(store, reader, peers);
        Ok(Self { progress: follower.progress(), task: tokio::spawn(follower.run()), _folder: folder })
    }

    async fn until(&mut self, holds: impl FnMut(&Progress) -> bool) -> Tried {
        let held = tokio::time::timeout(PATIENCE, self.progress.wait_for(holds)).await;
        held.map_err(|_| "it did not come true")??;
        Ok(())
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn the_index_goes_on_at_the_other_peer_and_comes_back_when_the_first_has_caught_up() -> Tried {
    let chain = chain(0);
    let (first, second) = (Peer::new(&chain, 3), Peer::new(&chain, 3));
    let mut following = Following::start(&first, &second).await?;
    following.until(|progress| progress.next_block == 3).await?;
    first.away.send_replace(true);
    second.height.send_replace(5);
    following.until(|progress| progress.next_block == 5).await?;
    // Back, and one block behind: what stands in is read on.
    first.height.send_replace(4);
    first.away.send_replace(false);
    second.height.send_replace(6);
    following.until(|progress| progress.next_block == 6).await?;
    // Now only the first has more.
    first.height.send_replace(8);
    following.until(|progress| progress.next_block == 8 && progress.trouble.is_none()).await
}

#[tokio::test]
async fn a_peer_with_another_chain_does_not_stand_in() -> Tried {
    let (first, second) = (Peer::new(&chain(0), 3), Peer::new(&chain(1), 8));
    let mut following = Following::start(&first, &second).await?;
    following.until(|progress| progress.next_block == 3).await?;
    first.away.send_replace(true);
    let other = |progress: &Progress| progress.trouble.as_ref().is_some_and(|said| said.contains("another chain"));
    following.until(other).await?;
    assert_eq!(following.progress.borrow().next_block, 3);
    first.height.send_replace(8);
    first.away.send_replace(false);
    following.until(|progress| progress.next_block == 8 && progress.trouble.is_none()).await
}
