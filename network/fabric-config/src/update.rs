//! Changing a channel's configuration: what a client says it wants, and what a channel makes of it.
//!
//! An update names what it was made from (the read set) and what it changes (the write set). It holds when nothing of
//! the first has changed since, and when everything that changes goes one version up and is signed as its own
//! modification policy demands. Clients compute and sign updates; orderers and peers apply them. Nothing here sends
//! anything.

use std::collections::BTreeMap;

use fabric_msp::{
    msp::is_group_id,
    policy::{PolicyError, SignedData},
    signer::{SignError, Signer},
};
use fabric_protos::common::{
    Config, ConfigEnvelope, ConfigGroup, ConfigPolicy, ConfigSignature, ConfigUpdate, ConfigUpdateEnvelope,
    ConfigValue, Envelope, Header, HeaderType, Payload, SignatureHeader,
};
use prost::Message;

use crate::{
    config::ChannelConfig,
    error::ConfigError,
    keys,
    raft::{self, RaftError},
    transaction,
};

/// The name of the outermost group.
const ROOT: &str = "Channel";
/// What stands in for a modification policy that is not there.
const DEFAULT_MOD_POLICY: &str = "Admins";

/// Why an update cannot be made or does not hold. The texts are Fabric's where Fabric has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// One of the two configurations is empty.
    #[error("no channel group included for {0} config")]
    NoGroup(&'static str),
    /// There is nothing to change.
    #[error("no differences detected between original and updated config")]
    NoDifference,
    /// A message cannot be decoded.
    #[error("the {0} of the update cannot be decoded")]
    Malformed(&'static str),
    /// The envelope holds something else.
    #[error("invalid type {0}, expected type CONFIG_UPDATE")]
    NotUpdate(i32),
    /// The update is for another channel.
    #[error("ConfigUpdate for channel '{update}' but envelope for channel '{channel}'")]
    Channel {
        /// The channel that the update names.
        update: String,
        /// The channel that it came to.
        channel: String,
    },
    /// A name that no element can have.
    #[error("illegal characters in key: {0}")]
    Key(String),
    /// The update was made from something that is not there.
    #[error("error validating ReadSet: existing config does not contain element for {0} but was in the read set")]
    ReadMissing(String),
    /// Something has changed since the update was made.
    #[error(
        "error validating ReadSet: proposed update requires that key {key} be at version {read}, but it is currently at version {current}"
    )]
    ReadVersion {
        /// The element.
        key: String,
        /// The version from which the update was made.
        read: u64,
        /// The version that it has.
        current: u64,
    },
    /// The update changes nothing.
    #[error("error validating DeltaSet: delta set was empty -- update would have no effect")]
    NoEffect,
    /// A new or changed element names no usable modification policy.
    #[error("error validating DeltaSet: invalid mod_policy for element {0}")]
    ModPolicy(String),
    /// A new element must begin with version 0.
    #[error("error validating DeltaSet: attempted to set key {key} to version {version}, but key does not exist")]
    NewVersion {
        /// The element.
        key: String,
        /// The version in the write set.
        version: u64,
    },
    /// A changed element must go one version up.
    #[error(
        "error validating DeltaSet: attempt to set key {key} to version {version}, but key is at version {current}"
    )]
    Version {
        /// The element.
        key: String,
        /// The version in the write set.
        version: u64,
        /// The version that it has.
        current: u64,
    },
    /// The policy that decides over an element does not exist.
    #[error("error validating DeltaSet: unexpected missing policy {policy} for item {key}")]
    NoPolicy {
        /// The element.
        key: String,
        /// Its modification policy.
        policy: String,
    },
    /// The signatures do not suffice.
    #[error("error validating DeltaSet: policy for {key} not satisfied: {cause}")]
    Denied {
        /// The element.
        key: String,
        /// What the policy says.
        cause: PolicyError,
    },
    /// The write set holds something that no group of the result lists.
    #[error("full config did not verify: writeset contained key {0} which did not appear in proposed config")]
    Unlisted(String),
    /// A group lists something that is nowhere.
    #[error("missing {0}")]
    Missing(String),
    /// The result would not be a configuration.
    #[error("config update is not compatible: {0}")]
    Refused(ConfigError),
    /// Raft orderers would not go on.
    #[error("consensus metadata update for channel config update is invalid: {0}")]
    Raft(RaftError),
    /// An organization may not change who it is.
    #[error("{kind} org {name} attempted to change MSP ID from {from} to {to}")]
    MspId {
        /// Orderer or application.
        kind: &'static str,
        /// The group's name.
        name: String,
        /// Its id now.
        from: String,
        /// Its id in the update.
        to: String,
    },
    /// The kind of consensus cannot be changed this way.
    #[error("attempted to change consensus type from {0} to {1}")]
    Consensus(String, String),
    /// The configuration is not the next one.
    #[error("config currently at sequence {current}, cannot validate config at sequence {given}")]
    Sequence {
        /// The sequence now.
        current: u64,
        /// The sequence in question.
        given: u64,
    },
    /// A configuration that does not follow from the update in it.
    #[error("ConfigEnvelope LastUpdate did not produce the supplied config result")]
    OtherResult,
}

