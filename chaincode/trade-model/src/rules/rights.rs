//! How long owners, opponents and the members to which rights are offered have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::common::Bounded;

/// How long owners, opponents and the members to which rights are offered have, in days of ledger time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RightsRules {
    /// How long an offer of a right can be accepted. Default: 30.
    pub offer_days: Bounded<1, 365>,
    /// How long an owner has to answer an opposition before it can be decided without its answer. Default: 30.
    pub answer_days: Bounded<7, 180>,
    /// After how long an opposition that nobody decided lapses, so that silence blocks no right for ever. Default: 180.
    pub opposition_days: Bounded<30, 730>,
    /// How long after its end a right can be renewed. Default: 183, six months (Paris Convention, article 5bis).
    pub renewal_days: Bounded<0, 365>,
}

impl Default for RightsRules {
    fn default() -> Self {
        const DEFAULT: RightsRules = RightsRules {
            offer_days: Bounded::of(30),
            answer_days: Bounded::of(30),
            opposition_days: Bounded::of(180),
            renewal_days: Bounded::of(183),
        };
        DEFAULT
    }
}
