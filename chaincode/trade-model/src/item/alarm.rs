//! Alarms: records that contradict one another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::epcis::EventHash;
use trade_standards::identifier::MspId;

use crate::common::{AlarmId, Cursor, Digest256, EventRecordId, Foreign, ItemId, Remark, Stamp};

/// The answer of `item:Alarms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmPage {
    /// Alarms: of one item in the order in which they were raised, of all items in the order of their ids.
    pub alarms: Vec<Alarm>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// Records that contradict one another. An alarm is a finding about records, never a verdict about a person or a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alarm {
    /// Its id, 32 hexadecimal digits.
    pub alarm_id: AlarmId,
    /// Its number among the alarms of its item, in the order in which they were raised, from 1; 0 when what it concerns
    /// has no record of its own.
    pub number: u32,
    /// What conflicts.
    pub kind: AlarmKind,
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
    /// In whose transaction it was raised, and when.
    pub raised: Stamp,
    /// The evidence record written with it.
    pub evidence_sha256: Digest256,
    /// Whether it stands.
    pub state: AlarmState,
    /// Set when a member that it is about took back a record on which it rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Stamp>,
    /// Set when it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closure: Option<AlarmClosure>,
}

/// What conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The same serial number was commissioned a second time.
    SecondCommissioning,
    /// Something taken out of use or destroyed was used again.
    UseAfterEnd,
    /// A member shipped, packed, unpacked, sold or ended what another member holds.
    NotHolder,
    /// Something packed in one unit was packed into, or seen without, another.
    PackingConflict,
    /// Sold twice without a return in between.
    SoldTwice,
    /// A member that does not own it passed the title on.
    TitleConflict,
    /// Two different events of one recorder carry the same event id.
    EventIdReused,
    /// An event that another member had recorded before was recorded again, word for word.
    SameEventByAnother,
    /// A serial number was put into use by a member that is not entitled to: by company prefix, role or licence.
    CommissionerNotEntitled,
    /// Another member recorded a serial number before the member that is entitled to put it into use did so.
    SeenBeforeCommissioning,
}

impl AlarmKind {
    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecondCommissioning => "second_commissioning",
            Self::UseAfterEnd => "use_after_end",
            Self::NotHolder => "not_holder",
            Self::PackingConflict => "packing_conflict",
            Self::SoldTwice => "sold_twice",
            Self::TitleConflict => "title_conflict",
            Self::EventIdReused => "event_id_reused",
            Self::SameEventByAnother => "same_event_by_another",
            Self::CommissionerNotEntitled => "commissioner_not_entitled",
            Self::SeenBeforeCommissioning => "seen_before_commissioning",
        }
    }

    /// Whether what it conflicts with is the record of an event, and not a holder, an owner or a unit.
    pub fn rests_on_an_event(self) -> bool {
        match self {
            Self::SecondCommissioning
            | Self::UseAfterEnd
            | Self::SoldTwice
            | Self::EventIdReused
            | Self::SameEventByAnother => true,
            Self::NotHolder
            | Self::PackingConflict
            | Self::TitleConflict
            | Self::CommissionerNotEntitled
            | Self::SeenBeforeCommissioning => false,
        }
    }

    /// One sentence for everybody: what was found, no verdict.
    pub fn public_text(self) -> &'static str {
        match self {
            Self::SecondCommissioning => "Conflict found: this serial number was put into use more than once.",
            Self::UseAfterEnd => "Conflict found: this code was recorded again after it had been taken out of use.",
            Self::NotHolder => "Conflict found: it was moved by a company that was not recorded as holding it.",
            Self::PackingConflict => {
                "Conflict found: it was recorded in one package and outside of it at the same time."
            }
            Self::SoldTwice => "Conflict found: it was recorded as sold twice without a return in between.",
            Self::TitleConflict => {
                "Conflict found: its ownership was passed on by a company that was not recorded as owner."
            }
            Self::EventIdReused => "Conflict found: two different records carry the same number.",
            Self::SameEventByAnother => "Conflict found: two members recorded the same event as their own.",
            Self::CommissionerNotEntitled => {
                "Conflict found: it was put into use by a member that is not registered as its maker or brand."
            }
            Self::SeenBeforeCommissioning => {
                "Conflict found: it was recorded by another company before it was put into use."
            }
        }
    }
}

/// Whether an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// It stands.
    Open,
    /// It stands; a member that it is about has since declared a record erroneous on which it rests.
    SubjectWithdrew,
    /// It fell with a record on which it rested, declared erroneous by a member that it is not about.
    Withdrawn,
    /// A customs authority that it is not about closed it.
    Closed,
}

impl AlarmState {
    /// Whether the alarm counts: open or answered.
    pub fn stands(self) -> bool {
        matches!(self, Self::Open | Self::SubjectWithdrew)
    }
}

/// That an alarm was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmClosure {
    /// By whom and when.
    pub stamp: Stamp,
    /// What was found.
    pub reason: Remark,
}

impl Alarm {
    /// Whether the alarm puts the conduct of this member in question, so that it cannot settle it: the recorder of
    /// the conflicting event; both recorders of one event; and where a maker found its goods recorded by another, that
    /// one.
    pub fn is_about(&self, msp_id: &MspId) -> bool {
        let other = self.other_party.as_ref() == Some(msp_id);
        match self.kind {
            AlarmKind::SeenBeforeCommissioning => other,
            AlarmKind::SameEventByAnother => other || self.recorded_by == *msp_id,
            _ => self.recorded_by == *msp_id,
        }
    }
}