impl From<ConfigError> for UpdateError {
    fn from(error: ConfigError) -> Self {
        Self::Refused(error)
    }
}

impl From<RaftError> for UpdateError {
    fn from(error: RaftError) -> Self {
        Self::Raft(error)
    }
}

impl UpdateError {
    /// Whether the update itself does not hold, in distinction to what would come out of it.
    pub fn is_about_update(&self) -> bool {
        !matches!(
            self,
            Self::Malformed(_)
                | Self::NotUpdate(_)
                | Self::Missing(_)
                | Self::Refused(_)
                | Self::Raft(_)
                | Self::MspId { .. }
                | Self::Consensus(..)
        )
    }
}

/// The smallest update that turns one configuration into another. Versions in `modified` do not matter.
///
/// # Errors
/// [`UpdateError::NoGroup`], [`UpdateError::NoDifference`].
pub fn compute_update(channel_id: &str, original: &Config, modified: &Config) -> Result<ConfigUpdate, UpdateError> {
    let before = original.channel_group.as_ref().ok_or(UpdateError::NoGroup("original"))?;
    let after = modified.channel_group.as_ref().ok_or(UpdateError::NoGroup("updated"))?;
    let sets = group_sets(before, after);
    if !sets.changed {
        return Err(UpdateError::NoDifference);
    }
    Ok(ConfigUpdate {
        channel_id: channel_id.to_owned(),
        read_set: Some(sets.read),
        write_set: Some(sets.write),
        ..ConfigUpdate::default()
    })
}

/// Wraps a new configuration as an orderer does, to be alone in its block.
///
/// # Errors
/// [`SignError`] when the orderer's key does not sign.
pub fn config_envelope(
    channel_id: &str,
    config: &ConfigEnvelope,
    orderer: &dyn Signer,
    time: prost_types::Timestamp,
) -> Result<Envelope, SignError> {
    envelope(HeaderType::Config, channel_id, config.encode_to_vec(), orderer, time)
}

pub(crate) fn envelope(
    kind: HeaderType,
    channel_id: &str,
    data: Vec<u8>,
    signer: &dyn Signer,
    time: prost_types::Timestamp,
) -> Result<Envelope, SignError> {
    let nonce = transaction::nonce()?;
    let (mut channel_header, signature_header) =
        transaction::headers(kind, channel_id, time, &nonce, signer.creator(), Vec::new());
    // Configuration has no transaction id on Fabric.
    channel_header.tx_id.clear();
    let header =
        Header { channel_header: channel_header.encode_to_vec(), signature_header: signature_header.encode_to_vec() };
    let payload = Payload { header: Some(header), data }.encode_to_vec();
    let signature = signer.sign(&payload)?;
    Ok(Envelope { payload, signature })
}

impl ChannelConfig {
    /// What an update would make of this configuration: the content of the next configuration block.
    ///
    /// # Errors
    /// [`UpdateError`] names the first rule that the update breaks.
    pub fn propose_update(&self, update: &Envelope) -> Result<ConfigEnvelope, UpdateError> {
        let config = self.config_after(self.updated_group(update, true)?);
        let next = Self::from_config(self.channel_id(), config.clone())?;
        self.check_next(&next)?;
        raft::check_next(self, &next)?;
        Ok(ConfigEnvelope { config: Some(config), last_update: Some(update.clone()) })
    }

    /// What an update would make of this configuration if everybody signed it who must.
    ///
    /// # Errors
    /// [`UpdateError`] when the update does not fit this configuration.
    pub fn if_signed(&self, update: &Envelope) -> Result<Config, UpdateError> {
        Ok(self.config_after(self.updated_group(update, false)?))
    }

    fn config_after(&self, channel_group: ConfigGroup) -> Config {
        Config { sequence: self.sequence().saturating_add(1), channel_group: Some(channel_group) }
    }

