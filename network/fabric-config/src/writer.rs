//! Writing the first block of a channel.
//!
//! The block is a function of its description: no clock, no randomness, so every organization can make it for itself
//! and compare. What Fabric's tool fills with chance (a nonce) or the time of day is derived from the contents.

use std::collections::{BTreeMap, BTreeSet};

use fabric_msp::{certificate::Certificate, hash, msp::is_group_id, policy};
use fabric_protos::{
    common::{
        Block, BlockDataHashingStructure, BlockMetadataIndex, Config, ConfigEnvelope, ConfigGroup, ConfigPolicy,
        ConfigValue, Envelope, HashingAlgorithm, Header, HeaderType, LastConfig, Metadata, OrdererAddresses,
        OrdererBlockMetadata, Payload, Policy,
    },
    etcdraft,
    msp::{FabricMspConfig, MspConfig},
    orderer,
    protos::{AcLs, AnchorPeer, AnchorPeers, ApiResource},
};
use prost::Message;

use crate::{
    bft, block,
    config::ChannelConfig,
    error::SpecError,
    keys,
    spec::{
        ApplicationOrganization, ChannelCapability, ChannelSpec, ConsenterSpec, OrdererOrganization,
        OrganizationPolicies, PolicySpec, RaftSpec,
    },
    transaction,
};

/// Writes block 0.
///
/// # Errors
/// [`SpecError`] when the description contradicts itself or Fabric would refuse the result; the finished block is read
/// back before it is given out.
pub fn genesis_block(spec: &ChannelSpec) -> Result<Block, SpecError> {
    check(spec)?;
    let channel_group = channel_group(spec)?;
    let config = Config { sequence: 0, channel_group: Some(channel_group) };
    let block = block_of(spec, config);
    let config = ChannelConfig::from_genesis_block(&block)?;
    for (resource, policy) in &spec.acls {
        if !config.acl(resource).is_some_and(|path| config.policy(path).exists()) {
            return Err(SpecError::Acl { resource: resource.clone(), policy: policy.clone() });
        }
    }
    match config.readers_decide() {
        true => Err(SpecError::ReadersDecide),
        false => Ok(block),
    }
}

fn check(spec: &ChannelSpec) -> Result<(), SpecError> {
    let application: Vec<&str> = spec.application_organizations.iter().map(|org| org.msp.name.as_str()).collect();
    let ordering: Vec<&str> = spec.orderer_organizations.iter().map(|org| org.msp.name.as_str()).collect();
    for (what, ids) in [("application organization", &application), ("orderer organization", &ordering)] {
        if ids.is_empty() {
            return Err(SpecError::Nobody(what));
        }
        let mut seen = BTreeSet::new();
        for id in ids {
            if !is_group_id(id) {
                return Err(SpecError::OrganizationId((*id).to_owned()));
            }
            if !seen.insert(id) {
                return Err(SpecError::Repeated((*id).to_owned()));
            }
        }
    }
    if spec.consenters.is_empty() {
        return Err(SpecError::Nobody("consenter"));
    }
    spec.consenters.iter().try_for_each(check_consenter)?;
    match &spec.bft {
        Some(bft) => bft::check(spec, bft),
        None => check_raft(&spec.raft),
    }
}

fn check_consenter(consenter: &ConsenterSpec) -> Result<(), SpecError> {
    let refused = |reason| Err(SpecError::Consenter { host: consenter.host.clone(), port: consenter.port, reason });
    if consenter.host.is_empty() || consenter.port == 0 {
        return refused("host and port are needed");
    }
    for certificate in [&consenter.client_tls_cert, &consenter.server_tls_cert] {
        if Certificate::from_pem(certificate).is_err() {
            return refused("a TLS certificate cannot be read");
        }
    }
    Ok(())
}

fn check_raft(raft: &RaftSpec) -> Result<(), SpecError> {
    if raft.tick_interval_ms == 0 || raft.heartbeat_tick == 0 || raft.max_inflight_blocks == 0 {
        return Err(SpecError::Raft("intervals and limits must be above zero"));
    }
    if raft.election_tick <= raft.heartbeat_tick {
        return Err(SpecError::Raft("an election must take more ticks than a heartbeat"));
    }
    if raft.snapshot_interval_size == 0 {
        return Err(SpecError::Raft("the snapshot size must be above zero"));
    }
    Ok(())
}

