//! A mapping as it is written down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Conversion;

/// Most fields of a mapping.
pub const FIELDS_MAX: usize = 200;

/// Most characters of the name of a field or column.
pub(crate) const NAME_MAX: usize = 1_000;

/// Most steps of what is done to a cell.
pub(crate) const STEPS_MAX: usize = 10;

/// What becomes of each row of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{
    "target": "POST /v1/serial-ranges",
    "fields": [
        {"field": "gtin", "column": "GTIN", "convert": [{"kind": "gtin"}]},
        {"field": "/range/from", "column": "First serial"},
        {"field": "/range/to", "column": "Last serial"},
    ],
}]))]
pub struct Mapping {
    /// The request that each row becomes: method and path of its route, or the route's operation id.
    #[schemars(length(min = 1, max = 1000), example = &"POST /v1/evidence")]
    pub target: String,
    /// Whether each row waits for the one before. Default: several are worked on at once.
    #[serde(default)]
    pub in_order: bool,
    /// How each field of the request is filled, 1 to 200.
    #[schemars(length(min = 1, max = 200))]
    pub fields: Vec<FieldMapping>,
}

/// How one field is filled: by a column or by a constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldMapping {
    /// The field: its name, or its place as a JSON pointer such as `/subjects/0/item`.
    #[schemars(length(min = 1, max = 1000), example = &"media_type")]
    pub field: String,
    /// The name of the column. Case and blanks are forgiven, unless two columns could be meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1000), example = &"Media type")]
    pub column: Option<String>,
    /// The same value in each row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<Value>,
    /// Whether an empty cell, or a column that is not there, leaves the field out. Default: it is a fault.
    #[serde(default)]
    pub optional: bool,
    /// What is done to the cell, step by step. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub convert: Vec<Conversion>,
}

/// What is wrong with a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{place}: {detail}")]
pub struct MappingFault {
    /// Where in the mapping, as a JSON pointer.
    pub place: String,
    /// The stable code.
    pub code: String,
    /// What is wrong.
    pub detail: String,
}

impl MappingFault {
    pub(crate) fn new(place: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self { place: place.into(), code: format!("mapping.{code}"), detail: detail.into() }
    }
}
