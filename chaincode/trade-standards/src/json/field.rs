//! A JSON value as a field of a request or a record.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use super::value::Json;

/// Deepest nesting that is read from a field of a request or a record. A document's own bound is lower, see
/// [`Limits`](crate::epcis::Limits); this one only keeps the reader from recursing as deep as anybody cares to write.
const FIELD_DEPTH_MAX: usize = 64;

/// As a field, in `serde_json` only: the text itself, so that no number passes through binary floating point.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(text.get(), FIELD_DEPTH_MAX).map_err(de::Error::custom)
    }
}

impl JsonSchema for Json {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Json".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}