fn channel_group(spec: &ChannelSpec) -> Result<ConfigGroup, SpecError> {
    let mut group = group();
    let usual = [("Readers", "ANY Readers"), ("Writers", "ANY Writers"), ("Admins", "MAJORITY Admins")];
    add_policies(&mut group, "/Channel", &usual, &spec.channel_policies)?;
    add(&mut group, keys::HASHING, &HashingAlgorithm { name: "SHA256".to_owned() });
    add(&mut group, keys::DATA_HASHING, &BlockDataHashingStructure { width: u32::MAX });
    add_capability(&mut group, spec.capability.name());
    if spec.capability == ChannelCapability::V2_0 {
        let addresses = spec.orderer_organizations.iter().flat_map(|org| org.endpoints.clone()).collect();
        let value = OrdererAddresses { addresses }.encode_to_vec();
        let mod_policy = "/Channel/Orderer/Admins".to_owned();
        group.values.insert(keys::ORDERER_ADDRESSES.to_owned(), ConfigValue { version: 0, value, mod_policy });
    }
    group.groups.insert(keys::ORDERER.to_owned(), orderer_group(spec)?);
    group.groups.insert(keys::APPLICATION.to_owned(), application_group(spec)?);
    Ok(group)
}

fn orderer_group(spec: &ChannelSpec) -> Result<ConfigGroup, SpecError> {
    let mut group = group();
    let usual = [
        ("Readers", "ANY Readers"),
        ("Writers", "ANY Writers"),
        ("Admins", "MAJORITY Admins"),
        ("BlockValidation", "ANY Writers"),
    ];
    add_policies(&mut group, "/Channel/Orderer", &usual, &spec.orderer_policies)?;
    let batch = orderer::BatchSize {
        max_message_count: spec.batch.max_message_count,
        absolute_max_bytes: spec.batch.absolute_max_bytes,
        preferred_max_bytes: spec.batch.preferred_max_bytes,
    };
    add(&mut group, keys::BATCH_SIZE, &batch);
    add(&mut group, keys::BATCH_TIMEOUT, &orderer::BatchTimeout { timeout: millis(spec.batch.timeout_ms) });
    add(&mut group, keys::CHANNEL_RESTRICTIONS, &orderer::ChannelRestrictions::default());
    add_capability(&mut group, "V2_0");
    let (kind, metadata) = match &spec.bft {
        None => ("etcdraft", raft_metadata(spec).encode_to_vec()),
        Some(bft) => {
            add(&mut group, keys::ORDERERS, &bft::orderers(spec, bft));
            // Not by any orderer as under Raft: a quorum of the consenters signs every block.
            let policy = policy::signature_policy(&bft::block_validation(bft));
            let policy = ConfigPolicy { version: 0, policy: Some(policy), mod_policy: keys::ADMINS.to_owned() };
            group.policies.insert("BlockValidation".to_owned(), policy);
            (bft::CONSENSUS_TYPE, bft::metadata(spec, bft))
        }
    };
    let state = orderer::consensus_type::State::Normal as i32;
    let consensus = orderer::ConsensusType { r#type: kind.to_owned(), metadata, state };
    add(&mut group, keys::CONSENSUS_TYPE, &consensus);
    for organization in &spec.orderer_organizations {
        group.groups.insert(organization.msp.name.clone(), orderer_organization(organization)?);
    }
    Ok(group)
}

fn application_group(spec: &ChannelSpec) -> Result<ConfigGroup, SpecError> {
    let mut group = group();
    let usual = [
        ("Readers", "ANY Readers"),
        ("Writers", "ANY Writers"),
        ("Admins", "MAJORITY Admins"),
        ("Endorsement", "MAJORITY Endorsement"),
        ("LifecycleEndorsement", "MAJORITY Endorsement"),
    ];
    add_policies(&mut group, "/Channel/Application", &usual, &spec.application_policies)?;
    add_capability(&mut group, "V2_5");
    if !spec.acls.is_empty() {
        let resource = |policy: &String| ApiResource { policy_ref: policy.clone() };
        let acls = spec.acls.iter().map(|(name, policy)| (name.clone(), resource(policy))).collect();
        add(&mut group, keys::ACLS, &AcLs { acls });
    }
    for organization in &spec.application_organizations {
        group.groups.insert(organization.msp.name.clone(), application_organization(organization)?);
    }
    Ok(group)
}

pub(crate) fn application_organization(organization: &ApplicationOrganization) -> Result<ConfigGroup, SpecError> {
    let path = format!("/Channel/Application/{}", organization.msp.name);
    let mut group = organization_group(&path, &organization.msp, &organization.policies)?;
    // An organization that does not decide over its group can change this value alone and could not add it.
    let decides = organization.policies.decided_by == keys::ADMINS;
    if !organization.anchor_peers.is_empty() || !decides {
        let peer = |(host, port): &(String, u16)| AnchorPeer { host: host.clone(), port: i32::from(*port) };
        let anchor_peers = organization.anchor_peers.iter().map(peer).collect();
        add(&mut group, keys::ANCHOR_PEERS, &AnchorPeers { anchor_peers });
    }
    Ok(group)
}

fn orderer_organization(organization: &OrdererOrganization) -> Result<ConfigGroup, SpecError> {
    let path = format!("/Channel/Orderer/{}", organization.msp.name);
    let mut group = organization_group(&path, &organization.msp, &organization.policies)?;
    group.policies.remove("Endorsement");
    if !organization.endpoints.is_empty() {
        add(&mut group, keys::ENDPOINTS, &OrdererAddresses { addresses: organization.endpoints.clone() });
    }
    Ok(group)
}

fn organization_group(
    path: &str,
    msp: &FabricMspConfig,
    policies: &OrganizationPolicies,
) -> Result<ConfigGroup, SpecError> {
    let mut group = ConfigGroup { mod_policy: policies.decided_by.clone(), ..ConfigGroup::default() };
    for (name, text) in [
        ("Readers", &policies.readers),
        ("Writers", &policies.writers),
        ("Admins", &policies.admins),
        ("Endorsement", &policies.endorsement),
    ] {
        add_policy(&mut group, path, name, &PolicySpec::Signature(text.clone()))?;
    }
    // A private key has no business in a configuration.
    let public = FabricMspConfig { signing_identity: None, ..msp.clone() };
    add(&mut group, keys::MSP, &MspConfig { r#type: 0, config: public.encode_to_vec() });
    Ok(group)
}

fn group() -> ConfigGroup {
    ConfigGroup { mod_policy: keys::ADMINS.to_owned(), ..ConfigGroup::default() }
}

fn add(group: &mut ConfigGroup, key: &str, value: &impl Message) {
    let value = ConfigValue { version: 0, value: value.encode_to_vec(), mod_policy: keys::ADMINS.to_owned() };
    group.values.insert(key.to_owned(), value);
}

fn add_policies(
    group: &mut ConfigGroup,
    path: &str,
    usual: &[(&str, &str)],
    own: &BTreeMap<String, PolicySpec>,
) -> Result<(), SpecError> {
    for (name, text) in usual {
        add_policy(group, path, name, &PolicySpec::ImplicitMeta((*text).to_owned()))?;
    }
    own.iter().try_for_each(|(name, policy)| add_policy(group, path, name, policy))
}

pub(crate) fn add_policy(
    group: &mut ConfigGroup,
    path: &str,
    name: &str,
    policy: &PolicySpec,
) -> Result<(), SpecError> {
    let policy = compile(policy).map_err(|cause| SpecError::Policy { path: format!("{path}/{name}"), cause })?;
    let policy = ConfigPolicy { version: 0, policy: Some(policy), mod_policy: group.mod_policy.clone() };
    group.policies.insert(name.to_owned(), policy);
    Ok(())
}

fn compile(policy: &PolicySpec) -> Result<Policy, policy::DslError> {
    Ok(match policy {
        PolicySpec::Signature(text) => policy::signature_policy(&policy::parse(text)?),
        PolicySpec::ImplicitMeta(text) => policy::implicit_meta_policy(&policy::parse_implicit_meta(text)?),
    })
}

/// Requires one capability. Go writes the empty message behind a key that prost leaves out; both read alike, but only
/// Go's bytes are those that other tools make of the same configuration.
fn add_capability(group: &mut ConfigGroup, name: &'static str) {
    let entry = [&[0x0a, name.len() as u8], name.as_bytes(), &[0x12, 0]].concat();
    let value = [&[0x0a, entry.len() as u8], entry.as_slice()].concat();
    let value = ConfigValue { version: 0, value, mod_policy: keys::ADMINS.to_owned() };
    group.values.insert(keys::CAPABILITIES.to_owned(), value);
}

fn raft_metadata(spec: &ChannelSpec) -> etcdraft::ConfigMetadata {
    let options = etcdraft::Options {
        tick_interval: millis(spec.raft.tick_interval_ms),
        election_tick: spec.raft.election_tick,
        heartbeat_tick: spec.raft.heartbeat_tick,
        max_inflight_blocks: spec.raft.max_inflight_blocks,
        snapshot_interval_size: spec.raft.snapshot_interval_size,
    };
    etcdraft::ConfigMetadata { consenters: spec.consenters.iter().map(consenter_of).collect(), options: Some(options) }
}

/// A consenter as Raft's options list it.
///
/// # Errors
/// Address or certificates are none.
pub(crate) fn consenter(consenter: &ConsenterSpec) -> Result<etcdraft::Consenter, SpecError> {
    check_consenter(consenter)?;
    Ok(consenter_of(consenter))
}

fn consenter_of(consenter: &ConsenterSpec) -> etcdraft::Consenter {
    etcdraft::Consenter {
        host: consenter.host.clone(),
        port: u32::from(consenter.port),
        client_tls_cert: consenter.client_tls_cert.clone(),
        server_tls_cert: consenter.server_tls_cert.clone(),
    }
}

pub(crate) fn millis(count: u64) -> String {
    format!("{count}ms")
}

fn block_of(spec: &ChannelSpec, config: Config) -> Block {
    let data = ConfigEnvelope { config: Some(config), last_update: None }.encode_to_vec();
    let nonce = &hash::sha256_parts(&[spec.channel_id.as_bytes(), &data])[..transaction::NONCE_BYTES];
    let time = prost_types::Timestamp { seconds: youngest_root(spec), nanos: 0 };
    let (mut channel_header, signature_header) =
        transaction::headers(HeaderType::Config, &spec.channel_id, time, nonce, &[], Vec::new());
    channel_header.version = 1;
    let header =
        Header { channel_header: channel_header.encode_to_vec(), signature_header: signature_header.encode_to_vec() };
    let payload = Payload { header: Some(header), data }.encode_to_vec();
    let envelope = Envelope { payload, signature: Vec::new() }.encode_to_vec();
    let mut block = block::assemble(0, &[], vec![envelope]);
    let signatures =
        OrdererBlockMetadata { last_config: Some(LastConfig { index: 0 }), consenter_metadata: Vec::new() };
    if let Some(metadata) = &mut block.metadata {
        metadata.metadata[BlockMetadataIndex::Signatures as usize] =
            Metadata { value: signatures.encode_to_vec(), signatures: Vec::new() }.encode_to_vec();
    }
    block
}

/// The moment at which the youngest authority of the channel began, in seconds since 1970 UTC: the earliest time at
/// which the channel can have been thought of.
fn youngest_root(spec: &ChannelSpec) -> i64 {
    let application = spec.application_organizations.iter().map(|org| &org.msp);
    let ordering = spec.orderer_organizations.iter().map(|org| &org.msp);
    application
        .chain(ordering)
        .flat_map(|msp| &msp.root_certs)
        .filter_map(|root| Certificate::from_pem(root).ok())
        .map(|root| root.not_before())
        .max()
        .unwrap_or(0)
}
