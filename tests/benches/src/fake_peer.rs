//! A peer that answers every request of the chaincode at once, with a value of 128 bytes.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_protos::{
    common::{ChannelHeader, Header, SignatureHeader},
    msp::SerializedIdentity,
    protos::{
        ChaincodeAdditionalParams, ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec,
        ChaincodeMessage, ChaincodeProposalPayload, ChaincodeSpec, GetStateMultiple, GetStateMultipleResult, Proposal,
        Response, SignedProposal, chaincode_client::ChaincodeClient, chaincode_message::Type,
    },
};
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

const CHANNEL: &str = "bench";
const PATIENCE: Duration = Duration::from_secs(60);

/// What a transaction does.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// Nothing
    Noop,
    /// Reads a key, changes the value and writes it back
    ReadModifyWrite,
    /// Reads ten keys and writes ten
    TenAndTen,
}

impl Workload {
    /// Its name in the table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Noop => "nothing",
            Self::ReadModifyWrite => "1 read, 1 write",
            Self::TenAndTen => "10 reads, 10 writes",
        }
    }

    fn function(self) -> &'static str {
        match self {
            Self::Noop => "bench:Noop",
            Self::ReadModifyWrite => "bench:Rmw",
            Self::TenAndTen => "bench:Ten",
        }
    }
}

/// The peer's end of one stream.
pub struct Peer {
    send: mpsc::Sender<ChaincodeMessage>,
    receive: Streaming<ChaincodeMessage>,
    creator: Vec<u8>,
    begun: usize,
}

impl Peer {
    /// Dials a server and goes through the handshake, offering batches and multi-gets or not.
    pub async fn connect(address: SocketAddr, batches: bool) -> Result<Self> {
        let (authority, _) = Authority::create(&CertificateRequest::authority("ca.bench", "bench"))?;
        let issued = authority.issue(&CertificateRequest::identity("user", &["client"]))?;
        let creator = SerializedIdentity { mspid: "BenchMSP".into(), id_bytes: issued.certificate.pem().to_vec() };
        let channel = fabric_msp::transport::connect(&address.to_string(), None, PATIENCE).await?;
        let (send, outgoing) = mpsc::channel(1024);
        let mut client = ChaincodeClient::new(channel);
        let receive = client.connect(ReceiverStream::new(outgoing)).await?.into_inner();
        let mut peer = Self { send, receive, creator: creator.encode_to_vec(), begun: 0 };
        let register = peer.next().await?;
        ensure!(register.r#type() == Type::Register, "the server began with {:?}", register.r#type());
        let params = ChaincodeAdditionalParams {
            use_write_batch: true,
            max_size_write_batch: 1000,
            use_get_multiple_keys: true,
            max_size_get_multiple_keys: 1000,
        };
        peer.say(ChaincodeMessage { r#type: Type::Registered.into(), ..Default::default() }).await?;
        let payload = if batches { params.encode_to_vec() } else { Vec::new() };
        let ready = ChaincodeMessage { r#type: Type::Ready.into(), payload, ..Default::default() };
        peer.say(ready).await?;
        Ok(peer)
    }

    /// Runs so many transactions, so many of them at a time; tells how many messages the server sent for them.
    pub async fn run(&mut self, workload: Workload, in_flight: usize, transactions: usize) -> Result<usize> {
        let mut messages = 0;
        let mut begun = 0;
        let mut completed = 0;
        while begun < in_flight.min(transactions) {
            self.begin(workload).await?;
            begun += 1;
        }
        while completed < transactions {
            let message = self.next().await?;
            messages += 1;
            match message.r#type() {
                Type::Completed => {
                    let response = Response::decode(message.payload.as_slice())?;
                    ensure!(response.status == 200, "a transaction failed: {} {}", response.status, response.message);
                    completed += 1;
                    if begun < transactions {
                        self.begin(workload).await?;
                        begun += 1;
                    }
                }
                Type::GetState => self.answer(message, vec![7; 128]).await?,
                Type::GetStateMultiple => {
                    let asked = GetStateMultiple::decode(message.payload.as_slice())?;
                    let values = vec![vec![7; 128]; asked.keys.len()];
                    self.answer(message, GetStateMultipleResult { values }.encode_to_vec()).await?;
                }
                Type::PutState | Type::WriteBatchState => self.answer(message, Vec::new()).await?,
                other => bail!("the server sent {other:?}"),
            }
        }
        Ok(messages)
    }

    async fn begin(&mut self, workload: Workload) -> Result<()> {
        self.begun += 1;
        let txid = format!("{:064x}", self.begun);
        let input = ChaincodeInput { args: vec![workload.function().into()], ..Default::default() };
        let message = ChaincodeMessage {
            r#type: Type::Transaction.into(),
            payload: input.encode_to_vec(),
            proposal: Some(self.proposal(&txid, input)),
            txid,
            channel_id: CHANNEL.into(),
            ..Default::default()
        };
        self.say(message).await
    }

    fn proposal(&self, txid: &str, input: ChaincodeInput) -> SignedProposal {
        let chaincode = ChaincodeId { name: "bench".into(), ..Default::default() };
        let extension = ChaincodeHeaderExtension { chaincode_id: Some(chaincode.clone()) };
        let channel_header = ChannelHeader {
            r#type: 3,
            timestamp: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            channel_id: CHANNEL.into(),
            tx_id: txid.to_owned(),
            extension: extension.encode_to_vec(),
            ..Default::default()
        };
        let signature_header = SignatureHeader { creator: self.creator.clone(), nonce: vec![1; 24] };
        let header = Header {
            channel_header: channel_header.encode_to_vec(),
            signature_header: signature_header.encode_to_vec(),
        };
        let spec = ChaincodeSpec { chaincode_id: Some(chaincode), input: Some(input), ..Default::default() };
        let payload = ChaincodeProposalPayload {
            input: ChaincodeInvocationSpec { chaincode_spec: Some(spec) }.encode_to_vec(),
            ..Default::default()
        };
        let proposal =
            Proposal { header: header.encode_to_vec(), payload: payload.encode_to_vec(), ..Default::default() };
        SignedProposal { proposal_bytes: proposal.encode_to_vec(), signature: vec![2; 71] }
    }

    async fn answer(&self, request: ChaincodeMessage, payload: Vec<u8>) -> Result<()> {
        self.say(ChaincodeMessage {
            r#type: Type::Response.into(),
            payload,
            txid: request.txid,
            channel_id: request.channel_id,
            ..Default::default()
        })
        .await
    }

    async fn say(&self, message: ChaincodeMessage) -> Result<()> {
        self.send.send(message).await.context("the stream has ended")
    }

    async fn next(&mut self) -> Result<ChaincodeMessage> {
        let next = tokio::time::timeout(PATIENCE, self.receive.message()).await.context("the server is silent")?;
        next?.context("the server ended the stream")
    }
}
