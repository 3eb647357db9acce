//! Keys of the groups and values of a channel configuration (Fabric's `channelconfig`), as they stand in each of them.

pub(crate) const APPLICATION: &str = "Application";
pub(crate) const ORDERER: &str = "Orderer";
pub(crate) const ACLS: &str = "ACLs";
pub(crate) const ADMINS: &str = "Admins";
pub(crate) const ANCHOR_PEERS: &str = "AnchorPeers";
pub(crate) const BATCH_SIZE: &str = "BatchSize";
pub(crate) const BATCH_TIMEOUT: &str = "BatchTimeout";
pub(crate) const CAPABILITIES: &str = "Capabilities";
pub(crate) const CHANNEL_RESTRICTIONS: &str = "ChannelRestrictions";
pub(crate) const CONSENSUS_TYPE: &str = "ConsensusType";
pub(crate) const CONSORTIUM: &str = "Consortium";
pub(crate) const DATA_HASHING: &str = "BlockDataHashingStructure";
pub(crate) const ENDPOINTS: &str = "Endpoints";
pub(crate) const HASHING: &str = "HashingAlgorithm";
pub(crate) const KAFKA_BROKERS: &str = "KafkaBrokers";
pub(crate) const MSP: &str = "MSP";
pub(crate) const ORDERERS: &str = "Orderers";
pub(crate) const ORDERER_ADDRESSES: &str = "OrdererAddresses";