    /// The configuration of a block that follows this one, when it follows from the update in it.
    ///
    /// # Errors
    /// [`UpdateError`] as [`ChannelConfig::propose_update`], or because of what was made of the update.
    pub fn next(&self, block_envelope: &Envelope) -> Result<Self, UpdateError> {
        let payload: Payload = decode(&block_envelope.payload, "payload")?;
        let next: ConfigEnvelope = decode(&payload.data, "configuration")?;
        let given = next.config.as_ref().map_or(0, |config| config.sequence);
        if given != self.sequence().saturating_add(1) {
            return Err(UpdateError::Sequence { current: self.sequence(), given });
        }
        let group =
            self.updated_group(next.last_update.as_ref().ok_or(UpdateError::Malformed("last update"))?, true)?;
        if next.config.as_ref().and_then(|config| config.channel_group.as_ref()) != Some(&group) {
            return Err(UpdateError::OtherResult);
        }
        let next = Self::from_envelope(block_envelope)?;
        self.check_next(&next)?;
        Ok(next)
    }

    /// `signed` says whether the signatures must suffice.
    fn updated_group(&self, update: &Envelope, signed: bool) -> Result<ConfigGroup, UpdateError> {
        let (update, signatures) = taken_apart(&open(update)?)?;
        if update.channel_id != self.channel_id() {
            let (update, channel) = (update.channel_id, self.channel_id().to_owned());
            return Err(UpdateError::Channel { update, channel });
        }
        let current = items(self.config().channel_group.as_ref())?;
        let (read, write) = (items(update.read_set.as_ref())?, items(update.write_set.as_ref())?);
        check_read_set(&read, &current)?;
        let changed: Items<'_> = write
            .iter()
            .filter(|(key, item)| read.get(*key).is_none_or(|read| read.version() != item.version()))
            .map(|(key, item)| (key.clone(), item.clone()))
            .collect();
        self.check_changes(&changed, &current, signed.then_some(&signatures))?;
        let mut result = current;
        result.extend(changed);
        if let Some(unlisted) = write.keys().find(|key| !result.contains_key(*key)) {
            return Err(UpdateError::Unlisted(unlisted.clone()));
        }
        let fill = result.contains_key(&format!("[Value]  /{ROOT}/{}/{}", keys::ORDERER, keys::CAPABILITIES));
        rebuild(&format!("/{ROOT}"), &result, fill)
    }

    fn check_changes(
        &self,
        changed: &Items<'_>,
        current: &Items<'_>,
        signed: Option<&Vec<SignedData>>,
    ) -> Result<(), UpdateError> {
        if changed.is_empty() {
            return Err(UpdateError::NoEffect);
        }
        for (key, item) in changed {
            if !is_policy_path(item.mod_policy()) {
                return Err(UpdateError::ModPolicy(key.clone()));
            }
            let (key, version) = (key.clone(), item.version());
            let Some(existing) = current.get(&key) else {
                if version != 0 {
                    return Err(UpdateError::NewVersion { key, version });
                }
                continue;
            };
            if existing.version().checked_add(1) != Some(version) {
                return Err(UpdateError::Version { key, version, current: existing.version() });
            }
            let policy = self.policy(&policy_path(existing));
            if !policy.exists() {
                return Err(UpdateError::NoPolicy { key, policy: existing.mod_policy().to_owned() });
            }
            if let Some(signed) = signed {
                policy.evaluate(signed).map_err(|cause| UpdateError::Denied { key, cause })?;
            }
        }
        Ok(())
    }

    /// What no update may do, by whatever signatures.
    fn check_next(&self, next: &Self) -> Result<(), UpdateError> {
        if self.consensus_type() != next.consensus_type() {
            let (from, to) = (self.consensus_type().to_owned(), next.consensus_type().to_owned());
            return Err(UpdateError::Consensus(from, to));
        }
        let ordering = self.orderer_orgs().map(|org| ("orderer", org)).zip(std::iter::repeat(false));
        let application = self.application_orgs().map(|org| ("application", org)).zip(std::iter::repeat(true));
        for ((kind, org), is_application) in ordering.chain(application) {
            let same_name = match is_application {
                true => next.application_orgs().find(|other| other.name == org.name),
                false => next.orderer_orgs().find(|other| other.name == org.name),
            };
            if let Some(other) = same_name.filter(|other| other.msp_id != org.msp_id) {
                let (from, to) = (org.msp_id.clone(), other.msp_id.clone());
                return Err(UpdateError::MspId { kind, name: org.name.clone(), from, to });
            }
        }
        Ok(())
    }
}

