//! What validation is given.

use fabric_config::ChannelConfig;

use super::signatures::VerifiedSignatures;

/// What validation needs to know of the channel.
pub(crate) struct ValidationContext<'a> {
    pub(crate) channel: &'a ChannelConfig,
    /// Signatures that are known; without them signatures are not looked at, for blocks that were validated before.
    pub(crate) signatures: Option<&'a VerifiedSignatures>,
}
