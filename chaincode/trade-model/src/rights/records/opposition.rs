//! Oppositions against rights, what owners answer, and what attesters of the office decide.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{Gtin, MspId};

use super::super::{OPPOSITION_EVIDENCE_MAX, RightName};
use crate::common::{Digest256, Remark, Set, Stamp};

/// An opposition: the answer of `rights:OpposeRight` and `rights:WithdrawOpposition`. One member opposes a right once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opposition {
    /// The right.
    pub right_id: RightName,
    /// Who opposes.
    pub opponent: MspId,
    /// What is at stake for the opponent.
    pub ground: OppositionGround,
    /// Why.
    pub reason: Remark,
    /// Originals that are deposited as evidence.
    pub evidence: Set<Digest256, 0, OPPOSITION_EVIDENCE_MAX>,
    /// Who opposed when.
    pub opposed: Stamp,
    /// Set when the opponent took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Stamp>,
}

/// What is at stake for an opponent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum OppositionGround {
    /// The opponent owns an attested right of an earlier day that is valid in one of the same countries.
    EarlierRight {
        /// That right, by its whole name.
        right_id: RightName,
    },
    /// The opponent claims the same registration number. Against an attested right its own claim must be attested.
    SameRegistration,
    /// The right lists a product under the opponent's GS1 company prefix.
    OwnProduct {
        /// The product.
        gtin: Gtin,
    },
}

/// What the owner says to an opposition: the answer of `rights:AnswerOpposition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OppositionAnswer {
    /// The right.
    pub right_id: RightName,
    /// Whose opposition.
    pub opponent: MspId,
    /// What the owner says.
    pub text: Remark,
    /// Originals that are deposited as evidence.
    pub evidence: Set<Digest256, 0, OPPOSITION_EVIDENCE_MAX>,
    /// Who answered when.
    pub answered: Stamp,
}

/// What an attester of the office decides: the answer of `rights:DecideOpposition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OppositionDecision {
    /// The right.
    pub right_id: RightName,
    /// Whose opposition.
    pub opponent: MspId,
    /// Who is right.
    pub verdict: Verdict,
    /// Why.
    pub reason: Remark,
    /// Who decided when.
    pub decided: Stamp,
}

/// What an opposition came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The right has no effect from now on.
    Upheld,
    /// The right stands.
    Rejected,
}

/// An opposition with what followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OppositionFile {
    /// The opposition.
    pub opposition: Opposition,
    /// What the owner answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<OppositionAnswer>,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<OppositionDecision>,
    /// Whether it is open: neither withdrawn nor decided, and not older than `opposition_days` of the rules.
    pub open: bool,
}
