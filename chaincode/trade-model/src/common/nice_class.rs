//! Classes of goods and services.

use super::Malformed;

/// A class of the Nice Classification of goods and services, 1 to 45.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct NiceClass(u8);

impl TryFrom<u8> for NiceClass {
    type Error = Malformed;

    fn try_from(class: u8) -> Result<Self, Self::Error> {
        if (1..=45).contains(&class) {
            return Ok(Self(class));
        }
        Err(Malformed::new("rights.nice_class_invalid", "must be a Nice class from 1 to 45"))
    }
}

impl From<NiceClass> for u8 {
    fn from(class: NiceClass) -> u8 {
        class.0
    }
}

impl schemars::JsonSchema for NiceClass {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NiceClass".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 45 })
    }
}
