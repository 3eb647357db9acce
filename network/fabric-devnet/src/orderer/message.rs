//! A message on its way into a block.

use fabric_protos::common::{ChannelHeader, Envelope, HeaderType, Payload};
use prost::Message as _;

use crate::budget::Share;

/// A message waiting for its block.
#[derive(Debug)]
pub(super) struct Message {
    /// The encoded envelope.
    pub(super) bytes: Vec<u8>,
    /// What counts towards the limits: payload and signature, in bytes.
    pub(super) size: usize,
    /// Asks for another configuration, and gets a block to itself.
    pub(super) is_update: bool,
    /// The sequence of the configuration under which it was taken.
    pub(super) sequence: u64,
    /// What it takes of the room for messages that wait, until its block is made.
    _share: Share,
}

impl Message {
    pub(super) fn new(envelope: &Envelope, sequence: u64, share: Share) -> Self {
        let (bytes, size) = (envelope.encode_to_vec(), message_bytes(envelope));
        Self { bytes, size, is_update: is_update(envelope), sequence, _share: share }
    }
}

/// What counts towards size limits, in bytes.
pub(super) fn message_bytes(envelope: &Envelope) -> usize {
    envelope.payload.len() + envelope.signature.len()
}

/// Whether a message asks for another configuration.
pub(super) fn is_update(envelope: &Envelope) -> bool {
    let header = Payload::decode(&*envelope.payload).ok().and_then(|payload| payload.header);
    let header = header.and_then(|header| ChannelHeader::decode(&*header.channel_header).ok());
    header.is_some_and(|header| header.r#type == HeaderType::ConfigUpdate as i32)
}
