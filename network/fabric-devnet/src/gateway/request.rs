//! What a gateway must know of a proposal before it passes it on. Whether the proposal is allowed is for endorsers.

use fabric_protos::{
    common::{ChannelHeader, Header},
    protos::{ChaincodeInvocationSpec, ChaincodeProposalPayload, Proposal, SignedProposal},
};
use prost::Message;

/// Why a proposal cannot be passed on. The texts are Fabric's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    #[error("a signed proposal is required")]
    NoProposal,
    #[error("error unmarshalling {what}: {cause}")]
    Malformed { what: &'static str, cause: prost::DecodeError },
    #[error("no channel id provided")]
    NoChannel,
    #[error("no chaincode spec is provided, channel id [{0}]")]
    NoSpec(String),
    #[error("no chaincode id is provided, channel id [{0}]")]
    NoChaincode(String),
    #[error("no chaincode name is provided, channel id [{0}]")]
    NoName(String),
}

/// A proposal as a gateway sees it.
#[derive(Debug)]
pub(super) struct Proposed {
    pub(super) signed: SignedProposal,
    pub(super) channel_id: String,
    pub(super) chaincode: String,
    pub(super) has_transient: bool,
    pub(super) header: Header,
    /// The encoded invocation, without the transient map beside it.
    pub(super) input: Vec<u8>,
}

impl Proposed {
    /// Takes a proposal apart that says where it is to run.
    pub(super) fn read(signed: SignedProposal) -> Result<Self, RequestError> {
        if signed.proposal_bytes.is_empty() {
            return Err(RequestError::NoProposal);
        }
        Self::take_apart(signed, complete)
    }

    /// Takes a proposal apart that may lack its channel or its chaincode; it then finds no endorser.
    pub(super) fn read_incomplete(signed: SignedProposal) -> Result<Self, RequestError> {
        Self::take_apart(signed, |_, _| Ok(()))
    }

    fn take_apart(
        signed: SignedProposal,
        check: impl FnOnce(&str, &ChaincodeInvocationSpec) -> Result<(), RequestError>,
    ) -> Result<Self, RequestError> {
        let proposal: Proposal = decode("Proposal", &signed.proposal_bytes)?;
        let header: Header = decode("Header", &proposal.header)?;
        let channel_header: ChannelHeader = decode("ChannelHeader", &header.channel_header)?;
        let payload: ChaincodeProposalPayload = decode("ChaincodeProposalPayload", &proposal.payload)?;
        let invocation: ChaincodeInvocationSpec = decode("ChaincodeInvocationSpec", &payload.input)?;
        let channel_id = channel_header.channel_id;
        check(&channel_id, &invocation)?;
        let chaincode = invocation.chaincode_spec.and_then(|spec| spec.chaincode_id).unwrap_or_default().name;
        let has_transient = !payload.transient_map.is_empty();
        Ok(Self { signed, channel_id, chaincode, has_transient, header, input: payload.input })
    }
}

fn complete(channel_id: &str, invocation: &ChaincodeInvocationSpec) -> Result<(), RequestError> {
    let channel = || channel_id.to_owned();
    if channel_id.is_empty() {
        return Err(RequestError::NoChannel);
    }
    let spec = invocation.chaincode_spec.as_ref().ok_or_else(|| RequestError::NoSpec(channel()))?;
    let chaincode = spec.chaincode_id.as_ref().ok_or_else(|| RequestError::NoChaincode(channel()))?;
    if chaincode.name.is_empty() { Err(RequestError::NoName(channel())) } else { Ok(()) }
}

fn decode<M: Message + Default>(what: &'static str, bytes: &[u8]) -> Result<M, RequestError> {
    M::decode(bytes).map_err(|cause| RequestError::Malformed { what, cause })
}
