//! Reads foreign JSON strictly: bounded depth, no repeated names, no trailing text. The reader is that of EPCIS
//! documents; here its values become those that requests are checked as.
//!
//! It knows nothing of schemas; a value that passes here is well-formed, not yet acceptable.

use serde_json::Value;
use trade_standards::json::{Json, JsonError as Fault, JsonLimits, line_and_column};

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
        /// Column in bytes, from 1.
        column: usize,
    },
    /// A number that no 64 bits hold, neither as an integer nor in floating point.
    #[error("a number is out of range")]
    Number,
}

/// Parses one JSON value of at most `depth_max` nested arrays and objects. The bytes are few enough already.
///
/// # Errors
/// The bytes are not one JSON value, nest too deeply, hold too many values, or repeat a name within an object.
pub(crate) fn parse(bytes: &[u8], depth_max: usize) -> Result<Value, JsonError> {
    let limits = JsonLimits { bytes_max: bytes.len(), depth_max, ..JsonLimits::default() };
    value(Json::read(bytes, &limits).map_err(|fault| malformed(bytes, &fault))?)
}

fn malformed(bytes: &[u8], fault: &Fault) -> JsonError {
    if let Fault::TooDeep { max, .. } = *fault {
        return JsonError::TooDeep(max);
    }
    let (line, column) = line_and_column(bytes, fault.position().unwrap_or(bytes.len()));
    JsonError::Malformed { reason: fault.reason(), line, column }
}

fn value(json: Json) -> Result<Value, JsonError> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(text) => Value::Number(text.parse().map_err(|_| JsonError::Number)?),
        Json::Text(text) => Value::String(text),
        Json::Array(elements) => Value::Array(elements.into_iter().map(value).collect::<Result<_, _>>()?),
        Json::Object(members) => {
            let members = members.into_iter().map(|(name, member)| Ok((name, value(member)?)));
            Value::Object(members.collect::<Result<_, JsonError>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_json_is_read_as_serde_json_reads_it() -> Result<(), Box<dyn std::error::Error>> {
        let text = r#"{"a":[1,-2,2.5,-0,18446744073709551615,1e3,"x\"[\u00e9",null,true],"b":{"c":{}}}"#;
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
            (r#"{"a":1,"a":2}"#, "a name stands twice in one object at line 1, column 11"),
            ("{\n \"a\":1} x", "something follows the value at line 2, column 9"),
            (r#"{"a":1e400}"#, "a number is out of range"),
            (r#"{"a":"#, "the text ends where a value should stand at line 1, column 6"),
            ("\u{0}", "no value starts like this at line 1, column 1"),
            ("", "the text ends where a value should stand at line 1, column 1"),
        ] {
            assert_eq!(parse(text.as_bytes(), 8).expect_err(text).to_string(), reason, "{text}");
        }
        let foreign = parse(b"\"\xff\"", 8).expect_err("not UTF-8").to_string();
        assert_eq!(foreign, "not UTF-8 at line 1, column 2");
    }

    #[test]
    fn refusals_do_not_quote_the_body() {
        let error = parse(br#"{"price":canary}"#, 8).expect_err("not JSON").to_string();
        assert!(!error.contains("canary"), "{error}");
    }
}
