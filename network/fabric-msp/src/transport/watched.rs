//! Watches the requests of each connection, in front of all services of a server: until when what was begun must be
//! complete, how much of it may lie here, and whether the connection is in use.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http_body::{Frame, SizeHint};
use tonic::{
    Status,
    body::Body,
    codegen::{BoxFuture, Bytes, Service, http},
};
use tower_layer::Layer;

use super::{
    arrival::Arrival,
    arriving::{Arriving, refused},
    info::ConnectionInfo,
};

/// Watches the requests of each connection; part of every server.
#[derive(Debug, Clone, Copy, Default)]
pub struct WatchRequests;

/// A service whose requests are watched.
#[derive(Debug, Clone)]
pub struct Watched<S>(S);

impl<S> Layer<S> for WatchRequests {
    type Service = Watched<S>;

    fn layer(&self, service: S) -> Watched<S> {
        Watched(service)
    }
}

impl<S> Service<http::Request<Body>> for Watched<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<Self::Response, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let Some(info) = request.extensions().get::<ConnectionInfo>().cloned() else {
            return Box::pin(self.0.call(request));
        };
        let parcel = match info.inbox.as_ref().map(|inbox| inbox.open()).transpose() {
            Ok(parcel) => parcel,
            Err(no_room) => return Box::pin(async move { Ok(refused(no_room).into_http()) }),
        };
        let arrival = Arrival::on(info.activity);
        request.extensions_mut().insert(Arc::clone(&arrival));
        let request = Arriving::wrap(request, Arc::clone(&arrival), parcel, info.message_max);
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            arrival.answered();
            Ok(answer.map(|body| Body::new(Answer { body, arrival })))
        })
    }
}

/// The body of an answer; the request is in work until all of it is taken. Its length stays known, without which HTTP/1
/// would send it in chunks.
struct Answer {
    body: Body,
    arrival: Arc<Arrival>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.arrival.ended();
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
