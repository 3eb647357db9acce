//! Answers over HTTP in the forms of Go's `net/http`, which Fabric's own answers have.

use http_body_util::Full;
use serde::Serialize;
use tonic::{
    body::Body,
    codegen::{Body as _, Bytes, http},
};

use http::{HeaderName, HeaderValue, Response, StatusCode, header};

/// The media type of almost all answers.
pub(crate) const JSON: &str = "application/json";

/// Content as JSON with an end of line, as Go's encoder writes it.
pub(crate) fn json(status: StatusCode, content: &impl Serialize) -> Response<Body> {
    // Texts and numbers always have a form in JSON.
    let text = serde_json::to_string(content).unwrap_or_default() + "\n";
    with_body(status, JSON, text.into_bytes())
}

/// Bytes of a media type.
pub(crate) fn with_body(status: StatusCode, media_type: &'static str, bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::new(Full::new(Bytes::from(bytes))));
    *response.status_mut() = status;
    with_header(response, header::CONTENT_TYPE, media_type)
}

/// A status and nothing else.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The answer to a path that means nothing.
pub(crate) fn no_page() -> Response<Body> {
    with_body(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", b"404 page not found\n".to_vec())
}

/// Sets a header.
pub(crate) fn with_header(mut response: Response<Body>, name: HeaderName, value: &'static str) -> Response<Body> {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

/// The answer to a `HEAD`: what a `GET` would have, without the body. HTTP/2 clients end the stream at a body here.
pub(crate) fn without_body(response: Response<Body>) -> Response<Body> {
    let length = response.body().size_hint().exact();
    let mut response = response.map(|_| Body::empty());
    if let Some(length) = length.filter(|length| *length > 0) {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_told_the_length_of_what_it_does_not_get() {
        let answer = without_body(no_page());
        assert!(answer.body().is_end_stream());
        assert_eq!(answer.headers()[header::CONTENT_LENGTH], "19");
        assert!(!without_body(empty(StatusCode::NO_CONTENT)).headers().contains_key(header::CONTENT_LENGTH));
    }
}
