//! The consortium file: who takes part, and what follows from it for policies and settings.
//!
//! It holds no keys, addresses or ports: keys are generated from it, addresses are chosen when a network is laid out
//! for the first time (see [`crate::layout`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use fabric_config::is_channel_id;
use fabric_cryptogen::{CryptoConfig, NodeSpec, NodeTemplate, OrganizationSpec, UsersSpec};
use serde::{Deserialize, Serialize};

use crate::terms::Terms;

/// The consortium of the demo, as it stands in `network/consortium.yaml`.
pub const DEFAULT: &str = include_str!("../../consortium.yaml");

/// The crypto configuration of the demo, as it stands in `crypto-config/crypto-config.yaml`.
pub const DEFAULT_CRYPTO: &str = include_str!("../../../crypto-config/crypto-config.yaml");

/// The user whose key signs at an organization's gateway.
const GATEWAY_USER: &str = "gateway";

/// Most organizations that one consortium file may name.
const ORGANIZATIONS_MAX: usize = 64;

/// Most channels besides the first.
const CHANNELS_MAX: usize = 32;

/// Most peers of one organization.
const PEERS_MAX: usize = 9;

/// The names under which every node answers, so that a whole network can run on one machine.
const LOCAL_NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A consortium: application organizations, one orderer organization, a channel of all of them and further channels of
/// some.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consortium {
    /// The name of the channel that all organizations share, and which the REST gateway serves.
    pub channel: String,
    /// The chaincode that runs on it. Its name is also the label of the package, which all channels share.
    pub chaincode: Chaincode,
    /// Further channels, each of some of the organizations.
    #[serde(default)]
    pub channels: Vec<FurtherChannel>,
    /// The application organizations, in the order in which they are shown.
    pub organizations: Vec<Organization>,
    /// The orderer organization.
    pub orderer: OrdererOrganization,
}

/// A channel of some of the organizations, with a ledger of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherChannel {
    /// Its name.
    pub name: String,
    /// The MSP ids of the organizations that are on it from the beginning.
    pub organizations: Vec<String>,
    /// The definition of the chaincode on this channel. An organization runs the same package on all its channels.
    pub chaincode: Chaincode,
}

/// The definition of the chaincode on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chaincode {
    /// Its name.
    pub name: String,
    /// The version of its definition.
    pub version: String,
    /// How many endorsing organizations a transaction needs. Default: a majority of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endorsements: Option<u32>,
}

/// An application organization.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Its MSP id.
    pub msp_id: String,
    /// The name shown to people.
    pub name: String,
    /// The domain under which the crypto configuration generates its keys.
    pub domain: String,
    /// What it may do on the channel.
    pub role: Role,
    /// How many peers it runs, 1 to 9. One when not given.
    #[serde(default = "one")]
    pub peers: usize,
    /// Its people beside `User1`, by name: the attributes in their certificates. None when not given.
    #[serde(default)]
    pub users: BTreeMap<String, BTreeMap<String, String>>,
}

/// What an organization may do on the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads, writes and endorses.
    Enterprise,
    /// As an enterprise, and decides about declarations.
    Customs,
    /// Reads and evaluates only.
    Regulator,
}

/// The organization that orders transactions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdererOrganization {
    /// Its MSP id.
    pub msp_id: String,
    /// The domain under which the crypto configuration generates its keys.
    pub domain: String,
    /// How its nodes agree on blocks; Raft when not given.
    #[serde(default)]
    pub consensus: Consensus,
    /// Host names of its nodes within the domain: one or three for Raft, four for BFT. The embedded network runs the
    /// first.
    pub nodes: Vec<String>,
    /// Batch timeout of the embedded network in milliseconds.
    pub embedded_batch_timeout_ms: u64,
    /// Batch timeout of a real network in milliseconds.
    pub batch_timeout_ms: u64,
    /// Most transactions in a block.
    pub max_message_count: u32,
    /// Largest transaction that is ordered at all, in bytes.
    pub absolute_max_bytes: u32,
    /// A block is cut before it grows beyond this, in bytes.
    pub preferred_max_bytes: u32,
}

/// How orderers agree on blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consensus {
    /// Raft: bears the failure of one node of three.
    #[default]
    Raft,
    /// Byzantine fault tolerance, from Fabric 3.0 on: bears a malicious node of four.
    Bft,
}

impl Consensus {
    /// How many nodes it may have here.
    fn sizes(self) -> &'static [usize] {
        match self {
            Self::Raft => &[1, 3],
            Self::Bft => &[4],
        }
    }
}

