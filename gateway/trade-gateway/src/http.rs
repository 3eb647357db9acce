//! The HTTP surface: reads a request within its bounds, asks the service, writes answer, audit line and log line.
//!
//! No rule of the trade or of access lives here. Work goes on when the caller hangs up: a write that was begun is finished
//! and its outcome kept for the caller's retry.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_tls::accept::openssl::TlsStream;
use actix_web::{
    HttpRequest, HttpResponse, Resource,
    dev::Extensions,
    http::{StatusCode, header},
    rt::net::TcpStream,
    web::{self, Payload, ServiceConfig},
};
use fabric_msp::hash::sha256;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::StreamExt;
use trade_standards::percent::{self, Plus};

use crate::{
    answer::Answer,
    audit::{AuditLog, BEGUN, Decision, RESUMED},
    fold::Fold,
    members::Principal,
    problem::{Problem, ProblemCode},
    request::Parts,
    routes::{self, Access, Action, Method, Route},
    service::Service,
    time::{now, rfc3339},
};

/// Requests for the public page that are worked on at once.
const PUBLIC_REQUESTS: usize = 32;

/// Questions about readiness that wait at once for one answer of the network.
const READY_REQUESTS: usize = 32;

/// Most characters of a path that are recorded.
const RESOURCE_CHARACTERS_MAX: usize = 1_000;

/// What all workers share.
pub(crate) struct State {
    service: Arc<Service>,
    audit: AuditLog,
    fold: Fold,
    /// Set when a decision could not be recorded: until one can be again, nothing is answered.
    audit_failed: AtomicBool,
    runtime: tokio::runtime::Handle,
    permits: Permits,
}

/// Bounds on requests worked on at once.
struct Permits {
    all: Arc<Semaphore>,
    public: Arc<Semaphore>,
    /// Apart from all others: whoever watches the gateway must be answered when it is full.
    ready: Arc<Semaphore>,
    organizations: BTreeMap<String, Arc<Semaphore>>,
}

/// The client certificate of a connection, DER.
struct PeerCertificate(Vec<u8>);

impl State {
    /// The shared state. `runtime` outlives the workers and carries the work of all requests.
    #[must_use]
    pub(crate) fn new(service: Arc<Service>, audit: AuditLog, runtime: tokio::runtime::Handle) -> Self {
        let limits = &service.settings().limits;
        let own = || Arc::new(Semaphore::new(limits.requests_per_organization));
        let permits = Permits {
            all: Arc::new(Semaphore::new(limits.requests)),
            public: Arc::new(Semaphore::new(PUBLIC_REQUESTS)),
            ready: Arc::new(Semaphore::new(READY_REQUESTS)),
            organizations: service.members().msp_ids().map(|msp_id| (msp_id.to_owned(), own())).collect(),
        };
        Self { service, audit, fold: Fold::default(), audit_failed: AtomicBool::new(false), runtime, permits }
    }
}

impl State {
    /// Tries the audit log after it failed, readiness included: a disk that was full may have room again.
    fn check_audit(&self) -> Result<(), Problem> {
        if !self.audit_failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (time, route, outcome) = (rfc3339(now()), "-".to_owned(), RESUMED.to_owned());
        self.record(&Decision { time, route, outcome, ..Decision::default() })
    }

    /// Writes how many callers without a certificate were decided upon alike in the minutes that are over.
    pub(crate) fn write_counts(&self) {
        for decision in self.fold.take(now(), false) {
            // A failure is logged and shown; the answers are given long ago.
            let _ = self.record(&decision);
        }
    }

    /// Appends to the audit log.
    fn record(&self, decision: &Decision) -> Result<(), Problem> {
        let recorded = self.audit.append(decision);
        self.audit_failed.store(recorded.is_err(), Ordering::Relaxed);
        recorded.map(drop).map_err(|error| {
            tracing::error!("the audit log cannot be written, so nothing is answered: {error}");
            Problem::of(ProblemCode::AuditUnavailable).retry_after(10)
        })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        for decision in self.fold.take(now(), true) {
            let _ = self.record(&decision);
        }
    }
}

