//! Holds: an authority keeps goods where they are, and may seize them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::UtcTime;

use crate::common::{DeclarationId, HoldId, ItemId, Person, Remark, Scoped, Set, Stamp};
use crate::customs::DECLARATION_ITEMS_MAX;

/// A hold of an authority on things and all that they contained when it was placed: the answer of `customs:Hold`,
/// `customs:LiftHold`, `customs:Seize`, `customs:ApproveHold` and `customs:ReadHold`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// Its id: that of the transaction that placed it.
    pub hold_id: HoldId,
    /// The authority.
    pub authority: MspId,
    /// The country for which it is the authority.
    pub country: CountryCode,
    /// The things that are held.
    pub items: Set<ItemId, 1, DECLARATION_ITEMS_MAX>,
    /// How many things that are, with all that they contained.
    pub things: u32,
    /// The declaration whose interception placed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration_id: Option<Scoped<DeclarationId>>,
    /// When it ends by itself; absent when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcTime>,
    /// Where it stands.
    pub state: HoldState,
    /// What was done, oldest first; only the last step can wait for a second person.
    pub steps: Vec<HoldStep>,
}

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// It waits for a second person and binds nobody: an earlier hold of the same authority was on the same thing.
    Proposed,
    /// It binds, until its end if it has one.
    Held,
    /// The authority has taken custody.
    Seized,
    /// It binds no longer.
    Lifted,
}

/// One step in the life of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldStep {
    /// What is done.
    pub step: HoldStepKind,
    /// Why.
    pub reason: Remark,
    /// Who did or proposed it when.
    pub done: Stamp,
    /// The person that did or proposed it.
    pub person: Person,
    /// Whether it takes a second person.
    pub takes_two: bool,
    /// The second person's approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Stamp>,
    /// The second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Person>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStepKind {
    /// Places the hold.
    Place,
    /// Makes a hold that would end by itself stand until it is lifted.
    Confirm,
    /// Takes the things into the authority's custody.
    Seize,
    /// Ends the hold, and gives seized things back to those that held them.
    Lift,
}

impl Hold {
    /// Whether it binds at a moment of ledger time.
    #[must_use]
    pub fn binds(&self, at: UtcTime) -> bool {
        let in_time = self.until.is_none_or(|until| at <= until);
        match self.state {
            HoldState::Held => in_time,
            HoldState::Seized => true,
            HoldState::Proposed | HoldState::Lifted => false,
        }
    }

    /// Whether it ends by nothing but being lifted.
    #[must_use]
    pub fn stands_until_lifted(&self) -> bool {
        self.state == HoldState::Seized || self.until.is_none()
    }

    /// Who changed the hold last, and when.
    #[must_use]
    pub fn last_changed(&self) -> Option<&Stamp> {
        let last = self.steps.last()?;
        Some(last.approved.as_ref().unwrap_or(&last.done))
    }

    /// The step that waits for a second person.
    #[must_use]
    pub fn waiting(&self) -> Option<&HoldStep> {
        self.steps.last().filter(|step| step.takes_two && step.approved.is_none())
    }
}
