//! Mandates as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{Gtin, MspId};
use trade_standards::time::{Date, Period};

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
    pub purposes: Set<Purpose, 1, 5>,
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
    /// Set when one of the two ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<MandateEnd>,
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
    /// The first day on which it permits nothing.
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
        }
    }
}

impl Mandate {
    /// Whether the holder may cause the effect on a thing with this trade item number on this day of ledger time.
    pub fn permits(&self, effect: StepEffect, gtin: Option<&Gtin>, today: Date) -> bool {
        let for_product = self.products.is_unset() || gtin.is_some_and(|gtin| self.products.has(gtin));
        let ended = self.ended.as_ref().is_some_and(|ended| ended.on <= today);
        self.state == MandateState::Accepted
            && !ended
            && for_product
            && self.period.contains(today)
            && self.purposes.iter().any(|purpose| purpose.permits(effect))
    }

    /// The mandate as the owner granted it.
    pub fn as_granted(&self) -> Self {
        Self { state: MandateState::Granted, decided: None, ended: None, ..self.clone() }
    }

    /// The mandate as the holder accepted or refused it.
    pub fn as_decided(&self) -> Self {
        Self { ended: None, ..self.clone() }
    }
}
