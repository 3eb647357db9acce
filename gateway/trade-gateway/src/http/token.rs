//! The token endpoint: a form in, an access token or an error of RFC 6749 out.
//!
//! Who asks is known only after the body is read, so it is not the table's own check that finds it out. Afterwards the
//! request counts as its organization's, like any other.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, web::Payload};
use trade_standards::percent::{self, Plus};

use super::{
    input::{check_announced, check_head, check_media_type, read_body},
    record::Record,
    state::State,
};
use crate::{
    answer::Answer,
    oauth::{Oauth, Refusal, TokenRequest},
    problem::{Problem, ProblemCode},
    routes::Route,
    time::now,
};

/// Largest form, in bytes: an assertion with four certificates fits.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// Most parameters of a form.
const PARAMETERS_MAX: usize = 32;

/// Answers a request for a token and notes in `record` who it is.
pub(super) async fn answer(
    route: &'static Route,
    request: &HttpRequest,
    payload: Payload,
    state: &Arc<State>,
    record: &mut Record,
) -> Answer {
    let form = match read(route, request, payload, state).await {
        Ok(form) => form,
        Err(problem) => return problem.into(),
    };
    match state.service.oauth() {
        None => Problem::of(ProblemCode::RouteUnknown).into(),
        Some(oauth) => match give(oauth, route, &form, state, record) {
            Ok(answer) => answer,
            Err(refusal) => refusal,
        },
    }
}

async fn read(route: &Route, request: &HttpRequest, payload: Payload, state: &State) -> Result<Vec<u8>, Problem> {
    state.check_audit()?;
    let limits = state.service.limits();
    check_head(request, limits.header_bytes, limits.query_bytes)?;
    check_media_type(route, request)?;
    check_announced(request, FORM_BYTES_MAX)?;
    let mut room = state.memory.hold(None, 0)?;
    read_body(payload, FORM_BYTES_MAX, Duration::from_millis(limits.body_deadline_ms), &mut room, 1).await
}

fn give(oauth: &Oauth, route: &Route, form: &[u8], state: &State, record: &mut Record) -> Result<Answer, Answer> {
    let asked = TokenRequest::of(parameters(form)?)?;
    // Before anything is computed for a stranger; given back as soon as it is known whose turn it is.
    let permit = state.permits.take(route, None).map_err(Answer::from)?;
    let shown = record.shown.as_ref().map_err(Refusal::of_client)?;
    let mut client = oauth.client(state.service.members(), &asked, shown.certificate.as_deref(), now())?;
    drop(permit);
    shown.note(&mut client);
    let client = &*record.principal.insert(client);
    let _permit = state.permits.take(route, Some(client)).map_err(Answer::from)?;
    let body = oauth.issue(&asked, client, now())?;
    Ok(Answer::json(200, &body).with_header("Pragma", "no-cache"))
}

fn parameters(form: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
    let text = std::str::from_utf8(form).map_err(|_| Refusal::request("the form is not UTF-8"))?;
    let pairs: Vec<&str> = text.split('&').filter(|pair| !pair.is_empty()).collect();
    if pairs.len() > PARAMETERS_MAX {
        return Err(Refusal::request(format!("the form has more than {PARAMETERS_MAX} parameters")));
    }
    let decode =
        |text| percent::decode(text, Plus::Blank).map_err(|_| Refusal::request("the form is not percent-encoded"));
    pairs
        .into_iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}
