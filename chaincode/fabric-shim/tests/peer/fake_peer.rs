//! A peer that does only what a test tells it to.

use std::{collections::BTreeMap, error::Error, net::SocketAddr, sync::OnceLock, time::Duration};

use fabric_msp::transport::{ClientTls, connect};
use fabric_protos::{
    MAX_MESSAGE_BYTES,
    common::{ChannelHeader, Header, SignatureHeader},
    msp::SerializedIdentity,
    protos::{
        ChaincodeAdditionalParams, ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput, ChaincodeMessage,
        ChaincodeProposalPayload, Proposal, Response, SignedProposal, chaincode_client::ChaincodeClient,
        chaincode_message::Type,
    },
};
use prost::Message;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::{PACKAGE_ID, certificates::Authority};

type Outcome<T> = Result<T, Box<dyn Error>>;

pub(crate) const CHANNEL: &str = "trade";
pub(crate) const CHAINCODE: &str = "entrepot";

/// How long a message may take; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing must come for "nothing comes".
const SILENCE: Duration = Duration::from_millis(60);

pub(crate) struct FakePeer {
    outgoing: mpsc::Sender<ChaincodeMessage>,
    incoming: Streaming<ChaincodeMessage>,
}

impl FakePeer {
    /// Opens a stream and does nothing on it.
    pub(crate) async fn dial(address: SocketAddr, tls: Option<&ClientTls>) -> Outcome<Self> {
        let channel = connect(&address.to_string(), tls, PATIENCE).await?;
        let mut client = ChaincodeClient::new(channel)
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let (outgoing, messages) = mpsc::channel(64);
        let incoming = client.connect(ReceiverStream::new(messages)).await?.into_inner();
        Ok(Self { outgoing, incoming })
    }

    /// A peer of version 2.5 that has accepted the package.
    pub(crate) async fn ready(address: SocketAddr) -> Outcome<Self> {
        Self::ready_with(address, None).await
    }

    /// A peer of version 3.1 that offers batches and multi-gets of `size`.
    pub(crate) async fn ready_offering(address: SocketAddr, size: u32) -> Outcome<Self> {
        let offer = ChaincodeAdditionalParams {
            use_write_batch: true,
            max_size_write_batch: size,
            use_get_multiple_keys: true,
            max_size_get_multiple_keys: size,
        };
        Self::ready_with(address, Some(offer)).await
    }

    async fn ready_with(address: SocketAddr, offer: Option<ChaincodeAdditionalParams>) -> Outcome<Self> {
        let mut peer = Self::dial(address, None).await?;
        peer.expect_register(PACKAGE_ID).await?;
        peer.send(Type::Registered, "", Vec::new()).await?;
        peer.send(Type::Ready, "", offer.map(|offer| offer.encode_to_vec()).unwrap_or_default()).await?;
        Ok(peer)
    }

    pub(crate) async fn expect_register(&mut self, package_id: &str) -> Outcome<()> {
        let message = self.expect(Type::Register).await?;
        assert_eq!(ChaincodeId::decode(message.payload.as_slice())?.name, package_id);
        assert_eq!((message.txid.as_str(), message.channel_id.as_str()), ("", ""));
        Ok(())
    }

