//! What one table holds, in words for whatever is no contract.

use serde::Serialize;
use serde_json::Value;

/// What one table holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableInfo {
    /// The type name of its composite keys.
    pub name: &'static str,
    /// What each part of a key is, in order.
    pub key: Vec<&'static str>,
    /// Whether its values stand in private collections only.
    pub private: bool,
    /// Whether its records speak for organizations and bear authorship digests.
    pub authored: bool,
    /// The JSON Schema of a value.
    pub value: Value,
}
