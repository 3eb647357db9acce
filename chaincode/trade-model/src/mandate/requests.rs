//! What can be asked of the contract `mandate`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{Gtin, MspId};
use trade_standards::time::{Date, Period};

use super::{MANDATE_PRODUCTS_MAX, Mandate, MandateRef, Purpose};
use crate::common::{Attested, MandateId, Remark, Role, Set};
use crate::transaction::transactions;

/// `mandate:GrantMandate` (submit): an owner lets another member act on the goods that it holds of the owner's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantMandate {
    /// The caller's own id of it: 1 to 64 letters, digits, dots, dashes, underscores.
    pub mandate_id: MandateId,
    /// Who may act.
    pub holder: MspId,
    /// For what, at least one.
    pub purposes: Set<Purpose, 1, 6>,
    /// For which trade items (GTIN); empty means all that the caller owns and the holder holds.
    #[serde(default)]
    pub products: Set<Gtin, 0, MANDATE_PRODUCTS_MAX>,
    /// When, by ledger time.
    pub period: Period,
}

/// `mandate:AcceptMandate` (submit): the holder takes it; from now on it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptMandate {
    /// The mandate.
    pub mandate_id: MandateRef,
}

/// `mandate:RefuseMandate` (submit): the holder does not take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseMandate {
    /// The mandate.
    pub mandate_id: MandateRef,
}

/// `mandate:EndMandate` (submit): the owner ends it, again if it was for a later day, or the holder gives it up at
/// once. What was done under it before stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndMandate {
    /// The mandate.
    pub mandate_id: MandateRef,
    /// The first day on which it permits nothing: the day of the transaction, or a later one when the owner ends it.
    pub on: Date,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// Asks `mandate:ReadMandate` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadMandate {
    /// The mandate.
    pub mandate_id: MandateRef,
}

transactions! {
    submit(Registrar) "mandate:GrantMandate" by Role::TRADERS, GrantMandate => Mandate;
    submit(Registrar) "mandate:AcceptMandate" by Role::TRADERS,
        AcceptMandate, seen by ReadMandate { mandate_id } => Mandate;
    submit(Registrar) "mandate:RefuseMandate" by Role::TRADERS,
        RefuseMandate, seen by ReadMandate { mandate_id } => Mandate;
    submit(Registrar) "mandate:EndMandate" by Role::TRADERS, EndMandate, seen by ReadMandate { mandate_id } => Mandate;
    evaluate "mandate:ReadMandate", ReadMandate => Attested<Mandate>;
}
