//! Opposing rights, answering and deciding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::super::{
    OPPOSITION_EVIDENCE_MAX, Opposition, OppositionAnswer, OppositionDecision, OppositionGround, RightRef, Verdict,
};
use super::ReadRight;
use crate::common::{Digest256, Remark, Set};
use crate::transaction::transactions;

/// `rights:OpposeRight` (submit): a member with a stake opposes a right, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpposeRight {
    /// The right, by its whole name.
    pub right_id: RightRef,
    /// What is at stake for the caller.
    pub ground: OppositionGround,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
    /// SHA-256 of originals that are deposited as evidence, at most 20.
    #[serde(default)]
    pub evidence: Set<Digest256, 0, OPPOSITION_EVIDENCE_MAX>,
}

/// `rights:WithdrawOpposition` (submit): the opponent takes its opposition back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawOpposition {
    /// The right, by its whole name.
    pub right_id: RightRef,
}

/// `rights:AnswerOpposition` (submit): the owner answers, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerOpposition {
    /// The right: the caller's own by its id, one that it took over by its whole name.
    pub right_id: RightRef,
    /// Whose opposition.
    pub opponent: MspId,
    /// The answer, 1 to 500 characters.
    pub text: Remark,
    /// SHA-256 of originals that are deposited as evidence, at most 20.
    #[serde(default)]
    pub evidence: Set<Digest256, 0, OPPOSITION_EVIDENCE_MAX>,
}

/// `rights:DecideOpposition` (submit): an attester of the office that is no party decides, after the owner has answered
/// or has let `answer_days` of the rules pass. An opposition that is upheld ends the right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideOpposition {
    /// The right, by its whole name.
    pub right_id: RightRef,
    /// Whose opposition.
    pub opponent: MspId,
    /// Who is right.
    pub verdict: Verdict,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

transactions! {
    submit(Registrar) "rights:OpposeRight", OpposeRight => Opposition;
    submit(Registrar) "rights:WithdrawOpposition", WithdrawOpposition, seen by ReadRight { right_id } => Opposition;
    submit(Registrar) "rights:AnswerOpposition", AnswerOpposition => OppositionAnswer;
    submit(Registrar) "rights:DecideOpposition", DecideOpposition => OppositionDecision;
}
