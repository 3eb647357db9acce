//! Reading a channel configuration.

use std::{collections::BTreeMap, time::Duration};

use fabric_msp::msp::{Msp, MspManager, MspOptions};
use fabric_protos::{
    common::{
        Block, BlockDataHashingStructure, Capabilities, ChannelHeader, Config, ConfigEnvelope, ConfigGroup, Envelope,
        HashingAlgorithm, HeaderType, OrdererAddresses, Payload,
    },
    etcdraft,
    msp::{FabricMspConfig, MspConfig},
    orderer,
    protos::{AcLs, AnchorPeers},
};
use prost::Message;

use crate::{
    duration,
    error::ConfigError,
    keys,
    names::is_channel_id,
    policies::{self, ChannelPolicy, PolicyTree},
};

/// Capabilities that are understood, by group.
const CHANNEL_CAPABILITIES: [&str; 6] = ["V1_1", "V1_3", "V1_4_2", "V1_4_3", "V2_0", "V3_0"];
const ORDERER_CAPABILITIES: [&str; 3] = ["V1_1", "V1_4_2", "V2_0"];
const APPLICATION_CAPABILITIES: [&str; 6] = ["V1_1", "V1_2", "V1_3", "V1_4_2", "V2_0", "V2_5"];

/// Values that a group may have, by group.
const ROOT_VALUES: [&str; 6] =
    [keys::HASHING, keys::DATA_HASHING, keys::ORDERER_ADDRESSES, keys::ORDERERS, keys::CONSORTIUM, keys::CAPABILITIES];
const ORDERING_VALUES: [&str; 7] = [
    keys::CONSENSUS_TYPE,
    keys::BATCH_SIZE,
    keys::BATCH_TIMEOUT,
    keys::KAFKA_BROKERS,
    keys::CHANNEL_RESTRICTIONS,
    keys::ORDERERS,
    keys::CAPABILITIES,
];
const APPLICATION_VALUES: [&str; 2] = [keys::ACLS, keys::CAPABILITIES];

/// What an organization's group may hold.
struct OrganizationKind {
    name: &'static str,
    values: [&'static str; 2],
}

const ORDERING_ORGANIZATION: OrganizationKind =
    OrganizationKind { name: "OrdererOrg", values: [keys::MSP, keys::ENDPOINTS] };
const APPLICATION_ORGANIZATION: OrganizationKind =
    OrganizationKind { name: "ApplicationOrg", values: [keys::MSP, keys::ANCHOR_PEERS] };

/// A channel's configuration, ready to be asked.
pub struct ChannelConfig {
    channel_id: String,
    config: Config,
    msps: MspManager,
    application: BTreeMap<String, Organization>,
    ordering: BTreeMap<String, Organization>,
    global_orderer_addresses: Vec<String>,
    channel_capabilities: Vec<String>,
    application_capabilities: Vec<String>,
    batch: BatchLimits,
    consensus: orderer::ConsensusType,
    consenters: Vec<etcdraft::Consenter>,
    acls: BTreeMap<String, String>,
    policies: PolicyTree,
}

/// An organization of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// The name of its group, which policies refer to; usually the MSP id.
    pub name: String,
    /// Its MSP id.
    pub msp_id: String,
    /// Peers through which its other peers are found: host and port.
    pub anchor_peers: Vec<(String, u16)>,
    /// Where its orderers listen.
    pub endpoints: Vec<String>,
}

/// Where an orderer listens, and whom to trust for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrdererEndpoint {
    /// `host:port`.
    pub address: String,
    /// The organization that runs it; `None` for an address that the channel gives for all of them.
    pub msp_id: Option<String>,
    /// TLS authorities in PEM: those of the organization, or of all orderer organizations.
    pub tls_authorities: Vec<Vec<u8>>,
}

/// When a block is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Transactions in a block, at most.
    pub max_message_count: u32,
    /// Bytes of one transaction, at most.
    pub absolute_max_bytes: u32,
    /// Bytes at which a block is cut.
    pub preferred_max_bytes: u32,
    /// How long the first transaction waits for others.
    pub timeout: Duration,
}

impl ChannelConfig {
    /// Reads the configuration out of a configuration block, the first or a later one.
    ///
    /// # Errors
    /// [`ConfigError`] when the block holds something else, or a configuration that Fabric would refuse.
    pub fn from_genesis_block(block: &Block) -> Result<Self, ConfigError> {
        let data = block.data.as_ref().ok_or(ConfigError::Missing("block data"))?;
        let [envelope] = data.data.as_slice() else { return Err(ConfigError::NotConfiguration) };
        Self::from_envelope(&decode(envelope, "envelope")?)
    }

