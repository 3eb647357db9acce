//! How many requests a service takes at one time. The next one is refused at once and not queued, as on Fabric.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use fabric_msp::transport::Arrival;
use http_body::Frame;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{
    Status,
    body::Body,
    codegen::{BoxFuture, Bytes, Service, http},
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

/// How many streams the orderer serves at one time, which Fabric does not limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrdererLimits {
    /// Open streams of Broadcast and Deliver together.
    pub streams: usize,
}

impl Default for OrdererLimits {
    fn default() -> Self {
        Self { streams: 2500 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { gateway: 500, endorser: 2500, deliver: 2500, discovery: 100 }
    }
}

/// When a request takes its place. One that is only opened takes none, because anybody can open one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// When all of its body has come: a call with one message.
    WhenWhole,
    /// When its first message has come: a call that may send more.
    WithFirstMessage,
}

/// A service that takes only so many requests at one time. A stream counts until it ends.
#[derive(Clone)]
pub(crate) struct Limited<S> {
    service: S,
    limiter: Limiter,
    takes: Takes,
}

impl<S: NamedService> Limited<S> {
    pub(crate) fn new(service: S, max: usize, takes: Takes) -> Self {
        Self { service, limiter: Limiter::new(S::NAME, max), takes }
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
        let arrival = request.extensions().get::<Arc<Arrival>>().cloned();
        let place = Place::default();
        let (limiter, takes, taken) = (self.limiter.clone(), self.takes, place.clone());
        let request = request.map(|body| Body::new(Admitted { body, arrival, limiter, takes, place: taken }));
        let answer = self.service.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            let leaving = Leaving(place);
            let until_the_end = |body: Body| {
                Body::new(body.map_frame(move |frame| {
                    // The closure lives as long as the body and keeps the place until then.
                    let _ = &leaving;
                    frame
                }))
            };
            Ok(answer.map(until_the_end))
        })
    }
}

/// The place of a request; none before it is taken.
#[derive(Clone, Default)]
struct Place(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    #[default]
    Outside,
    Inside {
        _permit: OwnedSemaphorePermit,
    },
    Left,
}

impl Place {
    /// Takes a permit, unless there is one already.
    fn enter(&self, limiter: &Limiter) -> Result<(), Status> {
        let mut state = self.state();
        if let State::Outside = *state {
            *state = State::Inside { _permit: limiter.enter()? };
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives a place back when the answer has ended, whatever still holds the request.
struct Leaving(Place);

impl Drop for Leaving {
    fn drop(&mut self) {
        *self.0.state() = State::Left;
    }
}

/// The body of a request that takes its place while it is read.
struct Admitted {
    body: Body,
    arrival: Option<Arc<Arrival>>,
    limiter: Limiter,
    takes: Takes,
    place: Place,
}

impl Admitted {
    /// Whether so much has come that the work begins.
    fn is_due(&self, has_ended: bool) -> bool {
        match self.takes {
            Takes::WhenWhole => has_ended,
            Takes::WithFirstMessage => has_ended || self.arrival.as_ref().is_none_or(|arrival| arrival.has_message()),
        }
    }
}

impl http_body::Body for Admitted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let has_ended = match &frame {
            None => true,
            Some(Ok(frame)) => frame.is_trailers() || self.body.is_end_stream(),
            // What failed takes no place.
            Some(Err(_)) => return Poll::Ready(frame),
        };
        if self.is_due(has_ended)
            && let Err(refused) = self.place.enter(&self.limiter)
        {
            return Poll::Ready(Some(Err(refused)));
        }
        Poll::Ready(frame)
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
