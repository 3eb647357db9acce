//! How a function's request and response stand on the wire: JSON, except that a `String` is its own bytes and `()` is
//! nothing at all. That is how Fabric's Go, Node and Java libraries treat text and absence.

use std::any::{Any, TypeId};

use serde::{Serialize, de::DeserializeOwned};
use serde_path_to_error::{Path, Segment};

use crate::objects::Objects;
use crate::{Failure, Fault};

/// Why a request's argument is not of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentError {
    /// Where: a JSON pointer (RFC 6901) into the argument; empty when the argument as a whole is to blame.
    pub pointer: String,
    /// What the type's `Deserialize` said, without the place in the text.
    pub message: String,
}

/// What a caller is told about an argument that is not of its type, unless the router has words of its own.
pub(crate) fn explain(error: &ArgumentError) -> Failure {
    malformed(&error.message).with_field(error.pointer.clone(), error.message.clone())
}

/// Why a function was not reached, or what it refused.
#[derive(Debug)]
pub(crate) enum CallError {
    Argument(ArgumentError),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for CallError {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}

/// How many arguments follow the function's name for a request of type `T`.
pub(crate) fn argument_count<T: 'static>() -> usize {
    usize::from(TypeId::of::<T>() != TypeId::of::<()>())
}

/// Reads the arguments that follow the function's name.
pub(crate) fn decode<T: DeserializeOwned + 'static>(arguments: &[Vec<u8>]) -> Result<T, CallError> {
    let expected = argument_count::<T>();
    if arguments.len() != expected {
        let detail = format!("expected {expected}, got {}", arguments.len());
        return Err(Failure::new(400, "argument_count", "Wrong number of arguments").with_detail(detail).into());
    }
    let Some(argument) = arguments.first() else {
        return serde_json::from_str("null").map_err(|error| malformed(&error.to_string()).into());
    };
    if TypeId::of::<T>() == TypeId::of::<String>() {
        let text = str::from_utf8(argument).map_err(|error| malformed(&error.to_string()))?;
        let text: Box<dyn Any> = Box::new(text.to_owned());
        return text.downcast::<T>().map(|text| *text).map_err(|_| malformed("not a text").into());
    }
    from_json(argument).map_err(CallError::Argument)
}

/// Reads a value from JSON and says where it is to blame.
///
/// # Errors
/// [`ArgumentError`] with the place as a JSON pointer.
pub fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, ArgumentError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(Objects(&mut reader)).map_err(|error| {
        let pointer = pointer(error.path());
        ArgumentError { pointer, message: without_place(error.inner()) }
    })?;
    // Something after the value is no part of any field.
    let whole = |error: serde_json::Error| ArgumentError { pointer: String::new(), message: error.to_string() };
    reader.end().map_err(whole)?;
    Ok(value)
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The message of an error in a value without the line and column that `serde_json` adds: the pointer says where. Text
/// that is no JSON keeps them, as nothing else says where.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => text.strip_suffix(&place).unwrap_or(&text).to_owned(),
        _ => text,
    }
}

/// Writes a response.
pub(crate) fn encode<T: Serialize + 'static>(response: &T) -> Result<Vec<u8>, Fault> {
    let response_any: &dyn Any = response;
    if response_any.is::<()>() {
        return Ok(Vec::new());
    }
    if let Some(text) = response_any.downcast_ref::<String>() {
        return Ok(text.as_bytes().to_vec());
    }
    serde_json::to_vec(response).map_err(|_| Fault::Unserialisable { what: "the response" })
}

fn malformed(detail: &str) -> Failure {
    Failure::new(400, "argument_malformed", "The argument cannot be read").with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_raw_and_absence_is_empty() -> Result<(), Box<dyn std::error::Error>> {
        assert_eq!(encode(&"a\"b".to_owned())?, b"a\"b");
        assert_eq!(encode(&())?, b"");
        assert_eq!(encode(&vec![1, 2])?, b"[1,2]");
        assert_eq!(decode::<String>(&[b"a\"b".to_vec()]).ok().as_deref(), Some("a\"b"));
        assert!(decode::<()>(&[]).is_ok());
        assert_eq!(decode::<Vec<u8>>(&[b"[1,2]".to_vec()]).ok(), Some(vec![1, 2]));
        Ok(())
    }

    fn code(error: CallError) -> (u16, String) {
        match error {
            CallError::Argument(error) => code(CallError::Failed(explain(&error))),
            CallError::Failed(failure) => (failure.status, failure.code),
        }
    }

    #[test]
    fn count_and_form_of_arguments_are_refused_by_name() {
        assert_eq!(decode::<()>(&[vec![]]).map_err(code), Err((400, "argument_count".to_owned())));
        assert_eq!(decode::<Vec<u8>>(&[]).map_err(code), Err((400, "argument_count".to_owned())));
        assert_eq!(decode::<Vec<u8>>(&[b"{".to_vec()]).map_err(code), Err((400, "argument_malformed".to_owned())));
        assert_eq!(decode::<String>(&[vec![0xff]]).map_err(code), Err((400, "argument_malformed".to_owned())));
    }

    #[test]
    fn a_wrong_value_is_found_in_lists_and_objects() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code, reason = "only its form matters")]
        struct Basket {
            apples: Vec<Apple>,
            label: Option<String>,
        }
        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code, reason = "only its form matters")]
        struct Apple {
            grams: u32,
        }
        let pointer = |text: &str| from_json::<Basket>(text.as_bytes()).map_err(|error| error.pointer).err();
        for (text, place) in [
            (r#"{"apples":[{"grams":1},{"grams":"2"}]}"#, "/apples/1/grams"),
            (r#"{"apples":[{"grams":1},{}]}"#, "/apples/1"),
            // The fields of a struct in order, without their names.
            (r#"{"apples":[[1]]}"#, "/apples/0"),
            (r#"[[],null]"#, ""),
            (r#"{"apples":[],"label":3}"#, "/label"),
            (r#"{"apples":[],"pear/s":3}"#, "/pear~1s"),
            (r#"{"#, ""),
            (r#"{"apples":[]} x"#, ""),
        ] {
            assert_eq!(pointer(text).as_deref(), Some(place), "{text}");
        }
        let message = from_json::<Basket>(br#"{"apples":[{"grams":true}]}"#).map_err(|error| error.message).err();
        assert_eq!(message.as_deref(), Some("invalid type: boolean `true`, expected u32"));
    }
}
