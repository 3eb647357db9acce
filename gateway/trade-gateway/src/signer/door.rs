//! The signer's side towards its callers: the gateway's routes for members, behind a secret.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{self, Data, Payload, ServiceConfig},
};
use fabric_msp::hash::sha256;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use super::{local::Local, refusal::SignerCode, signing::Signing};
use crate::{
    answer::Answer,
    client::Response,
    http::{check_media_type, parts, resources},
    problem::{Problem, ProblemCode},
    routes::{self, Access, Action, Route},
};

/// Requests that are worked on at once.
const REQUESTS_MAX: usize = 32;

/// What is done on this machine; no route of the gateway begins so.
const LOCAL: &str = "/v1/local/{operation}";

/// Headers of the gateway's answers that are handed on.
const HANDED_ON: [&str; 5] = ["etag", "link", "location", "preference-applied", "retry-after"];

/// What all requests share.
pub(super) struct Door {
    signing: Arc<Signing>,
    local: Arc<Local>,
    places: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new(signing: Arc<Signing>, local: Arc<Local>) -> Self {
        Self { signing, local, places: Arc::new(Semaphore::new(REQUESTS_MAX)) }
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = |_| Problem::from(SignerCode::Busy.because(format!("It works on {REQUESTS_MAX} requests at once.")));
        Arc::clone(&self.places).try_acquire_owned().map_err(busy)
    }

    /// A body of at most so many bytes.
    async fn body(&self, payload: Payload, max: usize) -> Result<Vec<u8>, Problem> {
        let read = payload.to_bytes_limited(max);
        let read = tokio::time::timeout(Duration::from_millis(self.signing.limits().body_deadline_ms), read).await;
        let read = read.map_err(|_| Problem::of(ProblemCode::BodyTimeout))?;
        let read = read.map_err(|_| Problem::of(ProblemCode::BodyTooLarge))?;
        Ok(read.map_err(|_| Problem::of(ProblemCode::BodyIncomplete))?.to_vec())
    }
}

/// Registers what is done on this machine and the routes that are signed or handed on, and nothing else.
pub(super) fn configure(config: &mut ServiceConfig, door: &Data<Door>) {
    config.app_data(door.clone());
    let local = web::resource(LOCAL).route(web::post().to(handle_local));
    config.service(local.default_service(web::to(unknown)));
    let taken = routes::all().iter().copied().filter(|route| is_taken(route));
    for (_, resource) in resources(taken, handle) {
        config.service(resource.default_service(web::to(unknown)));
    }
    config.default_service(web::to(unknown));
}

/// What the policy judges, and what changes nothing. Handing in signatures is the signer's own affair, and webhooks,
/// of which no policy speaks, are for who has the key, as tokens are.
fn is_taken(route: &Route) -> bool {
    let is_for_members = matches!(route.access, Access::Members(_));
    let takes_signature = matches!(route.action, Action::SignProposal | Action::SignTransaction);
    is_for_members && !takes_signature && (route.transaction().is_some() || !route.changes())
}

async fn unknown(request: HttpRequest, door: Data<Door>) -> HttpResponse {
    let refused = check_secret(&request, &door).err();
    let unknown = || {
        let detail = "The signer has the gateway's routes for members, without those that change webhooks, imports or \
                      mappings, or cancel an operation.";
        SignerCode::RouteUnknown.because(detail).into()
    };
    problem(refused.unwrap_or_else(unknown))
}

async fn handle(route: &'static Route, request: HttpRequest, payload: Payload, door: Data<Door>) -> HttpResponse {
    match work(route, &request, payload, &door).await {
        Ok(response) => answer(response),
        Err(refused) => problem(refused),
    }
}

