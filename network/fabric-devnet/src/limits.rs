//! How many requests a service takes at one time. The next one is refused at once and not queued, as on Fabric.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{
    Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::NamedService,
};

/// The most peers of a network, so that a set of them is one number.
pub(crate) const PEERS_MAX: usize = 64;

/// How many requests each service of a peer takes at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls to the gateway service.
    pub gateway: usize,
    /// Calls to the endorser service.
    pub endorser: usize,
    /// Open streams of the deliver service.
    pub deliver: usize,
    /// Calls to the discovery service, which Fabric does not limit.
    pub discovery: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { gateway: 500, endorser: 2500, deliver: 2500, discovery: 100 }
    }
}

/// A service that takes only so many requests at one time. A stream counts until it ends.
#[derive(Clone)]
pub(crate) struct Limited<S> {
    service: S,
    limiter: Limiter,
}

impl<S: NamedService> Limited<S> {
    pub(crate) fn new(service: S, max: usize) -> Self {
        Self { service, limiter: Limiter::new(S::NAME, max) }
    }
}

impl<S: NamedService> NamedService for Limited<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for Limited<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let permit = match self.limiter.enter() {
            Ok(permit) => permit,
            Err(refused) => return Box::pin(async move { Ok(refused.into_http()) }),
        };
        let answer = self.service.call(request);
        Box::pin(async move {
            let until_the_end = |body: Body| {
                Body::new(body.map_frame(move |frame| {
                    // The closure lives as long as the body and keeps the permit until then.
                    let _ = &permit;
                    frame
                }))
            };
            Ok(answer.await?.map(until_the_end))
        })
    }
}

#[derive(Clone)]
struct Limiter {
    service: &'static str,
    max: usize,
    permits: Arc<Semaphore>,
}

impl Limiter {
    fn new(service: &'static str, max: usize) -> Self {
        Self { service, max, permits: Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))) }
    }

    fn enter(&self) -> Result<OwnedSemaphorePermit, Status> {
        Arc::clone(&self.permits).try_acquire_owned().map_err(|_| {
            let Self { service, max, .. } = self;
            Status::unknown(format!("too many requests for /{service}, exceeding concurrency limit ({max})"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_too_many_is_refused_with_fabrics_text() {
        let limiter = Limiter::new("gateway.Gateway", 1);
        let first = limiter.enter();
        assert!(first.is_ok());
        let refused = limiter.enter().expect_err("no permit left");
        assert_eq!(refused.code(), tonic::Code::Unknown);
        assert_eq!(refused.message(), "too many requests for /gateway.Gateway, exceeding concurrency limit (1)");
        drop(first);
        assert!(limiter.enter().is_ok());
    }
}
