//! *Attributes*: names and values that Fabric CA writes into a certificate, in an X.509 extension of its own.
//!
//! The extension holds JSON, `{"attrs":{"hf.Type":"client","entrepot.duties":"clerk"}}`. Fabric's Go library `cid`
//! reads it with a forgiving reader: of two attributes of one name it takes the last, and `ATTRS` for `attrs`. Who may
//! do what hangs on these values, so nothing is read here that another reader could read otherwise: it is refused by
//! name. What Fabric CA writes is read alike by both.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor},
};

/// The object identifier of the extension.
pub const ATTRIBUTES_OID: &str = "1.2.3.4.5.6.7.8.1";
/// The longest extension that is read or written, in bytes (16 KiB).
pub const ATTRIBUTES_BYTES_MAX: usize = 16 * 1024;
/// The most attributes that one certificate has.
pub const ATTRIBUTES_MAX: usize = 256;

/// Why attributes cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributesError {
    /// More than [`ATTRIBUTES_BYTES_MAX`] bytes.
    #[error("the attributes take {0} bytes, more than {ATTRIBUTES_BYTES_MAX}")]
    TooLong(usize),
    /// Not `{"attrs":{…}}` with a text for each name, once, and nothing else; or too many of them.
    #[error("the attributes are not {{\"attrs\":{{\"name\":\"value\"}}}}: {0}")]
    Malformed(String),
}

/// Reads the contents of the extension.
///
/// # Errors
/// [`AttributesError`] with the place of what is not understood.
pub fn read(json: &[u8]) -> Result<BTreeMap<String, String>, AttributesError> {
    check_length(json)?;
    let attributes: Attributes =
        serde_json::from_slice(json).map_err(|error| AttributesError::Malformed(error.to_string()))?;
    Ok(attributes.attrs.0)
}

/// Writes the contents of the extension: names in their order, as Fabric CA does.
///
/// # Errors
/// [`AttributesError`] for more than [`read`] would take.
pub fn write(attributes: &BTreeMap<String, String>) -> Result<Vec<u8>, AttributesError> {
    let written = Attributes { attrs: Values(attributes.clone()) };
    let json = serde_json::to_vec(&written).map_err(|error| AttributesError::Malformed(error.to_string()))?;
    read(&json).map(|_| json)
}

fn check_length(json: &[u8]) -> Result<(), AttributesError> {
    if json.len() > ATTRIBUTES_BYTES_MAX { Err(AttributesError::TooLong(json.len())) } else { Ok(()) }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attributes {
    attrs: Values,
}

/// Values by name, each name once.
#[derive(Serialize)]
struct Values(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EachOnce;
        impl<'de> Visitor<'de> for EachOnce {
            type Value = Values;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Values, A::Error> {
                let mut values = BTreeMap::new();
                while let Some((name, value)) = entries.next_entry::<String, String>()? {
                    if values.len() == ATTRIBUTES_MAX {
                        return Err(A::Error::custom(format_args!("more than {ATTRIBUTES_MAX} attributes")));
                    }
                    if values.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("{name:?} stands twice")));
                    }
                    values.insert(name, value);
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_map(EachOnce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Fabric CA writes it for an enrolment with one attribute of its own.
    const OF_FABRIC_CA: &[u8] =
        br#"{"attrs":{"desk":"7","hf.Affiliation":"org1.department1","hf.EnrollmentID":"anna","hf.Type":"client"}}"#;

    #[test]
    fn what_fabric_ca_writes_is_read_and_written_byte_for_byte() -> Result<(), AttributesError> {
        let attributes = read(OF_FABRIC_CA)?;
        assert_eq!(attributes["hf.EnrollmentID"], "anna");
        assert_eq!(attributes.len(), 4);
        assert_eq!(write(&attributes)?, OF_FABRIC_CA);
        assert_eq!(write(&BTreeMap::new())?, br#"{"attrs":{}}"#);
        Ok(())
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for json in [
            r#"{"attrs":{"a":"1","a":"2"}}"#,
            r#"{"attrs":{"a":"1"},"attrs":{"a":"2"}}"#,
            r#"{"ATTRS":{"a":"1"}}"#,
            r#"{"attrs":{"a":"1"},"more":1}"#,
            r#"{"attrs":{"a":1}}"#,
            r#"{"attrs":{"a":null}}"#,
            r#"{"attrs":[["a","1"]]}"#,
            r#"{"attrs":null}"#,
            r"{}",
            "",
            r#"{"attrs":{"a":"1"}} x"#,
            "\u{feff}{\"attrs\":{}}",
        ] {
            assert!(matches!(read(json.as_bytes()), Err(AttributesError::Malformed(_))), "{json}");
        }
        assert!(matches!(read(b"{\"attrs\":{\"a\":\"\xff\"}}"), Err(AttributesError::Malformed(_))));
    }

    #[test]
    fn attributes_are_bounded_in_number_and_length() {
        let many = |count: usize| (0..count).map(|number| (number.to_string(), String::new())).collect();
        assert!(write(&many(ATTRIBUTES_MAX)).is_ok());
        assert!(matches!(write(&many(ATTRIBUTES_MAX + 1)), Err(AttributesError::Malformed(_))));
        let long = BTreeMap::from([("a".to_owned(), "x".repeat(ATTRIBUTES_BYTES_MAX))]);
        assert!(matches!(write(&long), Err(AttributesError::TooLong(_))));
    }
}
