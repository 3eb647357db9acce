//! What can be wrong with a wished change of a configuration.

use crate::{
    error::{ConfigError, SpecError},
    update::UpdateError,
};

/// Why a wish cannot be written into a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The channel has no such organization.
    #[error("the channel has no organization {0}")]
    NoOrganization(String),
    /// The channel has this organization already.
    #[error("the channel has the organization {0} already")]
    Known(String),
    /// A channel without organizations could never be changed again.
    #[error("{0} is the last organization of the channel")]
    Last(String),
    /// The organization runs no orderers on the channel, or no peers.
    #[error("{msp_id} is no organization of the channel's group {group}")]
    NotIn {
        /// The organization.
        msp_id: String,
        /// `Application` or `Orderer`.
        group: &'static str,
    },
    /// The channel has no consenter at this address.
    #[error("the channel has no consenter {0}")]
    NoConsenter(String),
    /// The channel has a consenter at this address already.
    #[error("the channel has a consenter {0} already")]
    KnownConsenter(String),
    /// Consenters are changed one by one under Raft only. Under BFT consensus the policy for blocks names them, too.
    #[error("the consensus of the channel is {0}; consenters can be changed under etcdraft only")]
    NotRaft(String),
    /// The channel has no such group.
    #[error("the channel has no group {0}")]
    NoGroup(String),
    /// An access rule or a policy that must be there is not.
    #[error("the channel has no policy {0}")]
    NoPolicy(String),
    /// The channel has no rule of its own for a resource.
    #[error("the channel has no access rule for {0}")]
    NoRule(String),
    /// A value of the present configuration cannot be decoded.
    #[error("the {0} of the channel cannot be decoded")]
    Malformed(&'static str),
    /// BFT consensus would come to a stop.
    #[error("the BFT consensus would stop: {0}")]
    Bft(&'static str),
    /// The description of an organization or a policy contradicts itself.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Fabric would refuse the result.
    #[error("the configuration would be refused: {0}")]
    Refused(ConfigError),
    /// There is nothing to change.
    #[error(transparent)]
    Update(#[from] UpdateError),
}

impl From<ConfigError> for DraftError {
    fn from(error: ConfigError) -> Self {
        Self::Refused(error)
    }
}
