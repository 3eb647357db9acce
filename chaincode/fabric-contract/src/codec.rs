//! How a function's request and response stand on the wire: JSON, except that a `String` is its own bytes and `()` is
//! nothing at all. That is how Fabric's Go, Node and Java libraries treat text and absence.

use std::any::{Any, TypeId};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Failure, Fault};

/// How many arguments follow the function's name for a request of type `T`.
pub(crate) fn argument_count<T: 'static>() -> usize {
    usize::from(TypeId::of::<T>() != TypeId::of::<()>())
}

/// Reads the arguments that follow the function's name.
pub(crate) fn decode<T: DeserializeOwned + 'static>(arguments: &[Vec<u8>]) -> Result<T, Failure> {
    let expected = argument_count::<T>();
    if arguments.len() != expected {
        let detail = format!("expected {expected}, got {}", arguments.len());
        return Err(Failure::new(400, "argument_count", "Wrong number of arguments").with_detail(detail));
    }
    let Some(argument) = arguments.first() else {
        return serde_json::from_str("null").map_err(|error| malformed(&error.to_string()));
    };
    if TypeId::of::<T>() == TypeId::of::<String>() {
        let text = str::from_utf8(argument).map_err(|error| malformed(&error.to_string()))?;
        let text: Box<dyn Any> = Box::new(text.to_owned());
        return text.downcast::<T>().map(|text| *text).map_err(|_| malformed("not a text"));
    }
    serde_json::from_slice(argument).map_err(|error| malformed(&error.to_string()))
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
    fn text_is_raw_and_absence_is_empty() -> Result<(), Failure> {
        assert_eq!(encode(&"a\"b".to_owned())?, b"a\"b");
        assert_eq!(encode(&())?, b"");
        assert_eq!(encode(&vec![1, 2])?, b"[1,2]");
        assert_eq!(decode::<String>(&[b"a\"b".to_vec()])?, "a\"b");
        decode::<()>(&[])?;
        assert_eq!(decode::<Vec<u8>>(&[b"[1,2]".to_vec()])?, [1, 2]);
        Ok(())
    }

    #[test]
    fn count_and_form_of_arguments_are_refused_by_name() {
        let code = |failure: Failure| (failure.status, failure.code);
        assert_eq!(decode::<()>(&[vec![]]).map_err(code), Err((400, "argument_count".to_owned())));
        assert_eq!(decode::<Vec<u8>>(&[]).map_err(code), Err((400, "argument_count".to_owned())));
        assert_eq!(decode::<Vec<u8>>(&[b"{".to_vec()]).map_err(code), Err((400, "argument_malformed".to_owned())));
        assert_eq!(decode::<String>(&[vec![0xff]]).map_err(code), Err((400, "argument_malformed".to_owned())));
    }
}
