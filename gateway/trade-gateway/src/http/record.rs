//! What is written about a request: one audit line for its beginning when it writes, one for its end, and one line of
//! log.

use std::{net::IpAddr, time::Instant};

use actix_web::HttpRequest;
use fabric_msp::{hash::sha256, transport::network_of};
use trade_standards::percent::{self, Plus};

use super::{
    caller::{Shown, caller, shown, with_challenge},
    state::State,
};
use crate::{
    answer::Answer,
    audit::{BEGUN, Decision},
    doors::{Link, Standing},
    members::Principal,
    problem::{Problem, ProblemCode},
    routes::{Access, Action, Route},
    time::{now, rfc3339},
    traces::{Ended, RequestSpan},
};

/// In what a caller says where in its own trace the request stands (W3C Trace Context).
const TRACEPARENT: &str = "traceparent";

/// Most characters of a path that are recorded.
const RESOURCE_CHARACTERS_MAX: usize = 1_000;

/// What is written down about a request.
pub(super) struct Record {
    /// None when no route matched.
    route: Option<&'static Route>,
    method: String,
    pub(super) principal: Option<Principal>,
    /// What shows whose request it is, or why that is refused where it matters.
    pub(super) shown: Result<Shown, Problem>,
    /// Where the connection comes from.
    address: Option<IpAddr>,
    resource: String,
    started: Instant,
    pub(super) span: RequestSpan,
}

impl Record {
    pub(super) fn of(route: Option<&'static Route>, request: &HttpRequest) -> Self {
        Self {
            route,
            method: request.method().as_str().chars().take(RESOURCE_CHARACTERS_MAX).collect(),
            principal: None,
            shown: shown(request),
            address: request.peer_addr().map(|address| address.ip()),
            resource: resource_of(route, request),
            started: Instant::now(),
            span: RequestSpan::default(),
        }
    }

    /// Refuses whatever comes on a connection that is one too many for its member.
    ///
    /// # Errors
    /// It is.
    pub(super) fn shed(&mut self, request: &HttpRequest, state: &State) -> Result<(), Problem> {
        if !Link::of(request).is_some_and(|link| link.standing() == Standing::Crowded) {
            return Ok(());
        }
        // Known, so that the audit log says whose request was refused.
        self.principal = caller(request, &self.shown, state).ok();
        Err(Problem::of(ProblemCode::GatewayBusy)
            .with_detail("Your organization or your certificate holds as many connections as it may.")
            .retry_after(1))
    }

    /// Of what the gateway sends itself, such as a row of an import, and no connection brings.
    pub(super) fn of_own_work(route: &'static Route, principal: Principal, resource: String, started: Instant) -> Self {
        let (shown, address) = (Ok(Shown::default()), None);
        let method = route.method.as_str().to_owned();
        let span = RequestSpan::default();
        Self { route: Some(route), method, principal: Some(principal), shown, address, resource, started, span }
    }

    /// Finds out who calls, where the route asks for it.
    ///
    /// # Errors
    /// It is not a member.
    pub(super) fn identify(&mut self, route: &Route, request: &HttpRequest, state: &State) -> Result<(), Problem> {
        let caller = |shown: &Result<Shown, Problem>| caller(request, shown, state);
        match (&route.access, &route.action) {
            (Access::Members(_), _) => self.principal = Some(caller(&self.shown)?),
            // Everybody may ask, and members learn more.
            (_, Action::Ready) => self.principal = caller(&self.shown).ok(),
            _ => {}
        }
        if self.principal.is_some() {
            // Strangers are not traced: they could fill any collector, and pretend to belong to any trace.
            self.span = state.traces.begin(request.headers().get_all(TRACEPARENT).map(|value| value.as_bytes()));
        }
        Ok(())
    }

    /// Writes that a write begins. What the ledger may come to hold is in the log before it is submitted, whatever
    /// becomes of this process.
    pub(super) fn begin(&self, state: &State) -> Result<(), Problem> {
        state.record(&Decision { outcome: BEGUN.to_owned(), ..self.decision() })
    }

