//! Reads foreign JSON strictly: bounded depth, no repeated names, no trailing text.
//!
//! It knows nothing of schemas; a value that passes here is well-formed, not yet acceptable.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why a body is not acceptable JSON. The texts name positions, never content.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonError {
    /// Nested deeper than allowed.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// Not JSON, or a name occurs twice in one object.
    #[error("{reason} at line {line}, column {column}")]
    Malformed {
        /// What is wrong.
        reason: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

/// Parses one JSON value of at most `depth_max` nested arrays and objects.
///
/// # Errors
/// The bytes are not one JSON value, nest too deeply, or repeat a name within an object.
pub(crate) fn parse(bytes: &[u8], depth_max: usize) -> Result<Value, JsonError> {
    if nesting(bytes) > depth_max {
        return Err(JsonError::TooDeep(depth_max));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Strict
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| describe(&error))
}

/// The texts of serde_json may quote the body, so only their kind and position are passed on.
fn describe(error: &serde_json::Error) -> JsonError {
    let reason = match error.classify() {
        serde_json::error::Category::Data => "a name occurs twice in one object",
        serde_json::error::Category::Eof => "unexpected end of JSON",
        _ => "not valid JSON",
    };
    JsonError::Malformed { reason, line: error.line(), column: error.column() }
}

/// The deepest bracket nesting outside strings, counted before anything is built.
fn nesting(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Strict)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("repeated name"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_json_is_read_as_serde_json_reads_it() -> Result<(), Box<dyn std::error::Error>> {
        let text = r#"{"a":[1,-2,2.5,"x\"[",null,true],"b":{"c":{}}}"#;
        assert_eq!(parse(text.as_bytes(), 3)?, serde_json::from_str::<Value>(text)?);
        Ok(())
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        let deep = "[".repeat(200_000);
        assert_eq!(parse(deep.as_bytes(), 64), Err(JsonError::TooDeep(64)));
        assert!(parse(br#"{"a":[[1]]}"#, 2).is_err());
        assert!(parse(br#""[[[[[[""#, 2).is_ok());
    }

    #[test]
    fn repeated_names_trailing_text_and_huge_numbers_are_refused() {
        for (text, reason) in [
            (r#"{"a":1,"a":2}"#, "occurs twice"),
            (r#"{"a":1} x"#, "not valid"),
            (r#"{"a":1e400}"#, "not valid"),
            (r#"{"a":"#, "unexpected end"),
            ("\u{0}", "not valid"),
            ("", "unexpected end"),
        ] {
            let error = parse(text.as_bytes(), 8).expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn refusals_do_not_quote_the_body() {
        let error = parse(br#"{"price":canary}"#, 8).expect_err("not JSON").to_string();
        assert!(!error.contains("canary"), "{error}");
    }
}
