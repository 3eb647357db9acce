//! Under which name this program's chaincode stands on a channel.

use fabric_operator::consortium::Consortium;

/// The name of the chaincode on each channel.
pub(super) struct Names<'a> {
    pub(super) given: Option<&'a str>,
    pub(super) consortium: Option<Consortium>,
}

impl Names<'_> {
    /// The given one, else that of the consortium on the channel, else `entrepot`.
    pub(super) fn of(&self, channel_id: &str) -> String {
        let own = || self.consortium.as_ref()?.on(channel_id).ok().map(|own| own.chaincode.name);
        self.given.map(str::to_owned).or_else(own).unwrap_or_else(|| "entrepot".to_owned())
    }
}