impl Permits {
    fn take(&self, route: &Route, principal: Option<&Principal>) -> Result<Vec<OwnedSemaphorePermit>, Problem> {
        let busy = || Problem::of(ProblemCode::GatewayBusy).retry_after(1);
        let own = principal.and_then(|principal| self.organizations.get(&principal.msp_id));
        let wanted = match route.action {
            Action::Health => [None, None],
            Action::Ready => [Some(&self.ready), None],
            Action::ConsumerPage => [Some(&self.public), Some(&self.all)],
            _ => [own, Some(&self.all)],
        };
        wanted
            .into_iter()
            .flatten()
            .map(|semaphore| Arc::clone(semaphore).try_acquire_owned().map_err(|_| busy()))
            .collect()
    }
}

/// Keeps the client certificate of a new connection for its requests.
pub(crate) fn remember_certificate(connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
    if let Some(der) = stream.ssl().peer_certificate().and_then(|certificate| certificate.to_der().ok()) {
        data.insert(PeerCertificate(der));
    }
}

/// Registers every route of the table, and nothing else.
pub(crate) fn configure(config: &mut ServiceConfig, state: &web::Data<State>) {
    register(config, state, routes::all());
}

/// Registers health and readiness, for the administrative listener.
pub(crate) fn configure_admin(config: &mut ServiceConfig, state: &web::Data<State>) {
    let (health, ready) = (routes::by_operation("health"), routes::by_operation("ready"));
    for route in health.into_iter().chain(ready) {
        register(config, state, std::slice::from_ref(route));
    }
}

fn register(config: &mut ServiceConfig, state: &web::Data<State>, table: &'static [Route]) {
    let mut paths: BTreeMap<&'static str, Vec<&'static Route>> = BTreeMap::new();
    for route in table {
        paths.entry(route.path).or_default().push(route);
    }
    config.app_data(state.clone());
    for (path, routes) in paths {
        config.service(resource(path, routes));
    }
    config.default_service(web::to(|request: HttpRequest, state: web::Data<State>| async move {
        refuse(&request, &state, Problem::of(ProblemCode::RouteUnknown).into())
    }));
}

fn resource(path: &'static str, routes: Vec<&'static Route>) -> Resource {
    let allowed = routes.iter().map(|route| route.method.as_str()).collect::<Vec<_>>().join(", ");
    let mut resource = web::resource(path);
    for route in routes {
        let method = match route.method {
            Method::Get => web::get(),
            Method::Post => web::post(),
            Method::Put => web::put(),
        };
        resource = resource.route(method.to(move |request: HttpRequest, payload: Payload, state: web::Data<State>| {
            handle(route, request, payload, state)
        }));
    }
    resource.default_service(web::to(move |request: HttpRequest, state: web::Data<State>| {
        let allowed = allowed.clone();
        async move {
            let problem = Problem::of(ProblemCode::MethodNotAllowed);
            refuse(&request, &state, Answer::from(problem).with_header("Allow", allowed))
        }
    }))
}

async fn handle(
    route: &'static Route,
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let state = state.into_inner();
    let mut record = Record::of(Some(route), &request);
    let admitted = match record.identify(route, &request, &state) {
        Ok(()) => admit(route, &request, payload, &state, record.principal.as_ref()).await,
        Err(problem) => Err(problem),
    };
    let answer = match admitted {
        Ok((parts, permits)) => work(route, parts, permits, record, state).await,
        Err(problem) => record.write(&state, problem.into()),
    };
    response(answer, &request)
}

/// Refuses and records what is in no table.
fn refuse(request: &HttpRequest, state: &State, problem: Answer) -> HttpResponse {
    let mut record = Record::of(None, request);
    let certificate = peer_certificate(request);
    if certificate.is_some() {
        record.principal = state.service.members().authenticate(certificate, now()).ok();
    }
    response(record.write(state, problem), request)
}

fn peer_certificate(request: &HttpRequest) -> Option<&[u8]> {
    request.conn_data::<PeerCertificate>().map(|certificate| certificate.0.as_slice())
}

/// Decides about a request before any of its work is done.
async fn admit(
    route: &'static Route,
    request: &HttpRequest,
    payload: Payload,
    state: &State,
    principal: Option<&Principal>,
) -> Result<(Parts, Vec<OwnedSemaphorePermit>), Problem> {
    if !matches!(route.action, Action::Health) {
        state.check_audit()?;
    }
    let limits = &state.service.settings().limits;
    check_head(request, limits.header_bytes, limits.query_bytes)?;
    state.service.authorise(route, principal)?;
    let permits = state.permits.take(route, principal)?;
    let body = if route.has_body() {
        check_media_type(route, request)?;
        let max = match route.action {
            Action::BankStatement => limits.statement_body_bytes,
            _ => limits.json_body_bytes,
        };
        read_body(request, payload, max, Duration::from_millis(limits.body_deadline_ms)).await?
    } else {
        Vec::new()
    };
    Ok((parts(route, request, body)?, permits))
}

