//! What can contradict: the kinds of alarms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The same serial number was commissioned a second time, by a member that is entitled to.
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
    /// It was moved, unpacked, sold or ended while an authority held it.
    MovedWhileHeld,
    /// A serial number lies outside of the ranges that its maker issued.
    OutsideOfRanges,
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
            Self::MovedWhileHeld => "moved_while_held",
            Self::OutsideOfRanges => "outside_of_ranges",
        }
    }

    /// Whether what it conflicts with is the record of an event, and not a holder, an owner, a unit or a decision.
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
            | Self::SeenBeforeCommissioning
            | Self::MovedWhileHeld
            | Self::OutsideOfRanges => false,
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
            Self::MovedWhileHeld => "Conflict found: it was moved while an authority held it.",
            Self::OutsideOfRanges => "Conflict found: its maker has issued no such serial number.",
        }
    }
}
