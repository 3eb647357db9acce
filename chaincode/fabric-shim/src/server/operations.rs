//! The listener for operators of the server: health and metrics over HTTP, without TLS. It only tells.
//!
//! It lives on the threads of the streams, so that an answer also says that these go on.

use std::net::SocketAddr;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use fabric_msp::transport::{Gate, incoming_through, server};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{error::ServerError, view::View};
use crate::{metrics::MEDIA_TYPE, stream::phase::Phase};

/// Binds the address and answers until the streams end; runs on the server's own runtime.
pub(super) async fn serve(address: String, view: View) -> Result<(SocketAddr, JoinHandle<()>), ServerError> {
    let listener = TcpListener::bind(&address).await;
    let listener = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (local, listener) = listener.map_err(|cause| ServerError::Bind { address, cause })?;
    let connections = incoming_through(listener, None, Gate::of_operators())?;
    let mut phase = view.phase.clone();
    let stop = async move { drop(phase.wait_for(|phase| *phase == Phase::Stopping).await) };
    let (healthy, counted) = (view.clone(), view);
    let routes = axum::Router::new()
        .route("/healthz", get(async move || health(&healthy)))
        .route("/metrics", get(async move || metrics(&counted)));
    let serving = server().accept_http1(true).add_routes(routes.into()).serve_with_incoming_shutdown(connections, stop);
    tracing::info!(address = %local, "health and metrics are told");
    let task = tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the listener for health and metrics has stopped");
        }
    });
    Ok((local, task))
}

/// In the form of Fabric's own nodes. A peer that does not accept the package is no reason to take the server away from
/// it, and is told by the metrics.
fn health(view: &View) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    match view.status().stopping {
        false => (json, "{\"status\":\"OK\"}\n").into_response(),
        true => (StatusCode::SERVICE_UNAVAILABLE, json, STOPPING).into_response(),
    }
}

const STOPPING: &str = "{\"status\":\"Service Unavailable\",\
    \"failed_checks\":[{\"component\":\"chaincode\",\"reason\":\"the chaincode is stopping\"}]}\n";

fn metrics(view: &View) -> Response {
    match view.shared.metrics.text(&view.status()) {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
