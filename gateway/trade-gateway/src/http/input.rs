//! Reads a request within its bounds: head, media type, body, path and query.

use std::time::Duration;

use actix_web::{HttpRequest, http::header, web::Payload};
use tokio_stream::StreamExt;

use super::memory::Held;
use crate::{
    problem::{Problem, ProblemCode},
    request::Parts,
    routes::{Action, Route},
};

/// The header that names a write.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

pub(super) fn check_head(request: &HttpRequest, header_bytes: usize, query_bytes: usize) -> Result<(), Problem> {
    let size: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > header_bytes {
        return Err(Problem::of(ProblemCode::HeadersTooLarge));
    }
    if request.query_string().len() > query_bytes {
        return Err(Problem::of(ProblemCode::QueryTooLong));
    }
    // Two framings of one body are how one request is smuggled inside another.
    if request.headers().contains_key(header::TRANSFER_ENCODING)
        && request.headers().contains_key(header::CONTENT_LENGTH)
    {
        return Err(Problem::of(ProblemCode::FramingAmbiguous));
    }
    Ok(())
}

pub(crate) fn check_media_type(route: &Route, request: &HttpRequest) -> Result<(), Problem> {
    let unsupported = |detail: &str| Err(Problem::of(ProblemCode::MediaTypeUnsupported).with_detail(detail));
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if text(header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return unsupported("Encoded bodies are not accepted.");
    }
    let media_type = media_type(request);
    let is_same_form = |own: &str| {
        own == media_type
            || (is_json(own) && is_json(&media_type))
            || (own == "application/xml" && media_type == "text/xml")
    };
    if route.media_types().iter().any(|own| is_same_form(own)) {
        return Ok(());
    }
    match route.action {
        Action::BankStatement => unsupported("Send application/xml."),
        Action::Token => unsupported("Send application/x-www-form-urlencoded."),
        Action::StartImport | Action::PreviewMapping => unsupported(
            "Send text/csv, application/x-ndjson, an XLSX workbook, an EPCIS document as application/ld+json, or a bank \
             message of ISO 20022 as application/xml.",
        ),
        _ => unsupported("Send application/json."),
    }
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// The media type of the body, in lower case and without parameters.
fn media_type(request: &HttpRequest) -> String {
    let text = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether the body may be as long as it is announced.
///
/// # Errors
/// More than `max` bytes are announced.
pub(super) fn check_announced(request: &HttpRequest, max: usize) -> Result<(), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > max) { Err(too_large(max)) } else { Ok(()) }
}

/// Reads a body of at most `max` bytes within `deadline`. Each byte takes `expansion` bytes of `held`.
///
/// # Errors
/// It is longer, late or incomplete, or there is no room for it.
pub(super) async fn read_body(
    mut payload: Payload,
    max: usize,
    deadline: Duration,
    held: &mut Held,
    expansion: usize,
) -> Result<Vec<u8>, Problem> {
    let reading = async {
        let mut body = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::of(ProblemCode::BodyIncomplete))?;
            if body.len() + chunk.len() > max {
                return Err(too_large(max));
            }
            held.grow(chunk.len().saturating_mul(expansion))?;
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    tokio::time::timeout(deadline, reading).await.unwrap_or_else(|_| Err(Problem::of(ProblemCode::BodyTimeout)))
}

fn too_large(max: usize) -> Problem {
    Problem::of(ProblemCode::BodyTooLarge).with_detail(format!("At most {max} bytes are accepted."))
}

pub(crate) fn parts(route: &Route, request: &HttpRequest, body: Vec<u8>) -> Result<Parts, Problem> {
    // From the path as it was sent: the router's own decoding replaces what is not UTF-8.
    let sent = request.uri().path_and_query().map_or("/", |sent| sent.as_str());
    let parts = Parts::of(route, sent, body)?;
    if request.headers().get_all(IDEMPOTENCY_KEY).count() > 1 {
        // A proxy in between might have seen the other one.
        return Err(Problem::of(ProblemCode::IdempotencyKeyMalformed).with_detail("It is given more than once."));
    }
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    // Lines of one name are one list (RFC 9110 §5.3).
    let listed = |name: &str| {
        let lines: Vec<_> =
            request.headers().get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    };
    Ok(Parts {
        idempotency_key: text(IDEMPOTENCY_KEY),
        if_match: listed("If-Match"),
        if_none_match: listed("If-None-Match"),
        client_reference: listed("Client-Reference"),
        prefer: listed("Prefer"),
        last_event_id: text("Last-Event-ID"),
        media_type: media_type(request),
        of_organization: false,
        wants_html: text("Accept").is_some_and(|accept| prefers_html(&accept)),
        wants_stream: text("Accept").is_some_and(|accept| prefers_stream(&accept)),
        target: request.uri().to_string(),
        ..parts
    })
}

/// Whether HTML stands before JSON in an Accept header. Browsers name it; programs that accept everything get JSON.
fn prefers_html(accept: &str) -> bool {
    let place = |kind: &str| accept.to_ascii_lowercase().find(kind);
    match (place("text/html"), place("application/json")) {
        (Some(html), Some(json)) => html < json,
        (html, _) => html.is_some(),
    }
}

/// Whether a stream of events stands before JSON in an Accept header. Programs that accept everything get JSON.
fn prefers_stream(accept: &str) -> bool {
    let place = |kind: &str| accept.to_ascii_lowercase().find(kind);
    match (place("text/event-stream"), place("application/json")) {
        (Some(stream), Some(json)) => stream < json,
        (stream, _) => stream.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_html_and_programs_json() {
        assert!(prefers_html("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(!prefers_html("application/json, text/html"));
        assert!(!prefers_html("*/*"));
        assert!(prefers_stream("text/event-stream") && prefers_stream("Text/Event-Stream, application/json;q=0.1"));
        assert!(!prefers_stream("application/json, text/event-stream") && !prefers_stream("*/*"));
    }
}
