//! The *rules*: windows, bounds, deadlines and tables that the contracts use, as one record with a version.
//!
//! What ships is the default, version 0, and needs no record. A vote of the members replaces the whole of it
//! (`governance:Propose`). Each number has bounds of its own, so that no vote can make a rule void.

mod alarms;
mod customs;
mod payments;
mod rights;
mod tables;
mod voting;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::item::StandingTable;

pub use alarms::AlarmRules;
pub use customs::CustomsRules;
pub use payments::PaymentRules;
pub use rights::RightsRules;
pub(crate) use tables::tables;
pub use tables::*;
pub use voting::VotingRules;

/// All rules. A part that is left out of a request is the default that ships.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// 0 is the default that ships; what is voted has the number after the version that it replaces.
    pub version: u32,
    /// How members vote.
    #[serde(default)]
    pub voting: VotingRules,
    /// What one officer of a customs authority can do alone.
    #[serde(default)]
    pub customs: CustomsRules,
    /// Deadlines and bounds of alarms and sightings.
    #[serde(default)]
    pub alarms: AlarmRules,
    /// How long owners, opponents and the members to which rights are offered have.
    #[serde(default)]
    pub rights: RightsRules,
    /// Agreements and invoices.
    #[serde(default)]
    pub payments: PaymentRules,
    /// Who may cause which effect on a thing.
    #[serde(default)]
    pub standing: StandingTable,
}
