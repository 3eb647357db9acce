//! What a channel's policies do not let an identity do. It is no failure of the network: the rules of a channel may
//! keep out its operator, and `channel` must still be able to change them.

/// An identity that may not do something on a channel.
#[derive(Debug, thiserror::Error)]
#[error("the channel {channel} does not let {who} {act}: {said}")]
pub struct Denied {
    /// The channel.
    pub channel: String,
    /// Whose identity was refused.
    pub who: String,
    /// What it was to do.
    pub act: &'static str,
    /// What the node said.
    pub said: String,
}