impl OrdererOrganization {
    /// How many of its nodes it takes to order: a majority for Raft, and for BFT all but as many as may be malicious.
    #[must_use]
    pub fn quorum(&self) -> usize {
        let nodes = self.nodes.len();
        match self.consensus {
            Consensus::Raft => nodes / 2 + 1,
            Consensus::Bft => nodes - nodes.saturating_sub(1) / 3,
        }
    }
}

impl std::fmt::Display for Consensus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Raft => "Raft",
            Self::Bft => "BFT",
        })
    }
}

impl Consortium {
    /// Reads a consortium file, or the demo's when no path is given.
    ///
    /// # Errors
    /// The file cannot be read, is not YAML of this form, or describes an impossible consortium.
    pub fn load(path: Option<&Path>) -> Result<Self> {
        match path {
            None => Self::parse(DEFAULT),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the consortium file {}", path.display()))?;
                Self::parse(&text).with_context(|| format!("in the consortium file {}", path.display()))
            }
        }
    }

    /// Parses the text of a consortium file.
    ///
    /// # Errors
    /// As [`Consortium::load`].
    pub fn parse(text: &str) -> Result<Self> {
        let consortium: Self = serde_norway::from_str(text).context("not a consortium file")?;
        consortium.check()?;
        Ok(consortium)
    }

    fn check(&self) -> Result<()> {
        ensure!(!self.organizations.is_empty(), "a consortium needs at least one organization");
        ensure!(
            self.organizations.len() <= ORGANIZATIONS_MAX,
            "at most {ORGANIZATIONS_MAX} organizations are supported"
        );
        let mut names = BTreeSet::new();
        for msp_id in self.organizations.iter().map(|o| &o.msp_id).chain([&self.orderer.msp_id]) {
            ensure!(names.insert(msp_id), "the MSP id {msp_id} is used twice");
        }
        self.check_channel()?;
        self.check_further_channels()?;
        for organization in &self.organizations {
            ensure!(
                (1..=PEERS_MAX).contains(&organization.peers),
                "{} is to have {} peers, but 1 to {PEERS_MAX} are possible",
                organization.msp_id,
                organization.peers
            );
        }
        let mut domains = BTreeSet::new();
        for domain in self.organizations.iter().map(|o| &o.domain).chain([&self.orderer.domain]) {
            ensure!(domains.insert(domain), "the domain {domain} is used twice");
        }
        let OrdererOrganization { nodes, consensus, .. } = &self.orderer;
        let sizes: Vec<String> = consensus.sizes().iter().map(ToString::to_string).collect();
        ensure!(
            consensus.sizes().contains(&nodes.len()),
            "{} orderers are named, but {consensus} is run with {} here",
            nodes.len(),
            sizes.join(" or ")
        );
        let distinct: BTreeSet<&String> = nodes.iter().collect();
        ensure!(distinct.len() == nodes.len(), "an orderer is named twice");
        Ok(())
    }

    /// Fails when the first channel cannot be had: its name is none, or too few organizations may endorse.
    pub(crate) fn check_channel(&self) -> Result<()> {
        ensure!(
            is_channel_id(&self.channel),
            "{} cannot name a channel: that takes lower-case letters, digits, dots and dashes, a letter first",
            self.channel
        );
        let (asked, endorsers) = (self.endorsements(), self.endorsing().count());
        if asked == 0 || asked > endorsers {
            bail!("{asked} endorsements are asked for, but {endorsers} organizations may endorse");
        }
        Ok(())
    }

    fn check_further_channels(&self) -> Result<()> {
        ensure!(self.channels.len() <= CHANNELS_MAX, "at most {CHANNELS_MAX} further channels are supported");
        let mut names = BTreeSet::from([&self.channel]);
        for channel in &self.channels {
            ensure!(names.insert(&channel.name), "the channel {} is described twice", channel.name);
            let distinct: BTreeSet<&String> = channel.organizations.iter().collect();
            ensure!(
                distinct.len() == channel.organizations.len(),
                "an organization of the channel {} is named twice",
                channel.name
            );
            for msp_id in &channel.organizations {
                self.organization(msp_id).with_context(|| format!("in the channel {}", channel.name))?;
            }
            let own = self.on(&channel.name)?;
            own.check_channel().with_context(|| format!("in the channel {}", channel.name))?;
        }
        Ok(())
    }

    /// The consortium as far as it concerns one channel: its organizations and its chaincode, and no further channels.
    ///
    /// # Errors
    /// There is no such channel.
    pub fn on(&self, channel: &str) -> Result<Self> {
        let mut own = Self { channels: Vec::new(), ..self.clone() };
        if channel != self.channel {
            let further = self.channels.iter().find(|further| further.name == channel);
            let further = further.with_context(|| format!("the consortium has no channel {channel}"))?;
            own.channel.clone_from(&further.name);
            own.chaincode.clone_from(&further.chaincode);
            own.organizations.retain(|organization| further.organizations.contains(&organization.msp_id));
        }
        Ok(own)
    }

    /// The consortium as it concerns each of its channels, the first one first.
    #[must_use]
    pub fn each_channel(&self) -> Vec<Self> {
        let names = std::iter::once(&self.channel).chain(self.channels.iter().map(|channel| &channel.name));
        names.filter_map(|name| self.on(name).ok()).collect()
    }

    /// Adds a channel.
    ///
    /// # Errors
    /// It has the name of another one, names unknown organizations, or asks for more endorsements than can be had.
    pub fn add_channel(&mut self, channel: FurtherChannel) -> Result<()> {
        self.channels.push(channel);
        self.check_further_channels().inspect_err(|_| drop(self.channels.pop()))
    }

    /// The crypto configuration that follows from the consortium: for each organization an administrator, `User1`, the
    /// gateway's user and the users that it names, and its nodes, which answer on the local machine, too.
    #[must_use]
    pub fn crypto_config(&self) -> CryptoConfig {
        let organizations = self.organizations.iter().map(|organization| OrganizationSpec {
            template: template(organization.peers),
            users: users_spec(&organization.users),
            ..organization_spec(&organization.msp_id, &organization.domain)
        });
        let mut orderer = organization_spec(&self.orderer.msp_id, &self.orderer.domain);
        let numbered = (0..).zip(&self.orderer.nodes).all(|(number, node)| *node == format!("orderer{number}"));
        if numbered {
            orderer.template = template(self.orderer.nodes.len());
        } else {
            let node = |name: &String| NodeSpec {
                hostname: name.clone(),
                sans: LOCAL_NAMES.map(str::to_owned).to_vec(),
                ..NodeSpec::default()
            };
            orderer.specs = self.orderer.nodes.iter().map(node).collect();
        }
        CryptoConfig { orderer_orgs: vec![orderer], peer_orgs: organizations.collect() }
    }

    /// The organizations whose peers endorse: all but regulators.
    pub fn endorsing(&self) -> impl Iterator<Item = &Organization> {
        self.organizations.iter().filter(|organization| organization.role != Role::Regulator)
    }

    /// The organization with this MSP id.
    ///
    /// # Errors
    /// There is none.
    pub fn organization(&self, msp_id: &str) -> Result<&Organization> {
        self.organizations
            .iter()
            .find(|organization| organization.msp_id == msp_id)
            .with_context(|| format!("the consortium has no organization {msp_id}"))
    }

    /// The chaincode's endorsement policy in Fabric's policy language.
    #[must_use]
    pub fn endorsement_policy(&self) -> String {
        self.terms().policy()
    }

    /// What the chaincode's definition on the first channel follows from.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            name: self.chaincode.name.clone(),
            version: self.chaincode.version.clone(),
            endorsing: self.endorsing().map(|organization| organization.msp_id.clone()).collect(),
            endorsements: self.endorsements(),
            orderer: self.orderer.msp_id.clone(),
        }
    }

    /// How many organizations must endorse a transaction: as many as the chaincode's definition says, or a majority.
    #[must_use]
    pub fn endorsements(&self) -> usize {
        let asked = self.chaincode.endorsements.and_then(|asked| usize::try_from(asked).ok());
        asked.unwrap_or_else(|| self.endorsing().count() / 2 + 1)
    }
}