    /// Reads the configuration out of the envelope of a configuration block.
    ///
    /// # Errors
    /// As [`ChannelConfig::from_genesis_block`].
    pub fn from_envelope(envelope: &Envelope) -> Result<Self, ConfigError> {
        let payload: Payload = decode(&envelope.payload, "payload")?;
        let header = payload.header.ok_or(ConfigError::Missing("header"))?;
        let header: ChannelHeader = decode(&header.channel_header, "channel header")?;
        if header.r#type != HeaderType::Config as i32 {
            return Err(ConfigError::NotConfiguration);
        }
        let envelope: ConfigEnvelope = decode(&payload.data, "configuration envelope")?;
        let config = envelope.config.ok_or(ConfigError::Missing("configuration"))?;
        Self::from_config(&header.channel_id, config)
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// [`ConfigError`] names the first thing that Fabric would refuse.
    pub fn from_config(channel_id: &str, config: Config) -> Result<Self, ConfigError> {
        if !is_channel_id(channel_id) {
            return Err(ConfigError::ChannelId(channel_id.to_owned()));
        }
        let group = config.channel_group.as_ref().ok_or(ConfigError::Missing("channel group"))?;
        check_values(group, &ROOT_VALUES)?;
        check_hashing(group)?;
        let channel_capabilities = capabilities(group, "Channel", &CHANNEL_CAPABILITIES)?;
        let v3 = channel_capabilities.iter().any(|name| name == "V3_0");
        let addresses: OrdererAddresses = value(group, keys::ORDERER_ADDRESSES)?;
        if v3 && !addresses.addresses.is_empty() {
            return Err(ConfigError::GlobalOrdererAddresses);
        }
        if let Some(name) = group.groups.keys().find(|name| !matches!(name.as_str(), keys::APPLICATION | keys::ORDERER))
        {
            return Err(ConfigError::UnknownGroup(name.clone()));
        }
        let ordering = group.groups.get(keys::ORDERER).ok_or(ConfigError::Missing("group Orderer"))?;
        let application = group.groups.get(keys::APPLICATION).ok_or(ConfigError::Missing("group Application"))?;
        check_values(ordering, &ORDERING_VALUES)?;
        check_values(application, &APPLICATION_VALUES)?;
        capabilities(ordering, "Orderer", &ORDERER_CAPABILITIES)?;
        let application_capabilities = capabilities(application, "Application", &APPLICATION_CAPABILITIES)?;
        let options = MspOptions { ed25519: v3 };
        let mut msps = BTreeMap::new();
        let ordering_organizations = organizations(ordering, &ORDERING_ORGANIZATION, options, &mut msps)?;
        let application_organizations = organizations(application, &APPLICATION_ORGANIZATION, options, &mut msps)?;
        if v3 {
            check_endpoints(&ordering_organizations)?;
        }
        let consensus: orderer::ConsensusType = value(ordering, keys::CONSENSUS_TYPE)?;
        Ok(Self {
            channel_id: channel_id.to_owned(),
            msps: MspManager::new(msps.into_values()),
            application: application_organizations,
            ordering: ordering_organizations,
            global_orderer_addresses: addresses.addresses,
            channel_capabilities,
            application_capabilities,
            batch: batch_limits(ordering)?,
            consenters: consenters(&consensus)?,
            consensus,
            acls: acls(application)?,
            policies: policies::compile(group, "/Channel")?,
            config,
        })
    }

    /// The channel's name.
    pub fn channel_id(&self) -> &str {
        &self.channel_id
    }

    /// How often the configuration has been changed.
    pub fn sequence(&self) -> u64 {
        self.config.sequence
    }

    /// The configuration as it came.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The membership rules of all organizations.
    pub fn msps(&self) -> &MspManager {
        &self.msps
    }

    /// Organizations that run peers or send transactions, by the name of their group.
    pub fn application_orgs(&self) -> impl Iterator<Item = &Organization> {
        self.application.values()
    }

    /// Organizations that run orderers, by the name of their group.
    pub fn orderer_orgs(&self) -> impl Iterator<Item = &Organization> {
        self.ordering.values()
    }

    /// The application organization with this MSP id.
    pub fn application_org(&self, msp_id: &str) -> Option<&Organization> {
        self.application_orgs().find(|organization| organization.msp_id == msp_id)
    }

