//! Registers the table of routes, and does the work of a request.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Payload, ServiceConfig},
};

use super::{
    caller::caller,
    input::{check_announced, check_head, check_media_type, parts, read_body},
    memory::Held,
    record::Record,
    response::{HeldAnswer, response},
    state::State,
    stream::stream,
    table::resources,
    token,
};
use crate::{
    answer::Answer,
    doors::{Link, Share},
    members::Principal,
    problem::{Problem, ProblemCode},
    request::Parts,
    routes::{self, Action, Route},
    settings::{IMPORT_EXPANSION, JSON_EXPANSION},
};

/// Registers every route of the table, and nothing else.
pub(crate) fn configure(config: &mut ServiceConfig, state: &web::Data<State>) {
    register(config, state, routes::all());
}

/// Registers health and readiness, for the administrative listener.
pub(crate) fn configure_admin(config: &mut ServiceConfig, state: &web::Data<State>) {
    for route in routes::administrative() {
        register(config, state, &[route]);
    }
}

fn register(config: &mut ServiceConfig, state: &web::Data<State>, table: &[&'static Route]) {
    config.app_data(state.clone());
    for (routes, resource) in resources(table.iter().copied(), handle) {
        let allowed = routes.iter().map(|route| route.method.as_str()).collect::<Vec<_>>().join(", ");
        config.service(resource.default_service(web::to(move |request: HttpRequest, state: web::Data<State>| {
            let allowed = allowed.clone();
            async move {
                let problem = Problem::of(ProblemCode::MethodNotAllowed);
                refuse(&request, &state, Answer::from(problem).with_header("Allow", allowed)).await
            }
        })));
    }
    config.default_service(web::to(|request: HttpRequest, state: web::Data<State>| async move {
        refuse(&request, &state, Problem::of(ProblemCode::RouteUnknown).into()).await
    }));
}

async fn handle(
    route: &'static Route,
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    if let Some(link) = Link::of(&request) {
        link.begin().await;
    }
    let state = state.into_inner();
    let mut record = Record::of(Some(route), &request);
    let shed = record.shed(&request, &state);
    if matches!(route.action, Action::Token) {
        let answer = match shed {
            Ok(()) => token::answer(route, &request, payload, &state, &mut record).await,
            Err(problem) => problem.into(),
        };
        let is_last = record.is_last(&request);
        return response((record.write(&state, answer), None), &request, is_last);
    }
    let admitted = match shed.and_then(|()| record.identify(route, &request, &state)) {
        Ok(()) => admit(route, &request, payload, &state, record.principal.as_ref()).await,
        Err(problem) => Err(problem),
    };
    let is_last = record.is_last(&request);
    let answer = match admitted {
        Ok(Admitted { parts, permit, .. }) if matches!(route.action, Action::LedgerEvents) && parts.wants_stream => {
            drop(permit);
            return stream(parts, record, state, &request, is_last).await;
        }
        Ok(admitted) => work(route, admitted, record, state).await,
        Err(problem) => (record.write(&state, problem.into()), None),
    };
    response(answer, &request, is_last)
}

/// Refuses and records what is in no table.
async fn refuse(request: &HttpRequest, state: &State, problem: Answer) -> HttpResponse {
    if let Some(link) = Link::of(request) {
        link.begin().await;
    }
    let mut record = Record::of(None, request);
    record.principal = caller(request, &record.shown, state).ok();
    let answer = record.shed(request, state).map_or_else(Answer::from, |()| problem);
    let is_last = record.is_last(request);
    response((record.write(state, answer), None), request, is_last)
}

/// A request that may be worked on, with the room that it takes.
struct Admitted {
    parts: Parts,
    permit: Option<Share>,
    held: Option<Held>,
}

/// Decides about a request before any of its work is done.
async fn admit(
    route: &'static Route,
    request: &HttpRequest,
    payload: Payload,
    state: &State,
    principal: Option<&Principal>,
) -> Result<Admitted, Problem> {
    if !matches!(route.action, Action::Health) {
        state.check_audit()?;
    }
    let limits = state.service.limits();
    check_head(request, limits.header_bytes, limits.query_bytes)?;
    state.service.authorise(route, principal)?;
    let (mut body, mut held) = (Vec::new(), None);
    if route.has_body() {
        check_media_type(route, request)?;
        let (max, expansion) = match route.action {
            Action::BankStatement => (limits.statement_body_bytes, 1),
            Action::StartImport | Action::PreviewMapping => (limits.import_body_bytes, IMPORT_EXPANSION),
            _ => (limits.json_body_bytes, JSON_EXPANSION),
        };
        check_announced(request, max)?;
        let mut room = state.memory.hold(principal, 0)?;
        let deadline = Duration::from_millis(limits.body_deadline_ms);
        body = read_body(payload, max, deadline, &mut room, expansion).await?;
        if matches!(route.action, Action::StartImport | Action::PreviewMapping) {
            // A short file may become as many rows as the longest one.
            room.grow((max - body.len()) * expansion)?;
        }
        held = Some(room);
    }
    if matches!(route.action, Action::ImportReport | Action::ImportRows) {
        // Rows take as much when they are read again as when the file was read.
        held = Some(state.memory.hold(principal, limits.import_body_bytes * IMPORT_EXPANSION)?);
    }
    let parts = parts(route, request, body)?;
    // Only now, so that a body that is slow to arrive takes nobody's turn.
    Ok(Admitted { parts, permit: state.permits.take(route, principal)?, held })
}

/// Does the work on the gateway's own runtime, where it goes on if the caller hangs up, and so does its record.
async fn work(route: &'static Route, admitted: Admitted, record: Record, state: Arc<State>) -> HeldAnswer {
    let Admitted { parts, permit, held } = admitted;
    let stopped = |error: tokio::task::JoinError| {
        tracing::error!(http.route = route.path, "the work on a request stopped: {error}");
        Problem::of(ProblemCode::GatewayFailure).into()
    };
    let runtime = state.runtime.clone();
    let task = runtime.spawn(async move {
        if route.submits()
            && let Err(problem) = record.begin(&state)
        {
            return (problem.into(), None);
        }
        let (service, principal) = (Arc::clone(&state.service), record.principal.clone());
        // A task of its own, so that a panic does not take the record with it.
        let answering = tokio::spawn(record.span.around(async move {
            let answer = service.answer(route, principal.as_ref(), &parts).await;
            drop((permit, held));
            answer
        }));
        let answer = answering.await.unwrap_or_else(stopped);
        // A write is answered whatever its length: it is done, and its answer is stored.
        let counted = if route.is_write() { 0 } else { answer.body.len() };
        match state.memory.hold_answer(record.principal.as_ref(), counted) {
            Ok(held) => (record.write(&state, answer), held),
            Err(problem) => (record.write(&state, problem.into()), None),
        }
    });
    task.await.unwrap_or_else(|error| (stopped(error), None))
}