    /// Writes audit and log line. An answer that could not be recorded is withheld.
    pub(super) fn write(&self, state: &State, answer: Answer) -> Answer {
        let answer = with_challenge(answer, state);
        self.log(&answer);
        let operation = self.route.map_or("-", |route| route.operation);
        state.service.metrics().request(operation, answer.status, self.started.elapsed());
        self.span.end(&Ended {
            method: &self.method,
            path: self.path(),
            operation,
            status: answer.status,
            outcome: &answer.outcome,
            transaction_id: answer.transaction_id.as_deref(),
            began: self.started,
        });
        let own = |route: &Route| {
            matches!(
                route.action,
                Action::Health | Action::Ready | Action::Condition | Action::Metrics | Action::OpenApi
            )
        };
        if self.route.is_some_and(own) {
            return answer;
        }
        let decision = Decision {
            transaction_id: answer.transaction_id.clone(),
            status: answer.status,
            outcome: answer.outcome.clone(),
            ..self.decision()
        };
        match state.record_decision(&decision) {
            Ok(()) => answer,
            Err(problem) => problem.into(),
        }
    }

    /// One line of log. What is answered to callers who are not known as members is counted elsewhere, and has a line
    /// only where details are asked for: they could fill any disk.
    fn log(&self, answer: &Answer) {
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    http.method = self.method,
                    http.route = self.path(),
                    http.status = answer.status,
                    msp.id = self.principal.as_ref().map_or("-", |principal| principal.msp_id.as_str()),
                    certificate.sha256 = self.certificate().as_deref().unwrap_or("-"),
                    fabric.transaction_id = answer.transaction_id.as_deref().unwrap_or("-"),
                    outcome = %answer.outcome,
                    duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
                    "{} {} answered {} ({})",
                    self.method,
                    self.path(),
                    answer.status,
                    answer.outcome,
                )
            };
        }
        if self.principal.is_some() { line!(info) } else { line!(debug) }
    }

    /// Whether the connection ends with the answer: unless it is a member's, who is one still where the route asks.
    pub(super) fn is_last(&self, request: &HttpRequest) -> bool {
        let is_proxys = |link: &Link| link.standing() == Standing::Proxy && link.proxy(now()).is_some();
        if Link::of(request).is_some_and(is_proxys) {
            // Others' requests come on it; the proxy is the one who bounds them.
            return false;
        }
        let is_members = Link::of(request).is_some_and(|link| link.standing() == Standing::Member);
        let is_public = self.route.is_some_and(|route| !matches!(route.access, Access::Members(_)));
        !(is_members && (self.principal.is_some() || is_public))
    }

    /// The decision without its outcome.
    pub(super) fn decision(&self) -> Decision {
        let transaction = self.route.and_then(Route::transaction);
        Decision {
            time: rfc3339(now()),
            msp_id: self.principal.as_ref().map(|principal| principal.msp_id.clone()),
            subject: self.principal.as_ref().map(Principal::subject),
            certificate_sha256: self.certificate(),
            way: self.principal.as_ref().map(|principal| principal.way.to_string()).filter(|way| !way.is_empty()),
            address: self.address.filter(|_| self.principal.is_none()).map(|address| network_of(address).to_string()),
            method: self.method.clone(),
            route: self.path().to_owned(),
            resource: self.resource.clone(),
            function: transaction.map(|transaction| transaction.name.to_owned()),
            ..Decision::default()
        }
    }

    pub(super) fn path(&self) -> &'static str {
        self.route.map_or("-", |route| route.path)
    }

    pub(super) fn certificate(&self) -> Option<String> {
        let known = self.principal.as_ref().map(Principal::certificate_sha256);
        // Of strangers, the certificate as it was presented.
        let presented = || Some(hex::encode(sha256(self.shown.as_ref().ok()?.certificate.as_deref()?)));
        known.or_else(presented)
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
