//! The operations endpoint of a node, as Fabric's peers and orderers have it: health, version, metrics and logging over
//! HTTP without TLS. It only tells: the logging specification cannot be changed here.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::SystemTime,
};

use serde::Serialize;
use tonic::{
    body::Body,
    codegen::{BoxFuture, Service, http},
};
use tracing::level_filters::LevelFilter;

use crate::{
    metrics::{About, Text},
    orderer::ChannelStatus,
    web,
};
use http::{Method, Request, Response, StatusCode};

/// The media type of metrics in Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Looks at the channels of a node.
pub(crate) type Look = Arc<dyn Fn() -> Vec<ChannelStatus> + Send + Sync>;

/// Tells what a node has counted.
pub(crate) type Tell = Arc<dyn Fn(&mut Text) + Send + Sync>;

/// The endpoint of one node.
#[derive(Clone)]
pub(crate) struct Operations {
    channels: Look,
    numbers: Tell,
}

// Fabric's `fabric_version` would be a lie: no version of Fabric runs here.
const RUNS: About =
    About { name: "fabric_devnet_version", help: "The version of the embedded network.", labels: &["version"] };
const HEIGHT: About =
    About { name: "ledger_blockchain_height", help: "Height of the chain in blocks.", labels: &["channel"] };

#[derive(Serialize)]
struct Health {
    status: &'static str,
    time: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed_checks: Vec<FailedCheck>,
}

#[derive(Serialize)]
struct FailedCheck {
    component: String,
    reason: String,
}

#[derive(Serialize)]
struct Version {
    #[serde(rename = "Version")]
    version: &'static str,
}

#[derive(Serialize)]
struct VersionError {
    #[serde(rename = "Error")]
    error: String,
}

#[derive(Serialize)]
struct Spec {
    spec: String,
}

#[derive(Serialize)]
struct SpecError {
    error: String,
}

impl Operations {
    pub(crate) fn new(channels: Look, numbers: Tell) -> Self {
        Self { channels, numbers }
    }

    /// All of it behind one door, whatever the path.
    pub(crate) fn into_routes(self) -> tonic::service::Routes {
        axum::Router::new().fallback_service(self).into()
    }

    fn answer(&self, method: &Method, path: &str) -> Response<Body> {
        let response = match (path, method) {
            ("/healthz", &Method::GET) => self.health(),
            ("/healthz", _) => web::empty(StatusCode::METHOD_NOT_ALLOWED),
            ("/version", &Method::GET) => web::json(StatusCode::OK, &Version { version: VERSION }),
            ("/version", _) => web::json(StatusCode::BAD_REQUEST, &VersionError { error: invalid(method) }),
            ("/logspec", &Method::GET) => web::json(StatusCode::OK, &Spec { spec: spec() }),
            ("/logspec", &Method::PUT) => {
                let error = "the logging spec of the embedded network cannot be changed".to_owned();
                web::json(StatusCode::BAD_REQUEST, &SpecError { error })
            }
            ("/logspec", _) => web::json(StatusCode::BAD_REQUEST, &SpecError { error: invalid(method) }),
            ("/metrics", _) => web::with_body(StatusCode::OK, METRICS, self.metrics().into_bytes()),
            _ => web::no_page(),
        };
        if method == Method::HEAD { web::without_body(response) } else { response }
    }

