//! The consortium file: who takes part, and what follows from it for policies and settings.
//!
//! It holds no keys, addresses or ports: keys come from the crypto configuration, addresses are chosen when a network
//! is laid out for the first time (see [`crate::layout`]).

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// The consortium of the demo, as it stands in `network/consortium.yaml`.
pub const DEFAULT: &str = include_str!("../../consortium.yaml");

/// The crypto configuration of the demo, as it stands in `crypto-config/crypto-config.yaml`.
pub const DEFAULT_CRYPTO: &str = include_str!("../../../crypto-config/crypto-config.yaml");

/// Most organisations that one consortium file may name.
const ORGANISATIONS_MAX: usize = 64;

/// A consortium: one channel, one chaincode, application organisations and one orderer organisation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consortium {
    /// The channel's name.
    pub channel: String,
    /// The chaincode that runs on it.
    pub chaincode: Chaincode,
    /// The application organisations, in the order in which they are shown.
    pub organisations: Vec<Organisation>,
    /// The orderer organisation.
    pub orderer: OrdererOrganisation,
}

/// The chaincode of the channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chaincode {
    /// Its name, which is also the label of its package.
    pub name: String,
    /// The version of its definition.
    pub version: String,
    /// How many endorsing organisations a transaction needs.
    pub endorsements: u32,
}

/// An application organisation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Its MSP id.
    pub msp_id: String,
    /// The name shown to people.
    pub name: String,
    /// The domain under which the crypto configuration generates its keys.
    pub domain: String,
    /// What it may do on the channel.
    pub role: Role,
}

/// What an organisation may do on the channel.
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

/// The organisation that orders transactions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdererOrganisation {
    /// Its MSP id.
    pub msp_id: String,
    /// The domain under which the crypto configuration generates its keys.
    pub domain: String,
    /// Host names of its nodes within the domain.
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
        ensure!(!self.organisations.is_empty(), "a consortium needs at least one organisation");
        ensure!(
            self.organisations.len() <= ORGANISATIONS_MAX,
            "at most {ORGANISATIONS_MAX} organisations are supported"
        );
        let mut names = BTreeSet::new();
        for msp_id in self.organisations.iter().map(|o| &o.msp_id).chain([&self.orderer.msp_id]) {
            ensure!(names.insert(msp_id), "the MSP id {msp_id} is used twice");
        }
        let endorsers = self.endorsing().count();
        if self.chaincode.endorsements == 0 || self.chaincode.endorsements as usize > endorsers {
            bail!(
                "{} endorsements are asked for, but {endorsers} organisations may endorse",
                self.chaincode.endorsements
            );
        }
        ensure!(
            self.orderer.nodes.len() == 1,
            "this version orders with exactly one node; several Raft or BFT nodes are not supported yet"
        );
        Ok(())
    }

    /// The organisations whose peers endorse: all but regulators.
    pub fn endorsing(&self) -> impl Iterator<Item = &Organisation> {
        self.organisations.iter().filter(|organisation| organisation.role != Role::Regulator)
    }

    /// The organisation with this MSP id.
    ///
    /// # Errors
    /// There is none.
    pub fn organisation(&self, msp_id: &str) -> Result<&Organisation> {
        self.organisations
            .iter()
            .find(|organisation| organisation.msp_id == msp_id)
            .with_context(|| format!("the consortium has no organisation {msp_id}"))
    }

    /// The chaincode's endorsement policy in Fabric's policy language: flat, and naming peers only.
    #[must_use]
    pub fn endorsement_policy(&self) -> String {
        let principals: Vec<String> = self.endorsing().map(|o| format!("'{}.peer'", o.msp_id)).collect();
        format!("OutOf({}, {})", self.chaincode.endorsements, principals.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consortium_of_the_demo_is_valid_and_the_regulator_does_not_endorse() -> Result<()> {
        let consortium = Consortium::load(None)?;
        let policy = consortium.endorsement_policy();
        assert!(policy.starts_with("OutOf(2, 'ExporterMSP.peer'"), "{policy}");
        assert!(!policy.contains("RegulatorMSP"), "{policy}");
        assert_eq!(consortium.organisation("CustomsMSP")?.role, Role::Customs);
        Ok(())
    }

    #[test]
    fn impossible_consortia_are_refused_with_a_reason() {
        for (change, reason) in [
            (("endorsements: 2", "endorsements: 9"), "9 endorsements are asked for, but 5"),
            (("msp_id: BankMSP", "msp_id: ExporterMSP"), "ExporterMSP is used twice"),
            (("nodes: [orderer0]", "nodes: [orderer0, orderer1]"), "exactly one node"),
            (("channel: trade", "chanel: trade"), "not a consortium file"),
        ] {
            let text = DEFAULT.replace(change.0, change.1);
            let error = Consortium::parse(&text).expect_err(reason);
            assert!(format!("{error:#}").contains(reason), "{error:#}");
        }
    }
}