/// The update in an envelope, with the signatures that it has.
pub(crate) fn open(envelope: &Envelope) -> Result<ConfigUpdateEnvelope, UpdateError> {
    let payload: Payload = decode(&envelope.payload, "payload")?;
    let header = payload.header.ok_or(UpdateError::Malformed("header"))?;
    let header: fabric_protos::common::ChannelHeader = decode(&header.channel_header, "channel header")?;
    if header.r#type != HeaderType::ConfigUpdate as i32 {
        return Err(UpdateError::NotUpdate(header.r#type));
    }
    decode(&payload.data, "envelope")
}

/// What an update says, and its signatures with what was signed.
pub(crate) fn taken_apart(update: &ConfigUpdateEnvelope) -> Result<(ConfigUpdate, Vec<SignedData>), UpdateError> {
    let mut signed = Vec::with_capacity(update.signatures.len());
    for ConfigSignature { signature_header, signature } in &update.signatures {
        let header: SignatureHeader = decode(signature_header, "signature header")?;
        let data = [signature_header.as_slice(), &update.config_update].concat();
        signed.push(SignedData { data, identity: header.creator, signature: signature.clone() });
    }
    Ok((decode(&update.config_update, "content")?, signed))
}

fn check_read_set(read: &Items<'_>, current: &Items<'_>) -> Result<(), UpdateError> {
    for (key, item) in read {
        let (key, read) = (key.clone(), item.version());
        match current.get(&key).map(Item::version) {
            None => return Err(UpdateError::ReadMissing(key)),
            Some(current) if current != read => return Err(UpdateError::ReadVersion { key, read, current }),
            Some(_) => {}
        }
    }
    Ok(())
}

fn is_policy_path(path: &str) -> bool {
    path.strip_prefix('/').unwrap_or(path).split('/').all(is_group_id)
}

/// An element of a configuration and the path of the group whose policies decide over it.
#[derive(Clone)]
pub(crate) struct Item<'a> {
    pub(crate) element: Element<'a>,
    group: String,
}

#[derive(Clone, Copy)]
pub(crate) enum Element<'a> {
    Group(&'a ConfigGroup),
    Value(&'a ConfigValue),
    Policy(&'a ConfigPolicy),
}

/// Elements by kind and path, as Fabric writes them in its messages.
pub(crate) type Items<'a> = BTreeMap<String, Item<'a>>;

impl Item<'_> {
    fn version(&self) -> u64 {
        match self.element {
            Element::Group(group) => group.version,
            Element::Value(value) => value.version,
            Element::Policy(policy) => policy.version,
        }
    }

    fn mod_policy(&self) -> &str {
        self.element.mod_policy()
    }
}

impl<'a> Element<'a> {
    pub(crate) fn mod_policy(self) -> &'a str {
        match self {
            Self::Group(group) => &group.mod_policy,
            Self::Value(value) => &value.mod_policy,
            Self::Policy(policy) => &policy.mod_policy,
        }
    }
}

/// The path of the policy that decides over an element.
pub(crate) fn policy_path(item: &Item<'_>) -> String {
    match item.mod_policy() {
        absolute if absolute.starts_with('/') => absolute.to_owned(),
        relative => format!("{}/{relative}", item.group),
    }
}

pub(crate) fn items(root: Option<&ConfigGroup>) -> Result<Items<'_>, UpdateError> {
    let mut found = Items::new();
    if let Some(root) = root {
        collect(&mut found, &format!("/{ROOT}"), root)?;
    }
    Ok(found)
}

/// Nesting is bounded by the decoder of the message.
fn collect<'a>(found: &mut Items<'a>, path: &str, group: &'a ConfigGroup) -> Result<(), UpdateError> {
    let names = group.groups.keys().chain(group.values.keys()).chain(group.policies.keys());
    if let Some(illegal) = names.into_iter().find(|name| !is_group_id(name)) {
        return Err(UpdateError::Key(format!("{path}/{illegal}")));
    }
    let item = |element| Item { element, group: path.to_owned() };
    found.insert(format!("[Group]  {path}"), item(Element::Group(group)));
    found.extend(group.values.iter().map(|(name, one)| (format!("[Value]  {path}/{name}"), item(Element::Value(one)))));
    let policies = group.policies.iter();
    found.extend(policies.map(|(name, one)| (format!("[Policy] {path}/{name}"), item(Element::Policy(one)))));
    group.groups.iter().try_for_each(|(name, below)| collect(found, &format!("{path}/{name}"), below))
}

