//! The messages that a client makes by itself, field by field as the official SDKs make them. Pure: time and nonce come
//! in as arguments.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use fabric_config::transaction;
use fabric_protos::{
    common::{ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader},
    orderer::{SeekInfo, SeekPosition, SeekSpecified, seek_position},
    protos::{
        ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec, ChaincodeProposalPayload, ChaincodeSpec, Proposal,
        chaincode_spec,
    },
};
use prost::Message;

/// Seconds and nanoseconds since the beginning of 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds within the second, 0 to 999 999 999.
    pub nanos: i32,
}

impl Timestamp {
    /// The present moment. A system whose clock stands before 1970 gets the beginning of 1970.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(since.subsec_nanos()).unwrap_or_default(),
        }
    }
}

/// All that determines the bytes of a proposal.
pub(crate) struct ProposalParts<'a> {
    pub(crate) creator: &'a [u8],
    pub(crate) nonce: &'a [u8],
    pub(crate) timestamp: Timestamp,
    pub(crate) channel: &'a str,
    pub(crate) chaincode: &'a str,
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) transient: BTreeMap<String, Vec<u8>>,
}

impl ProposalParts<'_> {
    /// The encoded `Proposal`.
    pub(crate) fn encode(self) -> Vec<u8> {
        let (channel_header, signature_header) = transaction::headers(
            HeaderType::EndorserTransaction,
            self.channel,
            prost_timestamp(self.timestamp),
            self.nonce,
            self.creator,
            transaction::chaincode_extension(self.chaincode),
        );
        let header = Header {
            channel_header: channel_header.encode_to_vec(),
            signature_header: signature_header.encode_to_vec(),
        };
        let specification = ChaincodeSpec {
            // Peers ignore the language; the official SDKs of all languages write this one.
            r#type: chaincode_spec::Type::Node as i32,
            chaincode_id: Some(ChaincodeId { name: self.chaincode.to_owned(), ..ChaincodeId::default() }),
            input: Some(ChaincodeInput { args: self.arguments, ..ChaincodeInput::default() }),
            ..ChaincodeSpec::default()
        };
        let invocation = ChaincodeInvocationSpec { chaincode_spec: Some(specification) };
        let payload = ChaincodeProposalPayload { input: invocation.encode_to_vec(), transient_map: self.transient };
        Proposal { header: header.encode_to_vec(), payload: payload.encode_to_vec(), ..Proposal::default() }
            .encode_to_vec()
    }
}

/// All that determines the envelope which opens a stream of blocks.
pub(crate) struct SeekParts<'a> {
    pub(crate) creator: &'a [u8],
    pub(crate) timestamp: Timestamp,
    pub(crate) channel: &'a str,
    pub(crate) tls_certificate_hash: Option<&'a [u8; 32]>,
    pub(crate) start: SeekPosition,
    pub(crate) stop: u64,
}

impl SeekParts<'_> {
    /// The envelope without a signature.
    pub(crate) fn envelope(self) -> Envelope {
        let channel_header = ChannelHeader {
            r#type: HeaderType::DeliverSeekInfo as i32,
            channel_id: self.channel.to_owned(),
            timestamp: Some(prost_timestamp(self.timestamp)),
            tls_cert_hash: self.tls_certificate_hash.map(|hash| hash.to_vec()).unwrap_or_default(),
            ..ChannelHeader::default()
        };
        // No nonce: nothing that is only read needs one.
        let signature_header = SignatureHeader { creator: self.creator.to_vec(), nonce: Vec::new() };
        let stop = SeekPosition { r#type: Some(seek_position::Type::Specified(SeekSpecified { number: self.stop })) };
        let seek = SeekInfo { start: Some(self.start), stop: Some(stop), ..SeekInfo::default() };
        let header = Header {
            channel_header: channel_header.encode_to_vec(),
            signature_header: signature_header.encode_to_vec(),
        };
        let payload = Payload { header: Some(header), data: seek.encode_to_vec() };
        Envelope { payload: payload.encode_to_vec(), signature: Vec::new() }
    }
}

/// The two headers inside encoded header bytes.
pub(crate) fn decode_header(header: &Header) -> Result<(ChannelHeader, SignatureHeader), prost::DecodeError> {
    Ok((
        ChannelHeader::decode(header.channel_header.as_slice())?,
        SignatureHeader::decode(header.signature_header.as_slice())?,
    ))
}

fn prost_timestamp(timestamp: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: timestamp.seconds, nanos: timestamp.nanos }
}