    fn health(&self) -> Response<Body> {
        let failed = |status: ChannelStatus| {
            let reason = status.trouble?;
            Some(FailedCheck { component: format!("ledger.{}", status.name), reason })
        };
        let failed_checks: Vec<FailedCheck> = (self.channels)().into_iter().filter_map(failed).collect();
        let time = prost_types::Timestamp::from(SystemTime::now()).to_string();
        let (code, status) = match failed_checks.is_empty() {
            true => (StatusCode::OK, "OK"),
            false => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        web::json(code, &Health { status, time, failed_checks })
    }

    fn metrics(&self) -> String {
        let mut text = Text::default();
        text.gauges(&RUNS, [(vec![VERSION.to_owned()], 1)]);
        text.gauges(&HEIGHT, (self.channels)().into_iter().map(|channel| (vec![channel.name], channel.height)));
        (self.numbers)(&mut text);
        text.into_string()
    }
}

impl Service<Request<axum::body::Body>> for Operations {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<axum::body::Body>) -> Self::Future {
        let answer = self.answer(request.method(), request.uri().path());
        Box::pin(async move { Ok(answer) })
    }
}

/// The level that is logged, as Fabric names it.
fn spec() -> String {
    let level = LevelFilter::current();
    let name = if level == LevelFilter::OFF { "fatal".to_owned() } else { level.to_string() };
    name.to_lowercase()
}

fn invalid(method: &Method) -> String {
    format!("invalid request method: {method}")
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::metrics::DeliverMetrics;

    async fn ask(endpoint: &Operations, method: Method, path: &str) -> (u16, String) {
        let answer = endpoint.answer(&method, path);
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    fn endpoint(trouble: Option<&'static str>) -> Operations {
        let channels =
            move || vec![ChannelStatus { name: "conf".into(), height: 7, trouble: trouble.map(str::to_owned) }];
        let counted = DeliverMetrics::default();
        Operations::new(Arc::new(channels), Arc::new(move |text| counted.tell(text)))
    }

    #[tokio::test]
    async fn health_names_what_cannot_be_written() {
        let (status, body) = ask(&endpoint(None), Method::GET, "/healthz").await;
        assert!(status == 200 && body.starts_with("{\"status\":\"OK\",\"time\":\"20"), "{body}");
        assert!(!body.contains("failed_checks"), "{body}");
        let (status, body) = ask(&endpoint(Some("no space")), Method::GET, "/healthz").await;
        assert!(status == 503 && body.starts_with("{\"status\":\"Service Unavailable\","), "{body}");
        let check = "\"failed_checks\":[{\"component\":\"ledger.conf\",\"reason\":\"no space\"}]}\n";
        assert!(body.ends_with(check), "{body}");
    }

    #[tokio::test]
    async fn the_rest_is_told_and_nothing_is_changed() {
        let endpoint = endpoint(None);
        let table = [
            (Method::GET, "/version", 200, format!("{{\"Version\":\"{VERSION}\"}}\n")),
            (Method::POST, "/version", 400, "{\"Error\":\"invalid request method: POST\"}\n".to_owned()),
            (Method::PUT, "/healthz", 405, String::new()),
            (Method::HEAD, "/healthz", 405, String::new()),
            (Method::DELETE, "/logspec", 400, "{\"error\":\"invalid request method: DELETE\"}\n".to_owned()),
            (Method::GET, "/", 404, "404 page not found\n".to_owned()),
            (Method::GET, "/healthz/", 404, "404 page not found\n".to_owned()),
        ];
        for (method, path, status, body) in table {
            assert_eq!(ask(&endpoint, method.clone(), path).await, (status, body), "{method} {path}");
        }
        let (status, body) = ask(&endpoint, Method::GET, "/logspec").await;
        assert!(status == 200 && body.starts_with("{\"spec\":\""), "{body}");
        assert_eq!(ask(&endpoint, Method::PUT, "/logspec").await.0, 400);
        let (status, body) = ask(&endpoint, Method::GET, "/metrics").await;
        assert!(status == 200 && body.contains("\nledger_blockchain_height{channel=\"conf\"} 7\n"), "{body}");
        let version = format!("\nfabric_devnet_version{{version=\"{VERSION}\"}} 1\n");
        assert!(body.contains(&version) && !body.contains("fabric_version"), "{body}");
        assert!(body.contains("\n# TYPE deliver_streams_opened counter\ndeliver_streams_opened 0\n"), "{body}");
    }
}
