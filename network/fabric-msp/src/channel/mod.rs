//! Channel configurations: reading one, with its organizations and policies, writing the first block of a channel, and
//! changing what it says.

mod bft;
mod config;
mod difference;
mod draft;
mod duration;
mod error;
mod maintenance;
mod policies;
mod raft;
mod spec;
mod update;
mod writer;

pub use self::{
    config::{BatchLimits, ChannelConfig, OrdererEndpoint, Organization},
    difference::{Change, Difference, differences},
    draft::{BatchChange, ConfigDraft, DraftError},
    error::{ConfigError, SpecError},
    maintenance::MaintenanceError,
    policies::ChannelPolicy,
    raft::RaftError,
    spec::{
        ApplicationOrganization, BatchSpec, BftSigner, BftSpec, ChannelCapability, ChannelSpec, ConsenterSpec,
        OrdererOrganization, OrganizationPolicies, PolicySpec, RaftSpec,
    },
    update::{UpdateError, compute_update, config_envelope, update_envelope},
    writer::genesis_block,
};

/// Keys of groups and values, as they stand in every configuration.
mod keys {
    pub(super) const APPLICATION: &str = "Application";
    pub(super) const ORDERER: &str = "Orderer";
    pub(super) const ACLS: &str = "ACLs";
    pub(super) const ADMINS: &str = "Admins";
    pub(super) const ANCHOR_PEERS: &str = "AnchorPeers";
    pub(super) const BATCH_SIZE: &str = "BatchSize";
    pub(super) const BATCH_TIMEOUT: &str = "BatchTimeout";
    pub(super) const CAPABILITIES: &str = "Capabilities";
    pub(super) const CHANNEL_RESTRICTIONS: &str = "ChannelRestrictions";
    pub(super) const CONSENSUS_TYPE: &str = "ConsensusType";
    pub(super) const CONSORTIUM: &str = "Consortium";
    pub(super) const DATA_HASHING: &str = "BlockDataHashingStructure";
    pub(super) const ENDPOINTS: &str = "Endpoints";
    pub(super) const HASHING: &str = "HashingAlgorithm";
    pub(super) const KAFKA_BROKERS: &str = "KafkaBrokers";
    pub(super) const MSP: &str = "MSP";
    pub(super) const ORDERERS: &str = "Orderers";
    pub(super) const ORDERER_ADDRESSES: &str = "OrdererAddresses";
}

/// Whether `id` may name a channel: lower-case letters, digits, dots and dashes, a letter first, at most 249 bytes.
pub fn is_channel_id(id: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    id.len() <= 249 && id.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && id.bytes().all(legal)
}

/// Whether `id` may name a group of a configuration, and so an organization: letters, digits, dots and dashes, at most
/// 249 bytes.
pub fn is_group_id(id: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !id.is_empty() && id.len() <= 249 && id != "." && id != ".." && id.bytes().all(legal)
}