    /// Sends a message that belongs to a transaction of the usual channel, or to none when `tx_id` is empty.
    pub(crate) async fn send(&mut self, kind: Type, tx_id: &str, payload: Vec<u8>) -> Outcome<()> {
        let channel_id = if tx_id.is_empty() { String::new() } else { CHANNEL.to_owned() };
        let message =
            ChaincodeMessage { r#type: kind.into(), txid: tx_id.to_owned(), channel_id, payload, ..Default::default() };
        self.send_message(message).await
    }

    pub(crate) async fn send_message(&mut self, message: ChaincodeMessage) -> Outcome<()> {
        Ok(self.outgoing.send(message).await?)
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self, tx_id: &str, args: &[&str]) -> Outcome<()> {
        self.send_message(transaction(tx_id, args, &[])).await
    }

    /// The next message, whatever it is.
    pub(crate) async fn next(&mut self) -> Outcome<ChaincodeMessage> {
        let message = timeout(PATIENCE, self.incoming.message()).await.map_err(|_| "no message came")??;
        Ok(message.ok_or("the stream has ended")?)
    }

    pub(crate) async fn expect(&mut self, kind: Type) -> Outcome<ChaincodeMessage> {
        let message = self.next().await?;
        assert_eq!(message.r#type(), kind, "{}", String::from_utf8_lossy(&message.payload));
        Ok(message)
    }

    /// Nothing must come for a while.
    pub(crate) async fn expect_silence(&mut self) -> Outcome<()> {
        match timeout(SILENCE, self.incoming.message()).await {
            Err(_) => Ok(()),
            Ok(message) => Err(format!("something came: {message:?}").into()),
        }
    }

    /// The stream must end, with or without an error.
    pub(crate) async fn expect_end(&mut self) -> Outcome<()> {
        loop {
            match timeout(PATIENCE, self.incoming.message()).await.map_err(|_| "the stream goes on")? {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Ok(()),
            }
        }
    }

    /// Answers a request with `payload`.
    pub(crate) async fn respond(&mut self, request: &ChaincodeMessage, payload: Vec<u8>) -> Outcome<()> {
        let kind = Type::Response.into();
        self.send_message(ChaincodeMessage { r#type: kind, payload, ..request.clone() }).await
    }

    /// Expects a request of this type and answers it; gives the request's payload.
    pub(crate) async fn serve<M: Message + Default>(&mut self, kind: Type, answer: Vec<u8>) -> Outcome<M> {
        let request = self.expect(kind).await?;
        self.respond(&request, answer).await?;
        Ok(M::decode(request.payload.as_slice())?)
    }

    /// The end of a transaction: status, and the payload or else the failure's code.
    pub(crate) async fn outcome(&mut self, tx_id: &str) -> Outcome<(i32, String)> {
        let message = self.expect(Type::Completed).await?;
        assert_eq!(message.txid, tx_id);
        outcome_of(&message)
    }
}

pub(crate) fn outcome_of(message: &ChaincodeMessage) -> Outcome<(i32, String)> {
    let Response { status, message, payload } = Response::decode(message.payload.as_slice())?;
    if status < 400 {
        return Ok((status, String::from_utf8(payload)?));
    }
    let failure: serde_json::Value = serde_json::from_str(&message)?;
    Ok((status, failure["code"].as_str().unwrap_or_default().to_owned()))
}

/// A TRANSACTION message of the usual channel with a proposal of the usual client.
pub(crate) fn transaction(tx_id: &str, args: &[&str], transient: &[(&str, &str)]) -> ChaincodeMessage {
    let input = ChaincodeInput { args: args.iter().map(|arg| arg.as_bytes().to_vec()).collect(), ..Default::default() };
    let transient_map: BTreeMap<_, _> =
        transient.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let id = ChaincodeId { name: CHAINCODE.to_owned(), ..Default::default() };
    let extension = ChaincodeHeaderExtension { chaincode_id: Some(id) };
    let channel_header = ChannelHeader {
        channel_id: CHANNEL.to_owned(),
        tx_id: tx_id.to_owned(),
        timestamp: Some(prost_types::Timestamp { seconds: 1_767_225_600, nanos: 7 }),
        extension: extension.encode_to_vec(),
        ..Default::default()
    };
    let signature_header = SignatureHeader { creator: creator().to_vec(), nonce: vec![1; 24] };
    let header =
        Header { channel_header: channel_header.encode_to_vec(), signature_header: signature_header.encode_to_vec() };
    let payload = ChaincodeProposalPayload { transient_map, ..Default::default() };
    let proposal = Proposal { header: header.encode_to_vec(), payload: payload.encode_to_vec(), ..Default::default() };
    ChaincodeMessage {
        r#type: Type::Transaction.into(),
        txid: tx_id.to_owned(),
        channel_id: CHANNEL.to_owned(),
        payload: input.encode_to_vec(),
        proposal: Some(SignedProposal { proposal_bytes: proposal.encode_to_vec(), signature: vec![0; 70] }),
        ..Default::default()
    }
}

/// The usual client: a `SerializedIdentity` of ExporterMSP.
pub(crate) fn creator() -> &'static [u8] {
    static CREATOR: OnceLock<Vec<u8>> = OnceLock::new();
    CREATOR.get_or_init(|| {
        let issued = Authority::new("ca.exporter").and_then(|authority| authority.issue("erp", &["client", "sales"]));
        let id_bytes = issued.map(|issued| issued.certificate).unwrap_or_default();
        SerializedIdentity { mspid: "ExporterMSP".to_owned(), id_bytes }.encode_to_vec()
    })
}
