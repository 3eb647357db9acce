//! A client for tests: proposals, transactions and requests as bytes, with every part open to being spoilt.

use std::time::{SystemTime, UNIX_EPOCH};

use fabric_config::transaction;
use fabric_msp::signer::{Signer, SigningIdentity};
use fabric_protos::{
    common::{ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader},
    gateway::{
        ChaincodeEventsRequest, CommitStatusRequest, ErrorDetail, SignedChaincodeEventsRequest,
        SignedCommitStatusRequest,
    },
    google::rpc,
    orderer::{SeekInfo, SeekPosition, SeekSpecified, seek_position},
    protos::{
        ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec, ChaincodeProposalPayload, ChaincodeSpec, Proposal,
        SignedProposal,
    },
};
use prost::Message;
use tonic::{Code, Status};

/// Something to be proposed.
pub struct Call<'a> {
    pub channel: &'a str,
    pub chaincode: &'a str,
    pub args: Vec<Vec<u8>>,
    pub transient: Vec<(&'a str, &'a [u8])>,
    pub is_init: bool,
    /// Changes the channel header after the transaction id has been filled in.
    pub spoil: Option<fn(&mut ChannelHeader)>,
}

impl<'a> Call<'a> {
    pub fn new(channel: &'a str, chaincode: &'a str, args: &[&str]) -> Self {
        let args = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        Self { channel, chaincode, args, transient: Vec::new(), is_init: false, spoil: None }
    }

    pub fn transient(mut self, name: &'a str, value: &'a [u8]) -> Self {
        self.transient.push((name, value));
        self
    }

    pub fn init(mut self) -> Self {
        self.is_init = true;
        self
    }

    pub fn spoilt(mut self, spoil: fn(&mut ChannelHeader)) -> Self {
        self.spoil = Some(spoil);
        self
    }

    /// The proposal, signed, and its transaction id.
    pub fn sign(&self, signer: &SigningIdentity) -> (SignedProposal, String) {
        self.sign_as(signer, signer.creator())
    }

    /// As [`Call::sign`] with another creator than the signer.
    pub fn sign_as(&self, signer: &SigningIdentity, creator: &[u8]) -> (SignedProposal, String) {
        let nonce = transaction::nonce().unwrap();
        let extension = transaction::chaincode_extension(self.chaincode);
        let kind = HeaderType::EndorserTransaction;
        let (mut channel_header, signature_header) =
            transaction::headers(kind, self.channel, now(), &nonce, creator, extension);
        let tx_id = channel_header.tx_id.clone();
        if let Some(spoil) = self.spoil {
            spoil(&mut channel_header);
        }
        let proposal = self.proposal(&channel_header, &signature_header).encode_to_vec();
        let signature = signer.sign(&proposal).unwrap();
        (SignedProposal { proposal_bytes: proposal, signature }, tx_id)
    }

    fn proposal(&self, channel_header: &ChannelHeader, signature_header: &SignatureHeader) -> Proposal {
        let header = Header {
            channel_header: channel_header.encode_to_vec(),
            signature_header: signature_header.encode_to_vec(),
        };
        let spec = ChaincodeSpec {
            chaincode_id: Some(ChaincodeId { name: self.chaincode.to_owned(), ..Default::default() }),
            input: Some(ChaincodeInput { args: self.args.clone(), is_init: self.is_init, ..Default::default() }),
            ..Default::default()
        };
        let input = ChaincodeInvocationSpec { chaincode_spec: Some(spec) }.encode_to_vec();
        let transient_map = self.transient.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect();
        let payload = ChaincodeProposalPayload { input, transient_map }.encode_to_vec();
        Proposal { header: header.encode_to_vec(), payload, extension: Vec::new() }
    }
}

pub fn now() -> prost_types::Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    prost_types::Timestamp { seconds: since.as_secs() as i64, nanos: 0 }
}

/// Signs a prepared transaction.
pub fn sign_envelope(mut envelope: Envelope, signer: &SigningIdentity) -> Envelope {
    envelope.signature = signer.sign(&envelope.payload).unwrap();
    envelope
}

pub fn commit_status(channel: &str, tx_id: &str, signer: &SigningIdentity) -> SignedCommitStatusRequest {
    let request = CommitStatusRequest {
        transaction_id: tx_id.to_owned(),
        channel_id: channel.to_owned(),
        identity: signer.creator().to_vec(),
    }
    .encode_to_vec();
    let signature = signer.sign(&request).unwrap();
    SignedCommitStatusRequest { request, signature }
}

pub fn events(request: ChaincodeEventsRequest, signer: &SigningIdentity) -> SignedChaincodeEventsRequest {
    let request = ChaincodeEventsRequest { identity: signer.creator().to_vec(), ..request }.encode_to_vec();
    let signature = signer.sign(&request).unwrap();
    SignedChaincodeEventsRequest { request, signature }
}

/// A request for all blocks from a number on, also those of the future.
pub fn seek_from(channel: &str, number: u64, signer: &SigningIdentity) -> Envelope {
    let position = |number| {
        let specified = seek_position::Type::Specified(SeekSpecified { number });
        Some(SeekPosition { r#type: Some(specified) })
    };
    let info = SeekInfo { start: position(number), stop: position(u64::MAX), ..Default::default() };
    let nonce = transaction::nonce().unwrap();
    let kind = HeaderType::DeliverSeekInfo;
    let (channel_header, signature_header) =
        transaction::headers(kind, channel, now(), &nonce, signer.creator(), Vec::new());
    let header =
        Header { channel_header: channel_header.encode_to_vec(), signature_header: signature_header.encode_to_vec() };
    let payload = Payload { header: Some(header), data: info.encode_to_vec() }.encode_to_vec();
    sign_envelope(Envelope { payload, signature: Vec::new() }, signer)
}

/// The details of an error, one for each peer that failed.
pub fn details(status: &Status) -> Vec<ErrorDetail> {
    let status = rpc::Status::decode(status.details()).unwrap();
    status.details.iter().map(|any| ErrorDetail::decode(&*any.value).unwrap()).collect()
}

/// Everything that an error says, in one text.
pub fn text(status: &Status) -> String {
    let details: Vec<String> = details(status).into_iter().map(|detail| detail.message).collect();
    format!("{} | {}", status.message(), details.join(" | "))
}

/// Checks code and a part of what an error says.
#[track_caller]
pub fn expect<T>(case: &str, answer: Result<T, Status>, code: Code, part: &str) {
    let Err(status) = answer else { panic!("{case}: nothing was refused") };
    assert_eq!(status.code(), code, "{case}: {}", text(&status));
    assert!(text(&status).contains(part), "{case}: {}", text(&status));
}