fn one() -> usize {
    1
}

fn organization_spec(msp_id: &str, domain: &str) -> OrganizationSpec {
    OrganizationSpec {
        name: msp_id.strip_suffix("MSP").unwrap_or(msp_id).to_owned(),
        msp_id: Some(msp_id.to_owned()),
        domain: domain.to_owned(),
        enable_node_ous: true,
        ..OrganizationSpec::default()
    }
}

/// `User1`, the gateway's user, which may say for whom it signs, and those that the organization names.
fn users_spec(named: &BTreeMap<String, BTreeMap<String, String>>) -> UsersSpec {
    let vouches = BTreeMap::from([("entrepot.gateway".to_owned(), "true".to_owned())]);
    let mut attributes = named.clone();
    attributes.insert(GATEWAY_USER.to_owned(), vouches);
    let names = [GATEWAY_USER.to_owned()].into_iter().chain(named.keys().cloned()).collect();
    let sans = BTreeMap::from([(GATEWAY_USER.to_owned(), LOCAL_NAMES.map(str::to_owned).to_vec())]);
    UsersSpec { count: 1, names, attributes, sans, ..UsersSpec::default() }
}

fn template(count: usize) -> NodeTemplate {
    NodeTemplate { count, sans: LOCAL_NAMES.map(str::to_owned).to_vec(), ..NodeTemplate::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consortium_of_the_demo_is_valid_and_the_regulator_does_not_endorse() -> Result<()> {
        let consortium = Consortium::load(None)?;
        let policy = consortium.endorsement_policy();
        assert!(policy.starts_with("OutOf(3, 'ExporterMSP.peer'"), "a majority of five: {policy}");
        assert!(!policy.contains("RegulatorMSP"), "{policy}");
        assert_eq!(consortium.organization("CustomsMSP")?.role, Role::Customs);
        Ok(())
    }

    #[test]
    fn impossible_consortia_are_refused_with_a_reason() {
        for (change, reason) in [
            ((r#"version: "0.1""#, "version: '1'\n  endorsements: 9"), "9 endorsements are asked for, but 5"),
            (("msp_id: BankMSP", "msp_id: ExporterMSP"), "ExporterMSP is used twice"),
            (("nodes: [orderer0]", "nodes: [orderer0, orderer1]"), "2 orderers are named, but Raft is run with 1 or 3"),
            (
                ("nodes: [orderer0]", "consensus: bft\n  nodes: [a, b, c]"),
                "3 orderers are named, but BFT is run with 4",
            ),
            (("nodes: [orderer0]", "nodes: [a, b, a]"), "named twice"),
            (("domain: bank.", "domain: customs."), "customs.entrepot.example is used twice"),
            (("role: regulator", "role: regulator\n    peers: 10"), "RegulatorMSP is to have 10 peers"),
            (("channel: trade", "chanel: trade"), "not a consortium file"),
            (("channel: trade", "channel: Trade"), "Trade cannot name a channel"),
        ] {
            let text = DEFAULT.replace(change.0, change.1);
            let error = Consortium::parse(&text).expect_err(reason);
            assert!(format!("{error:#}").contains(reason), "{error:#}");
        }
    }

    fn with_channels(channels: &str) -> Result<Consortium> {
        Consortium::parse(&format!("{DEFAULT}\nchannels:\n{channels}"))
    }

    const SETTLEMENT: &str = "
  - name: settlement
    organizations: [BankMSP, ExporterMSP, RegulatorMSP]
    chaincode: { name: entrepot, version: '0.2', endorsements: 1 }
";

    #[test]
    fn a_further_channel_has_its_own_organizations_and_chaincode() -> Result<()> {
        let consortium = with_channels(SETTLEMENT)?;
        let own = consortium.on("settlement")?;
        let msp_ids: Vec<&str> = own.organizations.iter().map(|one| one.msp_id.as_str()).collect();
        assert_eq!(msp_ids, ["ExporterMSP", "BankMSP", "RegulatorMSP"]);
        assert_eq!(own.endorsement_policy(), "OutOf(1, 'ExporterMSP.peer', 'BankMSP.peer')");
        let names: Vec<String> = consortium.each_channel().into_iter().map(|one| one.channel).collect();
        assert_eq!(names, ["trade", "settlement"]);
        assert_eq!(consortium.on("trade")?.organizations.len(), 6);
        assert!(consortium.on("other").is_err());
        Ok(())
    }

    #[test]
    fn impossible_channels_are_refused_with_a_reason() {
        for (change, reason) in [
            (("name: settlement", "name: trade"), "the channel trade is described twice"),
            (("BankMSP", "NobodyMSP"), "in the channel settlement: the consortium has no organization NobodyMSP"),
            (("BankMSP", "ExporterMSP"), "named twice"),
            (("endorsements: 1", "endorsements: 3"), "3 endorsements are asked for, but 2 organizations may endorse"),
            (("name: settlement", "name: 1st"), "1st cannot name a channel"),
        ] {
            let error = with_channels(&SETTLEMENT.replace(change.0, change.1)).expect_err(reason);
            assert!(format!("{error:#}").contains(reason), "{error:#}");
        }
    }

    #[test]
    fn the_crypto_configuration_of_the_demo_is_the_one_that_follows_from_its_consortium() -> Result<()> {
        assert_eq!(Consortium::load(None)?.crypto_config(), CryptoConfig::from_yaml(DEFAULT_CRYPTO)?);
        Ok(())
    }

    #[test]
    fn every_node_of_the_consortium_gets_keys() -> Result<()> {
        let text = DEFAULT
            .replace("nodes: [orderer0]", "consensus: bft\n  nodes: [north, east, south, west]")
            .replace("role: customs", "role: customs\n    peers: 2");
        let config = Consortium::parse(&text)?.crypto_config();
        let hosts: Vec<&str> = config.orderer_orgs[0].specs.iter().map(|node| node.hostname.as_str()).collect();
        assert_eq!(hosts, ["north", "east", "south", "west"]);
        assert_eq!(config.peer_orgs[4].template.count, 2);
        Ok(())
    }
}
