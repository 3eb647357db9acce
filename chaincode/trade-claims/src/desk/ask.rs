//! What a desk is asked, as JSON: one form for a signer's callers and for packages in other languages.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;
use trade_model::common::DocumentedOpening;

use super::{
    context::RecordContext,
    minor::minor_units,
    statement::{MatchWitness, RangeWitness},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProveAsk {
    /// The request, as the gateway takes it in the body.
    pub(super) request: Value,
    /// In any order.
    pub(super) openings: Vec<DocumentedOpening>,
    /// Records of the ledger that the request rests on, as the gateway answers them.
    #[serde(default)]
    pub(super) records: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyAsk {
    /// The request, or the record that the ledger made of it.
    pub(super) request: Value,
    #[serde(default)]
    pub(super) records: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProveRangeAsk {
    pub(super) witness: RangeWitness,
    pub(super) least: Minor,
    pub(super) most: Minor,
    #[serde(default)]
    pub(super) tell: bool,
    pub(super) context: RecordContext,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyRangeAsk {
    pub(super) commitment: String,
    pub(super) proof: String,
    pub(super) least: Minor,
    pub(super) most: Minor,
    pub(super) context: RecordContext,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProveMatchAsk {
    pub(super) witness: MatchWitness,
    pub(super) tolerance: Minor,
    pub(super) context: RecordContext,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyMatchAsk {
    pub(super) invoice: String,
    pub(super) payment: String,
    pub(super) proof: String,
    pub(super) tolerance: Minor,
    pub(super) context: RecordContext,
}

/// The proof holds; one that does not is an error.
#[derive(Serialize)]
pub(super) struct Holds {
    pub(super) holds: bool,
}

/// An amount in minor units, a decimal string below 2^64.
pub(super) struct Minor(pub(super) u64);

impl<'de> Deserialize<'de> for Minor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        minor_units(&text).map(Self).ok_or_else(|| D::Error::custom("must be a decimal string"))
    }
}
