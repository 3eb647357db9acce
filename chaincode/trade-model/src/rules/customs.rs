//! What one officer of a customs authority can do alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::common::Bounded;

/// What one officer of a customs authority can do alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CustomsRules {
    /// How many days a hold lasts behind which one officer stands; a second one can confirm it. Default: 10, as
    /// Regulation (EU) 608/2013, Article 23, gives.
    pub hold_days_alone: Bounded<1, 30>,
}

impl Default for CustomsRules {
    fn default() -> Self {
        const DEFAULT: CustomsRules = CustomsRules { hold_days_alone: Bounded::of(10) };
        DEFAULT
    }
}
