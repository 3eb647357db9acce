//! Alarms: records that contradict one another. An alarm is written once, by the transaction that finds it, and never
//! changed; what became of it stands with its group.

use fabric_contract::KeyPart;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::epcis::EventHash;
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::UtcTime;

use super::AlarmKind;
use crate::common::{AlarmGroupId, AlarmId, Cursor, Digest256, EventRecordId, Foreign, ItemId, Set, Stamp};

/// The answer of `item:ReadAlarms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmPage {
    /// Alarms, newest first.
    pub alarms: Vec<AlarmReport>,
    /// Give it as `after` to read on; absent at the end. A page can have fewer alarms than were asked for, or none, and
    /// go on all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// Records that contradict one another. An alarm is a finding about records, never a verdict about a person or a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alarm {
    /// Its id, 32 hexadecimal digits.
    pub alarm_id: AlarmId,
    /// The group of alarms that the same event raised; they are answered and decided together.
    pub group_id: AlarmGroupId,
    /// What conflicts.
    pub kind: AlarmKind,
    /// How much it weighs.
    pub grade: Grade,
    /// The item concerned.
    pub item_id: ItemId,
    /// One sentence saying what was found.
    pub text: String,
    /// The event that conflicts.
    pub event_hash: EventHash,
    /// The record of that event.
    pub record_id: EventRecordId,
    /// What it conflicts with: the record of an earlier event, a holder, an owner, a unit.
    pub conflicts_with: Foreign,
    /// Who recorded the conflicting event.
    pub recorded_by: MspId,
    /// The member whose record, custody or title is contradicted, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_party: Option<MspId>,
    /// The members whose conduct is in question: those without standing in the matter; where all that contradict one
    /// another have equal standing, all of them.
    pub about: Set<MspId, 1, 2>,
    /// The country whose customs authority decides about it, when a place is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<CountryCode>,
    /// The members that have to know it, in the order of the relations.
    pub addressed_to: Vec<Addressee>,
    /// In whose transaction it was raised, and when.
    pub raised: Stamp,
    /// Until when a soft alarm waits for an answer before everybody is told.
    pub answer_by: UtcTime,
    /// The evidence record written with its group.
    pub evidence_sha256: Digest256,
}

impl Alarm {
    /// Whether the alarm puts the conduct of this member in question, so that it cannot settle it.
    pub fn is_about(&self, msp_id: &MspId) -> bool {
        self.about.has(msp_id)
    }

    /// Whether the member is a party to it: in question, contradicted, its raiser, or told of it as anything but an
    /// authority.
    pub fn is_party(&self, msp_id: &MspId) -> bool {
        let has_part = |addressee: &Addressee| addressee.msp_id == *msp_id && addressee.relation != Stake::Authority;
        self.is_about(msp_id)
            || self.recorded_by == *msp_id
            || self.other_party.as_ref() == Some(msp_id)
            || self.addressed_to.iter().any(has_part)
    }
}

/// How much an alarm weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// The ledger's own records contradict one another among parties with standing. Public at once.
    Hard,
    /// A member without standing says otherwise. Public when the time to answer has passed, or when it is confirmed.
    Soft,
    /// As soft, by a member whose alarms were dismissed too often. Public only when it is confirmed.
    Faint,
}

/// A member that has to know of an alarm, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Addressee {
    /// What the member is to the thing.
    pub relation: Stake,
    /// The member.
    pub msp_id: MspId,
}

/// Why a member is told of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stake {
    /// It holds the thing.
    Holder,
    /// It owns the thing.
    Owner,
    /// It put the thing into use.
    Maker,
    /// The thing's key begins with its GS1 company prefix.
    Brand,
    /// It is the customs authority of the place.
    Authority,
}

/// Among which alarms that may stand one is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Hard ones and confirmed ones, which only parties with standing and authorities cause.
    Counts,
    /// Soft ones that nobody has decided.
    Waits,
    /// Faint ones that nobody has decided.
    Withheld,
}

impl KeyPart for Weight {
    const SHAPE: &'static str = "Weight";

    fn to_part(&self) -> String {
        match self {
            Self::Counts => "counts".to_owned(),
            Self::Waits => "waits".to_owned(),
            Self::Withheld => "withheld".to_owned(),
        }
    }

    fn from_part(part: &str) -> Option<Self> {
        match part {
            "counts" => Some(Self::Counts),
            "waits" => Some(Self::Waits),
            "withheld" => Some(Self::Withheld),
            _ => None,
        }
    }
}

impl Grade {
    /// Among which alarms one of this grade is listed until it is decided.
    pub fn weight(self) -> Weight {
        match self {
            Self::Hard => Weight::Counts,
            Self::Soft => Weight::Waits,
            Self::Faint => Weight::Withheld,
        }
    }
}

/// An alarm and what became of it: the answer of `item:ReadAlarm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmReport {
    /// The alarm.
    #[serde(flatten)]
    pub alarm: Alarm,
    /// What became of it.
    pub state: AlarmState,
    /// Whether everybody is told of it by now. Until then it is answered to those it is about, to those it is addressed
    /// to, to its raiser, to authorities and to regulators.
    pub public: bool,
    /// The members that took back a record on which it rests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_back_by: Vec<MspId>,
}

/// What became of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// It stands, and no member that it is about has answered.
    Raised,
    /// It stands; a member that it is about has answered.
    Answered,
    /// It stands: an authority found that the records are in conflict with what happened.
    Confirmed,
    /// An authority found a harmless reason.
    Explained,
    /// An authority found no ground for what raised it; it counts against its raiser.
    Dismissed,
    /// A record on which it rests was declared erroneous by a member that it is not about.
    Withdrawn,
}

impl AlarmState {
    /// Whether the alarm stands.
    pub fn stands(self) -> bool {
        matches!(self, Self::Raised | Self::Answered | Self::Confirmed)
    }
}
