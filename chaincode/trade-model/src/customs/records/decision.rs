//! Decisions on declarations, their approval and their replay.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::Gtin;
use trade_standards::time::Date;

use super::{DecisionInputs, Finding, Outcome};
use crate::common::{AlarmId, DeclarationId, Digest256, Person, Remark, Scoped, Set, Stamp};
use crate::customs::ALARMS_WEIGHED_MAX;
use crate::customs::TariffName;
use crate::rights::{LicenceName, RightName};

/// A decision with all it rests on: the answer of `customs:Assess`, `customs:Decide` and `customs:ReadDecision`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// The declaration.
    pub declaration_id: Scoped<DeclarationId>,
    /// Which decision on it, from 1.
    pub number: u32,
    /// What follows.
    pub outcome: Outcome,
    /// What the rules propose; an officer may decide otherwise.
    pub proposed: Outcome,
    /// Why the officer decides as it does; absent where the rules decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Remark>,
    /// Alarms that the officer weighed beside those by which the rules go.
    #[serde(default, skip_serializing_if = "Set::is_unset")]
    pub alarms: Set<AlarmId, 0, ALARMS_WEIGHED_MAX>,
    /// One per rule that was applied, in the tariff's order.
    pub findings: Vec<Finding>,
    /// The importer's licences that cover the goods, as they were found; none for goods that are its own or need none.
    pub licences: Vec<CoveringLicence>,
    /// The tariff whose rules were applied.
    pub tariff_id: TariffName,
    /// Its version.
    pub tariff_version: u32,
    /// The day the rules were taken for.
    pub rules_of: Date,
    /// SHA-256 of the inputs in canonical JSON: 64 hexadecimal digits.
    pub inputs_sha256: Digest256,
    /// The facts the rules were applied to.
    pub inputs: DecisionInputs,
    /// Who decided when.
    pub decided: Stamp,
    /// The person that decided, as it is told from the one that approves.
    pub person: Person,
}

/// A licence that covers the import of trade items under a right that protects them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoveringLicence {
    /// The right.
    pub right_id: RightName,
    /// The importer's own licence under it.
    pub licence_id: LicenceName,
    /// The trade items of the consignment that it covers.
    pub products: Vec<Gtin>,
}

/// A second person's approval of a decision that releases goods or is graver than the rules propose: the answer of
/// `customs:ApproveDecision` and `customs:ReadApproval`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionApproval {
    /// The declaration.
    pub declaration_id: Scoped<DeclarationId>,
    /// The decision that is approved.
    pub number: u32,
    /// SHA-256 of that decision as JSON without spaces, fields in the order of their types.
    pub decision_sha256: Digest256,
    /// Who approved when.
    pub approved: Stamp,
    /// The person that approved.
    pub person: Person,
}

/// The answer of `customs:Replay`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayedDecision {
    /// The declaration.
    pub declaration_id: Scoped<DeclarationId>,
    /// The decision that was replayed.
    pub number: u32,
    /// What the rules propose this time.
    pub outcome: Outcome,
    /// What each rule said this time.
    pub findings: Vec<Finding>,
    /// The version of the tariff that was applied.
    pub tariff_version: u32,
    /// The day the rules were taken for.
    pub rules_of: Date,
    /// The digest of the stored facts, computed again.
    pub inputs_sha256: Digest256,
    /// Whether that digest is the recorded one.
    pub inputs_unchanged: bool,
    /// What was decided then, by rule or by an officer.
    pub recorded_outcome: Outcome,
    /// Whether the rules' proposal and the findings are the recorded ones.
    pub same_decision: bool,
    /// Whether the authority's own peer endorsed the recorded decision.
    pub authenticated: bool,
}
