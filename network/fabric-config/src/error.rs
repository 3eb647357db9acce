//! What can be wrong with a configuration, read or written.

use fabric_msp::{
    msp::SetupError,
    policy::{DslError, PolicyError},
};

/// Why a configuration cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A message inside cannot be decoded.
    #[error("the {0} cannot be decoded")]
    Malformed(&'static str),
    /// Something that must be there is not.
    #[error("the configuration has no {0}")]
    Missing(&'static str),
    /// The block holds something else than one configuration.
    #[error("the block is not a configuration block")]
    NotConfiguration,
    /// The channel's name is not allowed.
    #[error("bad channel ID: '{0}' contains illegal characters")]
    ChannelId(String),
    /// A group of this name does not belong there.
    #[error("Disallowed channel group: {0}")]
    UnknownGroup(String),
    /// A value of this name does not belong there.
    #[error("Unexpected key {0}")]
    UnknownValue(String),
    /// An organization has groups below it.
    #[error("{0} config does not allow sub-groups")]
    SubGroups(&'static str),
    /// An organization that both orders and endorses would be two different ones.
    #[error("Attempted to define two different versions of MSP: {0}")]
    MspVersions(String),
    /// Blocks are hashed with SHA-256 here and with nothing else.
    #[error("Unknown hashing algorithm type: {0}")]
    HashingAlgorithm(String),
    /// The width of the data hash tree can only be the largest.
    #[error("BlockDataHashStructure width only supported at MaxUint32 in this version")]
    DataHashingWidth,
    /// A capability that this implementation does not know.
    #[error("{group} capability {capability} is required but not supported")]
    Capability {
        /// Channel, Orderer or Application.
        group: &'static str,
        /// Its name.
        capability: String,
    },
    /// Capability V3_0 forbids addresses for all organizations together.
    #[error("global OrdererAddresses are not allowed with V3_0 capability, use org specific addresses only")]
    GlobalOrdererAddresses,
    /// Capability V3_0 demands addresses from each organization.
    #[error("some orderer organizations endpoints are empty: {0}")]
    NoEndpoints(String),
    /// A batch limit is zero, or the preferred size exceeds the largest.
    #[error("the batch size is invalid: {0}")]
    BatchSize(&'static str),
    /// The batch timeout is not a positive duration.
    #[error("Attempted to set the batch timeout to a invalid value: {0}")]
    BatchTimeout(String),
    /// An organization's membership rules cannot be set up.
    #[error("setting up the MSP of {organization} failed: {cause}")]
    Msp {
        /// The group's name.
        organization: String,
        /// What is wrong.
        cause: SetupError,
    },
    /// An MSP that is not made of X.509 certificates.
    #[error("the MSP of {0} is of an unsupported type")]
    MspType(String),
    /// A policy cannot be evaluated.
    #[error("policy {path} did not compile: {cause}")]
    Policy {
        /// Its full path.
        path: String,
        /// What is wrong.
        cause: PolicyError,
    },
}

/// Why a genesis block cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The organization's id cannot name a group.
    #[error("'{0}' cannot name an organization")]
    OrganizationId(String),
    /// Two organizations of one kind share an id.
    #[error("organization {0} appears twice")]
    Repeated(String),
    /// There is no organization that orders, or none that endorses.
    #[error("the channel has no {0}")]
    Nobody(&'static str),
    /// A consenter cannot be used.
    #[error("consenter {host}:{port}: {reason}")]
    Consenter {
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
        /// What is wrong.
        reason: &'static str,
    },
    /// The options of the consensus contradict each other.
    #[error("the consensus options are invalid: {0}")]
    Raft(&'static str),
    /// BFT consensus cannot be had like this.
    #[error("the BFT consensus is not possible: {0}")]
    Bft(&'static str),
    /// A policy's text is not a policy.
    #[error("the policy {path} is invalid: {cause}")]
    Policy {
        /// Its full path.
        path: String,
        /// What is wrong.
        cause: DslError,
    },
    /// An access rule names a policy that the channel would not have.
    #[error("the access rule {resource} names the policy {policy}, which does not exist")]
    Acl {
        /// What the rule protects.
        resource: String,
        /// The policy.
        policy: String,
    },
    /// Organizations that only read would decide over the channel, and so over what they may do.
    #[error(
        "the organizations that only read would satisfy /Channel/Application/Admins without any other, and could make \
         themselves writers"
    )]
    ReadersDecide,
    /// The finished configuration would be refused.
    #[error("the configuration would be refused: {0}")]
    Refused(ConfigError),
}

impl From<ConfigError> for SpecError {
    fn from(error: ConfigError) -> Self {
        Self::Refused(error)
    }
}
