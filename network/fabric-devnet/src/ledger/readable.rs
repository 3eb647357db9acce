//! Whom a configuration lets read the channel.

use fabric_config::ChannelConfig;
use fabric_protos::common::{Block, Envelope};
use prost::Message;

/// Whether the orderers would give a reader blocks.
pub(super) fn may_read(channel: &ChannelConfig, reader: &[u8]) -> bool {
    let identity = channel.msps().deserialize(reader);
    identity.is_ok_and(|identity| channel.policy("/Channel/Readers").evaluate_identities(&[identity]).is_ok())
}

/// The configuration that a block holds.
pub(super) fn configuration(block: &Block) -> Option<ChannelConfig> {
    let [envelope] = block.data.as_ref()?.data.as_slice() else { return None };
    ChannelConfig::from_envelope(&Envelope::decode(&**envelope).ok()?).ok()
}
