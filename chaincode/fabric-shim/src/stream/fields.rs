//! Those parts of a proposal that the shim needs, read without copying: each `Bytes` is a piece of the proposal's own
//! bytes. The numbers of the fields are those of Fabric's messages of the same names; other fields are passed over.

use std::collections::BTreeMap;

use prost::bytes::Bytes;

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Proposal {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) header: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) payload: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Header {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) channel_header: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) signature_header: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ChannelHeader {
    #[prost(message, optional, tag = "3")]
    pub(crate) timestamp: Option<Time>,
    #[prost(uint64, tag = "6")]
    pub(crate) epoch: u64,
    #[prost(bytes = "bytes", tag = "7")]
    pub(crate) extension: Bytes,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct Time {
    #[prost(int64, tag = "1")]
    pub(crate) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(crate) nanos: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SignatureHeader {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) creator: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) nonce: Bytes,
}

/// `ChaincodeProposalPayload`. Its input is that of the message to the chaincode.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ProposalPayload {
    #[prost(btree_map = "string, bytes", tag = "2")]
    pub(crate) transient_map: BTreeMap<String, Vec<u8>>,
}
