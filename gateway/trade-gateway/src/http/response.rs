//! An answer on its way to the wire.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};

use super::memory::{Held, HeldBody};
use crate::{answer::Answer, doors::Link};

/// An answer, with the room that it takes.
pub(super) type HeldAnswer = (Answer, Option<Held>);

/// The answer to a request; `is_last` says that the connection ends with it.
pub(super) fn response((answer, held): HeldAnswer, request: &HttpRequest, is_last: bool) -> HttpResponse {
    let mut response = builder(&answer, is_last);
    let answering = Link::of(request).map(|link| link.answering(is_last));
    response.body(HeldBody { bytes: answer.body.into(), _held: held, _answering: answering })
}

/// The head of an answer.
pub(super) fn builder(answer: &Answer, is_last: bool) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if is_last {
        response.force_close();
    }
    response.insert_header((header::CONTENT_TYPE, answer.media_type));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response.insert_header((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    for (name, value) in &answer.headers {
        response.insert_header((*name, value.as_str()));
    }
    response
}