    /// Where orderers listen: each organization's own addresses, and the channel's for those without.
    pub fn orderer_endpoints(&self) -> Vec<OrdererEndpoint> {
        let mut found = Vec::new();
        for organization in self.orderer_orgs() {
            let tls_authorities = self.tls_authorities(&organization.msp_id);
            found.extend(organization.endpoints.iter().map(|address| OrdererEndpoint {
                address: address.clone(),
                msp_id: Some(organization.msp_id.clone()),
                tls_authorities: tls_authorities.clone(),
            }));
        }
        if found.is_empty() {
            let all: Vec<Vec<u8>> =
                self.orderer_orgs().flat_map(|organization| self.tls_authorities(&organization.msp_id)).collect();
            found.extend(self.global_orderer_addresses.iter().map(|address| OrdererEndpoint {
                address: address.clone(),
                msp_id: None,
                tls_authorities: all.clone(),
            }));
        }
        found
    }

    /// When blocks are cut.
    pub fn batch(&self) -> BatchLimits {
        self.batch
    }

    /// The kind of consensus, `etcdraft` or `BFT`.
    pub fn consensus_type(&self) -> &str {
        &self.consensus.r#type
    }

    pub(crate) fn consensus(&self) -> &orderer::ConsensusType {
        &self.consensus
    }

    /// The Raft consenters; none for another kind of consensus.
    pub fn consenters(&self) -> &[etcdraft::Consenter] {
        &self.consenters
    }

    /// Whether the channel has this capability, for example `V3_0`.
    pub fn has_channel_capability(&self, name: &str) -> bool {
        self.channel_capabilities.iter().any(|known| known == name)
    }

    /// Whether the application group has this capability, for example `V2_5`.
    pub fn has_application_capability(&self, name: &str) -> bool {
        self.application_capabilities.iter().any(|known| known == name)
    }

    /// The path of the policy that guards a resource, when the channel has a rule of its own for it.
    pub fn acl(&self, resource: &str) -> Option<&str> {
        self.acls.get(resource).map(String::as_str)
    }

    /// All rules of the channel's own: resources and the paths of the policies that guard them.
    pub fn acls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.acls.iter().map(|(resource, policy)| (resource.as_str(), policy.as_str()))
    }

    /// The policy at a path such as `/Channel/Application/Writers`.
    pub fn policy(&self, path: &str) -> ChannelPolicy<'_> {
        ChannelPolicy::find(&self.policies, path, &self.msps)
    }

    /// Whether an organization of the application only reads: nobody can satisfy its policy for writing, whatever
    /// certificates there are.
    pub fn reads_only(&self, organization: &Organization) -> bool {
        !self.policy(&format!("/Channel/{}/{}/Writers", keys::APPLICATION, organization.name)).can_be_satisfied()
    }

    /// Whether the organizations that only read satisfy, without any other, the policy that decides over the channel's
    /// application, and so over what they may do. Asked of the usual kind of policy only, which counts organizations.
    pub(crate) fn readers_decide(&self) -> bool {
        let readers = self.application.values().filter(|organization| self.reads_only(organization)).count();
        let policy = self.policy(&format!("/Channel/{}/{}", keys::APPLICATION, keys::ADMINS));
        policy.counted().is_some_and(|needed| readers >= needed)
    }

    pub(crate) fn tls_authorities(&self, msp_id: &str) -> Vec<Vec<u8>> {
        self.msps.msp(msp_id).map(|msp| msp.tls_certificates().map(<[u8]>::to_vec).collect()).unwrap_or_default()
    }
}

fn check_values(group: &ConfigGroup, known: &[&str]) -> Result<(), ConfigError> {
    match group.values.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(ConfigError::UnknownValue(name.clone())),
        None => Ok(()),
    }
}

fn check_hashing(group: &ConfigGroup) -> Result<(), ConfigError> {
    let hashing: HashingAlgorithm = value(group, keys::HASHING)?;
    if hashing.name != "SHA256" {
        return Err(ConfigError::HashingAlgorithm(hashing.name));
    }
    let structure: BlockDataHashingStructure = value(group, keys::DATA_HASHING)?;
    if structure.width == u32::MAX { Ok(()) } else { Err(ConfigError::DataHashingWidth) }
}

fn capabilities(group: &ConfigGroup, name: &'static str, known: &[&str]) -> Result<Vec<String>, ConfigError> {
    let found: Capabilities = value(group, keys::CAPABILITIES)?;
    match found.capabilities.keys().find(|capability| !known.contains(&capability.as_str())) {
        Some(capability) => Err(ConfigError::Capability { group: name, capability: capability.clone() }),
        None => Ok(found.capabilities.into_keys().collect()),
    }
}