/// Does the work on the gateway's own runtime, where it goes on if the caller hangs up, and so does its record.
async fn work(
    route: &'static Route,
    parts: Parts,
    permits: Vec<OwnedSemaphorePermit>,
    record: Record,
    state: Arc<State>,
) -> Answer {
    let stopped = |error: tokio::task::JoinError| {
        tracing::error!(http.route = route.path, "the work on a request stopped: {error}");
        Problem::of(ProblemCode::GatewayFailure).into()
    };
    let runtime = state.runtime.clone();
    let task = runtime.spawn(async move {
        if route.hands_over()
            && let Err(problem) = record.begin(&state)
        {
            return problem.into();
        }
        let (service, principal) = (Arc::clone(&state.service), record.principal.clone());
        // A task of its own, so that a panic does not take the record with it.
        let answering = tokio::spawn(async move {
            let answer = service.answer(route, principal.as_ref(), &parts).await;
            drop(permits);
            answer
        });
        let answer = answering.await.unwrap_or_else(stopped);
        record.write(&state, answer)
    });
    task.await.unwrap_or_else(stopped)
}

fn check_head(request: &HttpRequest, header_bytes: usize, query_bytes: usize) -> Result<(), Problem> {
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

fn check_media_type(route: &Route, request: &HttpRequest) -> Result<(), Problem> {
    let unsupported = |detail: &str| Err(Problem::of(ProblemCode::MediaTypeUnsupported).with_detail(detail));
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if text(header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return unsupported("Encoded bodies are not accepted.");
    }
    let media_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let accepted = match route.action {
        Action::BankStatement => matches!(media_type.as_str(), "application/xml" | "text/xml"),
        _ => {
            media_type == "application/json"
                || (media_type.starts_with("application/") && media_type.ends_with("+json"))
        }
    };
    if accepted {
        return Ok(());
    }
    match route.action {
        Action::BankStatement => unsupported("Send application/xml."),
        _ => unsupported("Send application/json."),
    }
}

async fn read_body(
    request: &HttpRequest,
    mut payload: Payload,
    max: usize,
    deadline: Duration,
) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::of(ProblemCode::BodyTooLarge).with_detail(format!("At most {max} bytes are accepted."));
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    let reading = async {
        let mut body = Vec::with_capacity(announced.unwrap_or(0).min(max));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::of(ProblemCode::BodyIncomplete))?;
            if body.len() + chunk.len() > max {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    tokio::time::timeout(deadline, reading).await.unwrap_or_else(|_| Err(Problem::of(ProblemCode::BodyTimeout)))
}

fn parts(route: &Route, request: &HttpRequest, body: Vec<u8>) -> Result<Parts, Problem> {
    let undecodable = || Problem::of(ProblemCode::PathMalformed);
    let mut path = BTreeMap::new();
    // From the path as it was sent: the router's own decoding replaces what is not UTF-8.
    for (template, sent) in route.path.split('/').zip(request.uri().path().split('/')) {
        let Some(name) = template.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else { continue };
        let text = percent::decode(sent, Plus::Itself).map_err(|_| undecodable())?;
        crate::request::check_text(name, &text)?;
        path.insert(name.to_owned(), text);
    }
    let mut query = Vec::new();
    for pair in request.query_string().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text| percent::decode(text, Plus::Blank).map_err(|_| undecodable());
        query.push((decode(name)?, decode(value)?));
    }
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Parts {
        path,
        query,
        body,
        target: request.uri().to_string(),
        idempotency_key: text("Idempotency-Key"),
        wants_html: text("Accept").is_some_and(|accept| prefers_html(&accept)),
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

/// What is written down about a request.
struct Record {
    /// None when no route matched.
    route: Option<&'static Route>,
    method: String,
    principal: Option<Principal>,
    /// SHA-256 of the certificate as it was presented, hex.
    certificate_sha256: Option<String>,
    resource: String,
    started: Instant,
}

impl Record {
    fn of(route: Option<&'static Route>, request: &HttpRequest) -> Self {
        Self {
            route,
            method: request.method().as_str().chars().take(RESOURCE_CHARACTERS_MAX).collect(),
            principal: None,
            certificate_sha256: peer_certificate(request).map(|der| hex::encode(sha256(der))),
            resource: resource_of(route, request),
            started: Instant::now(),
        }
    }

    /// Finds out who calls, where the route asks for it.
    fn identify(&mut self, route: &Route, request: &HttpRequest, state: &State) -> Result<(), Problem> {
        if matches!(route.access, Access::Members(_)) {
            self.principal = Some(state.service.members().authenticate(peer_certificate(request), now())?);
        }
        Ok(())
    }

    /// Writes that a write begins. What the ledger may come to hold is in the log before it is handed over, whatever
    /// becomes of this process.
    fn begin(&self, state: &State) -> Result<(), Problem> {
        state.record(&Decision { outcome: BEGUN.to_owned(), ..self.decision() })
    }

    /// Writes audit and log line. An answer that could not be recorded is withheld.
    fn write(&self, state: &State, answer: Answer) -> Answer {
        let method = self.method.as_str();
        let path = self.path();
        tracing::info!(
            http.method = method,
            http.route = path,
            http.status = answer.status,
            msp.id = self.principal.as_ref().map_or("-", |principal| principal.msp_id.as_str()),
            certificate.sha256 = self.certificate().as_deref().unwrap_or("-"),
            fabric.transaction_id = answer.transaction_id.as_deref().unwrap_or("-"),
            outcome = %answer.outcome,
            duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "{method} {path} answered {} ({})",
            answer.status,
            answer.outcome,
        );
        let own = |route: &Route| matches!(route.action, Action::Health | Action::Ready | Action::OpenApi);
        if self.route.is_some_and(own) {
            return answer;
        }
        let decision = Decision {
            transaction_id: answer.transaction_id.clone(),
            status: answer.status,
            outcome: answer.outcome.clone(),
            ..self.decision()
        };
        if decision.certificate_sha256.is_none() && !state.fold.has_line(&decision, now()) {
            return answer;
        }
        match state.record(&decision) {
            Ok(()) => answer,
            Err(problem) => problem.into(),
        }
    }

    /// The decision without its outcome.
    fn decision(&self) -> Decision {
        let transaction = self.route.and_then(Route::transaction);
        Decision {
            time: rfc3339(now()),
            msp_id: self.principal.as_ref().map(|principal| principal.msp_id.clone()),
            subject: self.principal.as_ref().map(Principal::subject),
            certificate_sha256: self.certificate(),
            method: self.method.clone(),
            route: self.path().to_owned(),
            resource: self.resource.clone(),
            function: transaction.map(|transaction| transaction.name.to_owned()),
            ..Decision::default()
        }
    }

    fn path(&self) -> &'static str {
        self.route.map_or("-", |route| route.path)
    }

    fn certificate(&self) -> Option<String> {
        let known = self.principal.as_ref().map(Principal::certificate_sha256);
        known.or_else(|| self.certificate_sha256.clone())
    }
}

/// The path's parameters, or the whole path where no route matched. What cannot be decoded stands as it was sent.
fn resource_of(route: Option<&Route>, request: &HttpRequest) -> String {
    let path = request.uri().path();
    let decoded = |sent: &str| percent::decode(sent, Plus::Itself).unwrap_or_else(|_| sent.to_owned());
    let text = match route {
        None => path.to_owned(),
        Some(route) => {
            let places = route.path.split('/').zip(path.split('/'));
            let parameters = places.filter(|(template, _)| template.starts_with('{')).map(|(_, sent)| decoded(sent));
            parameters.collect::<Vec<_>>().join("/")
        }
    };
    text.chars().take(RESOURCE_CHARACTERS_MAX).collect()
}

fn response(answer: Answer, request: &HttpRequest) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if peer_certificate(request).is_none() {
        // The time for a head counts for the first one only; nobody unknown may hold a connection after it.
        response.force_close();
    }
    response.insert_header((header::CONTENT_TYPE, answer.media_type));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response.insert_header((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    response.body(answer.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_html_and_programs_json() {
        assert!(prefers_html("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(!prefers_html("application/json, text/html"));
        assert!(!prefers_html("*/*"));
    }
}
