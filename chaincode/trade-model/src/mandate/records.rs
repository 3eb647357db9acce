//! Mandates as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{Gtin, MspId};
use trade_standards::time::{Date, Period, UtcTime};

use super::{MANDATE_PRODUCTS_MAX, MandateName};
use crate::common::{Remark, Set, Stamp};
use crate::item::StepEffect;

/// A mandate: the answer of all transactions of the contract `mandate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mandate {
    /// Its name.
    pub mandate_id: MandateName,
    /// Whose goods they are.
    pub owner: MspId,
    /// Who may act on them while it holds them.
    pub holder: MspId,
    /// For what, sorted.
    pub purposes: Set<Purpose, 1, 6>,
    /// For which trade items (GTIN), sorted; empty means all that the owner owns and the holder holds.
    pub products: Set<Gtin, 0, MANDATE_PRODUCTS_MAX>,
    /// When, by ledger time.
    pub period: Period,
    /// Where it stands.
    pub state: MandateState,
    /// Who granted it when.
    pub granted: Stamp,
    /// Who accepted or refused it when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Stamp>,
    /// Set when the owner ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<MandateEnd>,
    /// Set when the holder gave it up, which it does at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<MandateEnd>,
}

/// For what a holder may act on the owner's goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Sell them to consumers from its own stock.
    Consignment,
    /// Sell and repack them on the owner's orders.
    Fulfilment,
    /// Repair them.
    Repair,
    /// Repack and relabel them.
    Repack,
    /// Take them out of use.
    End,
    /// Carry them, and hold them at the border for the owner that declares them.
    Carriage,
}

/// Where a mandate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MandateState {
    /// Waiting for the holder; it permits nothing.
    Granted,
    /// Both have signed.
    Accepted,
    /// The holder does not take it.
    Refused,
}

/// That a mandate was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MandateEnd {
    /// By whom and when.
    pub stamp: Stamp,
    /// The first day on which it permits nothing; for a holder that gives it up, the day on which it did.
    pub on: Date,
    /// Why.
    pub reason: Remark,
}

impl Purpose {
    /// Whether it is a mandate for this effect of an event.
    pub fn permits(self, effect: StepEffect) -> bool {
        match self {
            Self::Consignment => effect == StepEffect::Sell,
            Self::Fulfilment => matches!(effect, StepEffect::Sell | StepEffect::Repack),
            Self::Repair => effect == StepEffect::Repair,
            Self::Repack => effect == StepEffect::Repack,
            Self::End => effect == StepEffect::End,
            // A holder moves what it holds without a mandate.
            Self::Carriage => false,
        }
    }
}

impl Mandate {
    /// Whether the holder may cause the effect on a thing with this trade item number on this day of ledger time.
    pub fn permits(&self, effect: StepEffect, gtin: Option<&Gtin>, today: Date) -> bool {
        self.is_for(gtin) && self.is_in_force(today) && self.purposes.iter().any(|purpose| purpose.permits(effect))
    }

    /// Whether it is about things with this trade item number.
    pub fn is_for(&self, gtin: Option<&Gtin>) -> bool {
        self.products.is_unset() || gtin.is_some_and(|gtin| self.products.has(gtin))
    }

    /// Whether it is in force on this day of ledger time, for whatever purpose and thing.
    pub fn is_in_force(&self, today: Date) -> bool {
        self.state == MandateState::Accepted && !self.is_over(today) && self.period.contains(today)
    }

    /// What it was at a moment of ledger time after its acceptance: without the ends that came later.
    pub fn as_of(&self, at: UtcTime) -> Self {
        let by_then = |end: &Option<MandateEnd>| end.clone().filter(|end| end.stamp.at <= at);
        Self { ended: by_then(&self.ended), given_up: by_then(&self.given_up), ..self.clone() }
    }

    /// Whether it permits nothing from this day on, whatever comes: refused, ended by one of the two, or past its time.
    pub fn is_over(&self, today: Date) -> bool {
        let ends = [&self.ended, &self.given_up];
        self.state == MandateState::Refused
            || ends.into_iter().flatten().any(|end| end.on <= today)
            || self.period.until.is_some_and(|last| last < today)
    }

    /// The mandate after each that was said of it, oldest first, with who said it when.
    pub fn said(&self) -> Vec<(Self, &Stamp)> {
        let before_given_up = Self { given_up: None, ..self.clone() };
        let decided = Self { ended: None, ..before_given_up.clone() };
        let granted = Self { state: MandateState::Granted, decided: None, ..decided.clone() };
        let later = [
            (decided, self.decided.as_ref()),
            (before_given_up, self.ended.as_ref().map(|end| &end.stamp)),
            (self.clone(), self.given_up.as_ref().map(|end| &end.stamp)),
        ];
        let later = later.into_iter().filter_map(|(statement, stamp)| Some((statement, stamp?)));
        std::iter::once((granted, &self.granted)).chain(later).collect()
    }

    /// The members without whose word it would not be what it is.
    pub fn signers(&self) -> Vec<&MspId> {
        match (self.state, &self.given_up) {
            (MandateState::Granted, None) => vec![&self.owner],
            _ => vec![&self.owner, &self.holder],
        }
    }
}