/// Reads the organizations of a group. One that stands in several groups has one set of membership rules.
fn organizations(
    group: &ConfigGroup,
    kind: &OrganizationKind,
    options: MspOptions,
    msps: &mut BTreeMap<String, Msp>,
) -> Result<BTreeMap<String, Organization>, ConfigError> {
    let mut found = BTreeMap::new();
    for (name, group) in &group.groups {
        if !group.groups.is_empty() {
            return Err(ConfigError::SubGroups(kind.name));
        }
        check_values(group, &kind.values)?;
        let wrapped: MspConfig = value(group, keys::MSP)?;
        if wrapped.r#type != 0 {
            return Err(ConfigError::MspType(name.clone()));
        }
        let config: FabricMspConfig = decode(&wrapped.config, "MSP")?;
        let msp = Msp::with_options(&config, options)
            .map_err(|cause| ConfigError::Msp { organization: name.clone(), cause })?;
        let anchor_peers: AnchorPeers = value(group, keys::ANCHOR_PEERS)?;
        let endpoints: OrdererAddresses = value(group, keys::ENDPOINTS)?;
        let address = |peer: fabric_protos::protos::AnchorPeer| Some((peer.host, u16::try_from(peer.port).ok()?));
        let organization = Organization {
            name: name.clone(),
            msp_id: msp.id().to_owned(),
            anchor_peers: anchor_peers.anchor_peers.into_iter().filter_map(address).collect(),
            endpoints: endpoints.addresses,
        };
        found.insert(name.clone(), organization);
        if msps.get(msp.id()).is_some_and(|known| *known.config() != config) {
            return Err(ConfigError::MspVersions(msp.id().to_owned()));
        }
        msps.insert(msp.id().to_owned(), msp);
    }
    Ok(found)
}

fn check_endpoints(organizations: &BTreeMap<String, Organization>) -> Result<(), ConfigError> {
    match organizations.values().find(|organization| organization.endpoints.is_empty()) {
        Some(organization) => Err(ConfigError::NoEndpoints(organization.name.clone())),
        None => Ok(()),
    }
}

fn batch_limits(group: &ConfigGroup) -> Result<BatchLimits, ConfigError> {
    let size: orderer::BatchSize = value(group, keys::BATCH_SIZE)?;
    if size.max_message_count == 0 || size.absolute_max_bytes == 0 || size.preferred_max_bytes == 0 {
        return Err(ConfigError::BatchSize("a limit is zero"));
    }
    if size.preferred_max_bytes > size.absolute_max_bytes {
        return Err(ConfigError::BatchSize("the preferred size exceeds the largest"));
    }
    let timeout: orderer::BatchTimeout = value(group, keys::BATCH_TIMEOUT)?;
    let timeout = duration::parse(&timeout.timeout).ok_or(ConfigError::BatchTimeout(timeout.timeout))?;
    Ok(BatchLimits {
        max_message_count: size.max_message_count,
        absolute_max_bytes: size.absolute_max_bytes,
        preferred_max_bytes: size.preferred_max_bytes,
        timeout,
    })
}

fn consenters(consensus: &orderer::ConsensusType) -> Result<Vec<etcdraft::Consenter>, ConfigError> {
    if consensus.r#type != "etcdraft" {
        return Ok(Vec::new());
    }
    Ok(decode::<etcdraft::ConfigMetadata>(&consensus.metadata, "consensus metadata")?.consenters)
}

/// A rule may name a policy of the application group without its path; a rule without a policy does not count.
fn acls(group: &ConfigGroup) -> Result<BTreeMap<String, String>, ConfigError> {
    let found: AcLs = value(group, keys::ACLS)?;
    let path = |policy: String| match policy.starts_with('/') {
        true => policy,
        false => format!("/Channel/Application/{policy}"),
    };
    let named = found.acls.into_iter().filter(|(_, resource)| !resource.policy_ref.is_empty());
    Ok(named.map(|(resource, policy)| (resource, path(policy.policy_ref))).collect())
}

/// A value of a group, or the empty message when the group has none.
fn value<M: Message + Default>(group: &ConfigGroup, key: &'static str) -> Result<M, ConfigError> {
    match group.values.get(key) {
        Some(value) => decode(&value.value, key),
        None => Ok(M::default()),
    }
}

fn decode<M: Message + Default>(bytes: &[u8], what: &'static str) -> Result<M, ConfigError> {
    M::decode(bytes).map_err(|_| ConfigError::Malformed(what))
}