async fn work(
    route: &'static Route,
    request: &HttpRequest,
    payload: Payload,
    door: &Door,
) -> Result<Response, Problem> {
    check_secret(request, door)?;
    let place = door.place()?;
    let limits = door.signing.limits();
    let max = match route.action {
        Action::BankStatement => limits.statement_body_bytes,
        _ => limits.json_body_bytes,
    };
    let mut body = Vec::new();
    if route.has_body() {
        check_media_type(route, request)?;
        body = door.body(payload, max).await?;
    }
    let parts = parts(route, request, body)?;
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or("application/json").to_owned();
    let signing = Arc::clone(&door.signing);
    // Keys in tokens and the client of the gateway block.
    blocking(move || {
        let _place = place;
        match route.transaction() {
            Some(transaction) => signing.sign(route, transaction, parts, &media_type),
            None => signing.hand_on(route, &parts, &media_type),
        }
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!("the work on a request stopped: {error}");
        Err(Problem::of(ProblemCode::GatewayFailure))
    })
}

async fn handle_local(request: HttpRequest, payload: Payload, door: Data<Door>) -> HttpResponse {
    match work_locally(&request, payload, &door).await {
        Ok(answer) => {
            let mut response = HttpResponse::Ok();
            response.insert_header((header::CACHE_CONTROL, "no-store"));
            response.insert_header((header::CONTENT_TYPE, "application/json"));
            response.body(answer.as_bytes().to_vec())
        }
        Err(refused) => problem(refused),
    }
}

/// What is asked is wiped when it is done; the copies that the web server holds meanwhile are beyond reach.
async fn work_locally(request: &HttpRequest, payload: Payload, door: &Door) -> Result<Zeroizing<String>, Problem> {
    check_secret(request, door)?;
    let operation = door.local.operation(request.match_info().query("operation"))?;
    let place = door.place()?;
    if request.content_type() != "application/json" {
        return Err(Problem::of(ProblemCode::MediaTypeUnsupported).with_detail("Send application/json."));
    }
    let asked = Zeroizing::new(door.body(payload, door.signing.limits().json_body_bytes).await?);
    let local = Arc::clone(&door.local);
    blocking(move || {
        let _place = place;
        Ok(local.answer(operation, &asked)?)
    })
    .await
}

/// Digests are compared, so that neither time nor length tells anything about the secret.
fn check_secret(request: &HttpRequest, door: &Door) -> Result<(), Problem> {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let is_known =
        sent.is_some_and(|(_, secret)| openssl::memcmp::eq(&sha256(secret.trim().as_bytes()), door.signing.secret()));
    if is_known {
        return Ok(());
    }
    Err(SignerCode::SecretMissing.because("Send it as Authorization: Bearer.").into())
}

fn answer(response: Response) -> HttpResponse {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    let media_type = response.headers.get("content-type").map_or("application/octet-stream", String::as_str);
    answer.insert_header((header::CONTENT_TYPE, media_type));
    for name in HANDED_ON {
        if let Some(value) = response.headers.get(name) {
            answer.insert_header((name, value.as_str()));
        }
    }
    answer.body(response.body)
}

fn problem(problem: Problem) -> HttpResponse {
    let answer = Answer::from(problem);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CONTENT_TYPE, answer.media_type));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"entrepot-signer\""));
    }
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    response.body(answer.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_policy_judges_is_taken_only_when_it_changes_nothing() {
        let taken = |operation: &str| routes::by_operation(operation).map(is_taken);
        for operation in ["whoami", "readOperation", "webhooks", "readWebhook", "depositEvidence"] {
            assert_eq!(taken(operation), Some(true), "{operation}");
        }
        for operation in [
            "putWebhook",
            "removeWebhook",
            "changeWebhookSecret",
            "replayWebhook",
            "signProposal",
            "giveToken",
            "health",
        ] {
            assert_eq!(taken(operation), Some(false), "{operation}");
        }
        assert!(!routes::all().iter().any(|route| route.path.starts_with("/v1/local")));
        let taken = routes::all().iter().filter(|route| is_taken(route));
        assert!(taken.filter(|route| route.transaction().is_none()).all(|route| !route.changes()));
    }
}
