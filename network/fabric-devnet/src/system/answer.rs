//! Answers of system chaincodes.

use fabric_protos::protos::Response;

pub(super) fn success(payload: Vec<u8>) -> Response {
    Response { status: 200, message: String::new(), payload }
}

pub(super) fn error(message: String) -> Response {
    Response { status: 500, message, payload: Vec::new() }
}

/// An argument as text, short enough to stand in a message.
pub(super) fn shown(argument: &[u8]) -> String {
    String::from_utf8_lossy(argument).chars().take(200).collect()
}