/// Puts the elements together again. What a group lists decides what belongs to it.
fn rebuild(path: &str, items: &Items<'_>, fill: bool) -> Result<ConfigGroup, UpdateError> {
    let find = |key: String| items.get(&key).map(|item| item.element).ok_or(UpdateError::Missing(key));
    let Element::Group(listed) = find(format!("[Group]  {path}"))? else {
        return Err(UpdateError::Missing(path.to_owned()));
    };
    let filled = |mod_policy: &str| match mod_policy.is_empty() && fill {
        true => DEFAULT_MOD_POLICY.to_owned(),
        false => mod_policy.to_owned(),
    };
    let mut group =
        ConfigGroup { version: listed.version, mod_policy: filled(&listed.mod_policy), ..ConfigGroup::default() };
    for name in listed.groups.keys() {
        group.groups.insert(name.clone(), rebuild(&format!("{path}/{name}"), items, fill)?);
    }
    for name in listed.values.keys() {
        if let Element::Value(value) = find(format!("[Value]  {path}/{name}"))? {
            let value = ConfigValue { mod_policy: filled(&value.mod_policy), ..value.clone() };
            group.values.insert(name.clone(), value);
        }
    }
    for name in listed.policies.keys() {
        if let Element::Policy(policy) = find(format!("[Policy] {path}/{name}"))? {
            let policy = ConfigPolicy { mod_policy: filled(&policy.mod_policy), ..policy.clone() };
            group.policies.insert(name.clone(), policy);
        }
    }
    Ok(group)
}

/// What an update says about one group.
struct Sets {
    read: ConfigGroup,
    write: ConfigGroup,
    changed: bool,
}

fn group_sets(before: &ConfigGroup, after: &ConfigGroup) -> Sets {
    let version = before.version;
    let (mut read, mut write) =
        (ConfigGroup { version, ..Default::default() }, ConfigGroup { version, ..Default::default() });
    let mut same = ConfigGroup::default();
    for (name, policy) in &after.policies {
        match before.policies.get(name) {
            Some(old) if old.policy == policy.policy && old.mod_policy == policy.mod_policy => {
                same.policies.insert(name.clone(), ConfigPolicy { version: old.version, ..Default::default() });
            }
            old => {
                let version = old.map_or(0, |old| old.version.saturating_add(1));
                write.policies.insert(name.clone(), ConfigPolicy { version, ..policy.clone() });
            }
        }
    }
    for (name, value) in &after.values {
        match before.values.get(name) {
            Some(old) if old.value == value.value && old.mod_policy == value.mod_policy => {
                same.values.insert(name.clone(), ConfigValue { version: old.version, ..Default::default() });
            }
            old => {
                let version = old.map_or(0, |old| old.version.saturating_add(1));
                write.values.insert(name.clone(), ConfigValue { version, ..value.clone() });
            }
        }
    }
    for (name, group) in &after.groups {
        match before.groups.get(name) {
            Some(old) => match group_sets(old, group) {
                Sets { read: inner, changed: false, .. } => drop(same.groups.insert(name.clone(), inner)),
                sets => {
                    read.groups.insert(name.clone(), sets.read);
                    write.groups.insert(name.clone(), sets.write);
                }
            },
            None => {
                let sets = group_sets(&ConfigGroup::default(), group);
                let new = ConfigGroup { version: 0, mod_policy: group.mod_policy.clone(), ..sets.write };
                write.groups.insert(name.clone(), new);
            }
        }
    }
    let members_changed = !before.policies.keys().eq(after.policies.keys())
        || !before.values.keys().eq(after.values.keys())
        || !before.groups.keys().eq(after.groups.keys());
    if members_changed || before.mod_policy != after.mod_policy {
        // A group that changes itself lists all that belongs to it.
        for set in [&mut read, &mut write] {
            set.policies.extend(same.policies.clone());
            set.values.extend(same.values.clone());
            set.groups.extend(same.groups.clone());
        }
        write.version = version.saturating_add(1);
        write.mod_policy.clone_from(&after.mod_policy);
        return Sets { read, write, changed: true };
    }
    let changed = !(write.policies.is_empty() && write.values.is_empty() && write.groups.is_empty());
    Sets { read, write, changed }
}

fn decode<M: Message + Default>(bytes: &[u8], what: &'static str) -> Result<M, UpdateError> {
    M::decode(bytes).map_err(|_| UpdateError::Malformed(what))
}
