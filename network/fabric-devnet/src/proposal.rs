//! Signed proposals taken apart. Whether one is allowed is decided elsewhere. The bytes that were signed and hashed are
//! kept as they came.

use fabric_config::transaction;
use fabric_protos::{
    common::{ChannelHeader, Header, SignatureHeader},
    protos::{
        ChaincodeHeaderExtension, ChaincodeInput, ChaincodeInvocationSpec, ChaincodeProposalPayload,
        Proposal as Message, SignedProposal,
    },
};
use prost::Message as _;

/// Why a proposal cannot be taken apart. The texts are Fabric's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnpackError {
    #[error("error unmarshalling {what}: {cause}")]
    Malformed { what: &'static str, cause: prost::DecodeError },
    #[error("ChaincodeHeaderExtension.ChaincodeId is nil")]
    NoChaincode,
    #[error("ChaincodeHeaderExtension.ChaincodeId.Name is empty")]
    NoName,
    #[error("chaincode invocation spec did not contain chaincode spec")]
    NoSpec,
    #[error("chaincode input did not contain any input")]
    NoInput,
}

/// A proposal with its parts.
#[derive(Debug)]
pub(crate) struct Proposal {
    signed: SignedProposal,
    channel_header: ChannelHeader,
    signature_header: SignatureHeader,
    chaincode: String,
    input: ChaincodeInput,
    hash: [u8; 32],
}

impl Proposal {
    /// Takes a proposal apart.
    pub(crate) fn unpack(signed: SignedProposal) -> Result<Self, UnpackError> {
        let proposal: Message = decode("Proposal", &signed.proposal_bytes)?;
        let header: Header = decode("Header", &proposal.header)?;
        let channel_header: ChannelHeader = decode("ChannelHeader", &header.channel_header)?;
        let signature_header: SignatureHeader = decode("SignatureHeader", &header.signature_header)?;
        let extension: ChaincodeHeaderExtension = decode("ChaincodeHeaderExtension", &channel_header.extension)?;
        let chaincode = extension.chaincode_id.ok_or(UnpackError::NoChaincode)?.name;
        if chaincode.is_empty() {
            return Err(UnpackError::NoName);
        }
        let payload: ChaincodeProposalPayload = decode("ChaincodeProposalPayload", &proposal.payload)?;
        let invocation: ChaincodeInvocationSpec = decode("ChaincodeInvocationSpec", &payload.input)?;
        let spec = invocation.chaincode_spec.ok_or(UnpackError::NoSpec)?;
        let input = spec.input.ok_or(UnpackError::NoInput)?;
        let public = ChaincodeProposalPayload { input: payload.input, ..ChaincodeProposalPayload::default() };
        let hash =
            transaction::proposal_hash(&header.channel_header, &header.signature_header, &public.encode_to_vec());
        Ok(Self { signed, channel_header, signature_header, chaincode, input, hash })
    }

    /// The proposal as it came.
    pub(crate) fn signed(&self) -> &SignedProposal {
        &self.signed
    }

    /// Its channel header.
    pub(crate) fn channel_header(&self) -> &ChannelHeader {
        &self.channel_header
    }

    /// The channel's name; empty for a request to the peer itself.
    pub(crate) fn channel_id(&self) -> &str {
        &self.channel_header.channel_id
    }

    /// The transaction's id.
    pub(crate) fn tx_id(&self) -> &str {
        &self.channel_header.tx_id
    }

    /// Its signature header.
    pub(crate) fn signature_header(&self) -> &SignatureHeader {
        &self.signature_header
    }

    /// Who made it, as an encoded `SerializedIdentity`.
    pub(crate) fn creator(&self) -> &[u8] {
        &self.signature_header.creator
    }

    /// The chaincode that it is for.
    pub(crate) fn chaincode(&self) -> &str {
        &self.chaincode
    }

    /// Function and arguments.
    pub(crate) fn input(&self) -> &ChaincodeInput {
        &self.input
    }

    /// The hash that binds an answer to it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        self.hash
    }
}

fn decode<M: prost::Message + Default>(what: &'static str, bytes: &[u8]) -> Result<M, UnpackError> {
    M::decode(bytes).map_err(|cause| UnpackError::Malformed { what, cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_missing_is_named() {
        let unpack = |proposal: &Message| {
            let signed = SignedProposal { proposal_bytes: proposal.encode_to_vec(), ..Default::default() };
            Proposal::unpack(signed).expect_err("incomplete").to_string()
        };
        assert_eq!(unpack(&Message::default()), "ChaincodeHeaderExtension.ChaincodeId is nil");
        let header = |extension: Vec<u8>| {
            let channel_header = ChannelHeader { extension, ..Default::default() }.encode_to_vec();
            Header { channel_header, ..Default::default() }.encode_to_vec()
        };
        let unnamed = header(transaction::chaincode_extension(""));
        assert!(unpack(&Message { header: header(vec![0x12, 0]), ..Default::default() }).contains("Name is empty"));
        assert!(unpack(&Message { header: unnamed, ..Default::default() }).contains("is"));
        let named = header(transaction::chaincode_extension("cc"));
        assert!(unpack(&Message { header: named, ..Default::default() }).contains("chaincode spec"));
    }

    #[test]
    fn bytes_that_are_no_proposal_are_refused() {
        let signed = SignedProposal { proposal_bytes: vec![0xff; 64], ..Default::default() };
        let refused = Proposal::unpack(signed).expect_err("nonsense");
        assert!(refused.to_string().starts_with("error unmarshalling Proposal"));
    }
}
