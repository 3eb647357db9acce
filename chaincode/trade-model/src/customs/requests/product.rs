//! What a maker can state about its trade items.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::Gtin;

use crate::common::{Attested, Role, TariffCode};
use crate::customs::ProductClassification;
use crate::transaction::transactions;

/// `customs:ClassifyProduct` (submit): the member whose company prefix a trade item has states its HS code.
/// Declarations are compared with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassifyProduct {
    /// The trade item: a GTIN of 14 digits.
    pub gtin: Gtin,
    /// HS code: 6, 8 or 10 digits.
    pub hs_code: TariffCode,
}

/// Asks `customs:ReadClassification` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadClassification {
    /// The trade item: a GTIN of 14 digits.
    pub gtin: Gtin,
}

transactions! {
    submit(Registrar) "customs:ClassifyProduct" by &[Role::Brand, Role::Maker], ClassifyProduct => ProductClassification;
    evaluate "customs:ReadClassification", ReadClassification => Attested<ProductClassification>;
}
