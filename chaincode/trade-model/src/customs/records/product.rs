//! What a maker states about its trade items.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::Gtin;

use crate::common::{Stamp, TariffCode};

/// The HS code of a trade item as its maker states it: the answer of `customs:ClassifyProduct` and
/// `customs:ReadClassification`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductClassification {
    /// The trade item.
    pub gtin: Gtin,
    /// Its HS code.
    pub hs_code: TariffCode,
    /// Who stated it when.
    pub stated: Stamp,
}
