//! Whose consent a change of a channel lacks.

use std::{collections::BTreeSet, fmt};

use anyhow::{Context, Result};
use fabric_config::{ChannelConfig, CollectedUpdate, Wanted, differences};
use fabric_msp::policy::valid_identities;
use fabric_protos::common::Config;

/// A policy that decides over a part of a change and is not satisfied by those who have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// Its path.
    pub policy: String,
    /// Who must sign besides.
    pub wanted: Vec<Wanted>,
}

/// What the signatures of an update lack for it to lead from one configuration to the other.
///
/// # Errors
/// The configurations cannot be compared.
pub fn lacking(before: &ChannelConfig, after: &Config, update: &CollectedUpdate) -> Result<Vec<Lacking>> {
    let signers = valid_identities(update.signed(), before.msps());
    let differences = differences(before.config(), after).context("the configurations cannot be compared")?;
    let policies: BTreeSet<String> = differences.into_iter().map(|one| one.decided_by).collect();
    let lacking = policies.into_iter().map(|policy| {
        let wanted = before.policy(&policy).wanted(&signers);
        Lacking { policy, wanted }
    });
    Ok(lacking.filter(|one| !one.wanted.is_empty()).collect())
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.wanted.iter().map(|Wanted { more, of }| match *more < of.len() {
            true => format!("{more} of {}", of.join(", ")),
            false => of.join(" and "),
        });
        write!(f, "{} also takes the signature of {}", self.policy, words.collect::<Vec<_>>().join(", and of "))
    }
}
