//! From the peer's TRANSACTION message to what a contract is given.
//!
//! The peer has checked signature, certificate and identifiers; nothing is checked again. The bytes are taken apart
//! with care all the same, because a panic here would be ours.

use std::collections::BTreeMap;

use fabric_contract::{Creator, Failure, Invocation, Origin, Timestamp};
use fabric_msp::certificate::Certificate;
use fabric_protos::{
    msp::SerializedIdentity,
    protos::{ChaincodeHeaderExtension, ChaincodeInput, ChaincodeMessage, SignedProposal, chaincode_message::Type},
};
use prost::{
    Message,
    bytes::{Buf, Bytes},
};

use super::{
    creators::Creators,
    fields::{ChannelHeader, Header, Proposal, ProposalPayload, SignatureHeader},
};

/// Shared by all streams of the process: what a creator's bytes say does not depend on who sent them.
static CREATORS: Creators = Creators::new();

/// The bytes behind an [`Origin`]: pieces of the message, kept without copying.
pub(crate) struct Parts {
    proposal: Bytes,
    signature: Vec<u8>,
    creator: Bytes,
    nonce: Bytes,
    epoch: u64,
    decorations: BTreeMap<String, Vec<u8>>,
}

impl Parts {
    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin {
            proposal: &self.proposal,
            signature: &self.signature,
            creator: &self.creator,
            nonce: &self.nonce,
            epoch: self.epoch,
            decorations: &self.decorations,
        }
    }
}

/// Takes a TRANSACTION or INIT message apart.
pub(crate) fn invocation_of(message: ChaincodeMessage) -> Result<(Invocation, Parts), Failure> {
    let is_init = message.r#type() == Type::Init;
    let input: ChaincodeInput = decode("input", &*message.payload)?;
    let SignedProposal { proposal_bytes, signature: signed } =
        message.proposal.ok_or_else(|| malformed("the message carries no proposal"))?;
    let proposal_bytes = Bytes::from(proposal_bytes);
    let proposal: Proposal = decode("proposal", proposal_bytes.clone())?;
    let header: Header = decode("header", proposal.header)?;
    let channel: ChannelHeader = decode("channel header", header.channel_header)?;
    let signature: SignatureHeader = decode("signature header", header.signature_header)?;
    let extension: ChaincodeHeaderExtension = decode("header extension", channel.extension)?;
    let payload: ProposalPayload = decode("proposal payload", proposal.payload)?;
    let timestamp = channel.timestamp.ok_or_else(|| malformed("the proposal carries no time"))?;
    let invocation = Invocation {
        // Differs from the proposal's channel when a chaincode of another channel called this one.
        channel_id: message.channel_id,
        tx_id: message.txid,
        chaincode: extension.chaincode_id.map(|id| id.name).unwrap_or_default(),
        timestamp: Timestamp { seconds: timestamp.seconds, nanos: timestamp.nanos },
        creator: CREATORS.get(&signature.creator, creator_of)?,
        args: input.args,
        transient: payload.transient_map,
        is_init,
    };
    let parts = Parts {
        proposal: proposal_bytes,
        signature: signed,
        creator: signature.creator,
        nonce: signature.nonce,
        epoch: channel.epoch,
        decorations: input.decorations,
    };
    Ok((invocation, parts))
}

fn creator_of(bytes: &[u8]) -> Result<Creator, Failure> {
    let identity: SerializedIdentity = decode("creator", bytes)?;
    let certificate = Certificate::from_pem(&identity.id_bytes).map_err(|error| {
        Failure::new(400, "creator_unsupported", "The creator shows no X.509 certificate")
            .with_detail(error.to_string())
    })?;
    let attributes = certificate.attributes().map_err(|error| {
        Failure::new(
            403,
            "creator_attributes_malformed",
            "The creator's certificate has attributes that cannot be read",
        )
        .with_detail(error.to_string())
    })?;
    Ok(Creator {
        msp_id: identity.mspid,
        id: certificate.client_id(),
        roles: certificate.ous().to_vec(),
        attributes: attributes.clone(),
        certificate_sha256: certificate.sha256(),
        public_key_sha256: certificate.spki_sha256(),
    })
}

fn decode<M: Message + Default>(what: &str, bytes: impl Buf) -> Result<M, Failure> {
    M::decode(bytes).map_err(|_| malformed(&format!("the {what} cannot be read")))
}

fn malformed(detail: &str) -> Failure {
    Failure::new(500, "proposal_malformed", "The peer's message cannot be read").with_detail(detail)
}
