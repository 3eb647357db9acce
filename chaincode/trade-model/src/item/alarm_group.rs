//! Groups of alarms: what one event raised is answered and decided together.
//!
//! The group is written once, and again only where an alarm joins it because an earlier maker gave in. Answers and the
//! decision stand beside it, each written by the member that gives it, so that nobody waits for a key that others
//! write.

use fabric_contract::KeyPart;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::epcis::EventHash;
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::UtcTime;

use super::{AlarmKind, AlarmReport, AlarmState, Grade};
use crate::common::{AlarmGroupId, Attested, Cursor, Digest256, EventRecordId, Remark, Stamp};

/// The alarms that one event raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmGroup {
    /// Its id, 32 hexadecimal digits.
    pub group_id: AlarmGroupId,
    /// The event that raised them.
    pub event_hash: EventHash,
    /// The record of that event.
    pub record_id: EventRecordId,
    /// Who recorded the event, which raised the alarms.
    pub recorded_by: MspId,
    /// What conflicts, each kind once.
    pub kinds: Vec<AlarmKind>,
    /// How much the weightiest of them weighs.
    pub grade: Grade,
    /// How many alarms there are.
    pub alarms: u32,
    /// The members whose conduct is in question.
    pub about: Vec<MspId>,
    /// The members that have to know, authorities included.
    pub addressed_to: Vec<MspId>,
    /// All that have a part in it and cannot decide it: in question, contradicted, raiser, holder, owner, maker, brand.
    pub parties: Vec<MspId>,
    /// The countries concerned. Where one has a customs authority when it is decided, and that is no party, no other
    /// customs authority decides.
    pub places: Vec<CountryCode>,
    /// When and in which transaction.
    pub raised: Stamp,
    /// Until when the members concerned can answer before everybody is told of soft alarms.
    pub answer_by: UtcTime,
    /// The evidence record written with it.
    pub evidence_sha256: Digest256,
}

/// What a member says to alarms that it is about or that are addressed to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmAnswer {
    /// The alarms.
    pub group_id: AlarmGroupId,
    /// What the member says.
    pub text: Remark,
    /// Who answered when.
    pub answered: Stamp,
}

/// What an authority found out about the alarms of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmDecision {
    /// The alarms.
    pub group_id: AlarmGroupId,
    /// What was found.
    pub finding: AlarmFinding,
    /// Why.
    pub reason: Remark,
    /// Who decided when.
    pub decided: Stamp,
}

/// What an authority finds out about alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmFinding {
    /// The records are in conflict with what happened. The alarms stand, and everybody is told.
    Confirmed,
    /// There was a harmless reason. The alarms stand no longer.
    Explained,
    /// There was no ground for the event that raised them. The alarms stand no longer and count against their raiser.
    Dismissed,
}

impl From<AlarmFinding> for AlarmState {
    fn from(finding: AlarmFinding) -> Self {
        match finding {
            AlarmFinding::Confirmed => Self::Confirmed,
            AlarmFinding::Explained => Self::Explained,
            AlarmFinding::Dismissed => Self::Dismissed,
        }
    }
}

/// A group of alarms with what was said and decided: the answer of `item:ReadAlarmGroup`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmGroupReport {
    /// The group.
    #[serde(flatten)]
    pub group: AlarmGroup,
    /// What was answered, by each member once.
    pub answers: Vec<Attested<AlarmAnswer>>,
    /// What was decided; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Attested<AlarmDecision>>,
    /// The alarms, in the order of their ids.
    pub members: Vec<AlarmReport>,
    /// Give it as `after` to read on among the alarms; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// The answer of `item:ReadPartyAlarms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmGroupPage {
    /// The groups, newest first.
    pub groups: Vec<AlarmGroup>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// In which way alarms concern a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// They are about its conduct.
    About,
    /// They are addressed to it.
    Addressed,
    /// Its event raised them.
    Raised,
    /// They were about its conduct, and an authority confirmed them.
    Confirmed,
    /// Its event raised them, and an authority found no ground for it.
    Dismissed,
}

impl KeyPart for Concern {
    const SHAPE: &'static str = "Concern";

    fn to_part(&self) -> String {
        let word = match self {
            Self::About => "about",
            Self::Addressed => "addressed",
            Self::Raised => "raised",
            Self::Confirmed => "confirmed",
            Self::Dismissed => "dismissed",
        };
        word.to_owned()
    }

    fn from_part(part: &str) -> Option<Self> {
        let all = [Self::About, Self::Addressed, Self::Raised, Self::Confirmed, Self::Dismissed];
        all.into_iter().find(|concern| concern.to_part() == part)
    }
}
