//! Invoices, agreements and settlements.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agreement::TOLERANCE_BASIS_POINTS_MAX;
use crate::common::Bounded;

/// Deadlines and bounds of agreements and invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentRules {
    /// How many days a member has to accept an agreement that it was offered. Default: 30.
    pub agreement_answer_days: Bounded<1, 365>,
    /// How many days a buyer has to accept or dispute an invoice. Default: 14.
    pub invoice_answer_days: Bounded<1, 365>,
    /// How many days a seller has, from when it could settle itself (the bank's entry is recorded, the invoice accepted
    /// or its time to answer over), before a buyer that has paid settles by the entry of its own account. Default: 14.
    pub seller_settles_days: Bounded<1, 365>,
    /// How many days a seller has to dispute that. Default: 30.
    pub settlement_dispute_days: Bounded<1, 365>,
    /// How many days a member has to disclose what an authority orders. Default: 14.
    pub disclosure_days: Bounded<1, 365>,
    /// Greatest tolerance that can be agreed, in hundredths of a percent of an invoice. Default: 500.
    pub tolerance_basis_points: Bounded<0, TOLERANCE_BASIS_POINTS_MAX>,
}

impl Default for PaymentRules {
    fn default() -> Self {
        const DEFAULT: PaymentRules = PaymentRules {
            agreement_answer_days: Bounded::of(30),
            invoice_answer_days: Bounded::of(14),
            seller_settles_days: Bounded::of(14),
            settlement_dispute_days: Bounded::of(30),
            disclosure_days: Bounded::of(14),
            tolerance_basis_points: Bounded::of(500),
        };
        DEFAULT
    }
}
