//! Counts the requests of each connection, in front of all services of a server.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Frame, SizeHint};
use tonic::{
    body::Body,
    codegen::{BoxFuture, Bytes, Service, http},
};
use tower_layer::Layer;

use super::{activity::InWork, info::ConnectionInfo};

/// Counts the requests of each connection; part of every server.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountRequests;

/// A service whose requests are counted.
#[derive(Debug, Clone)]
pub struct Counted<S>(S);

impl<S> Layer<S> for CountRequests {
    type Service = Counted<S>;

    fn layer(&self, service: S) -> Counted<S> {
        Counted(service)
    }
}

impl<S> Service<http::Request<Body>> for Counted<S>
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

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let in_work = request.extensions().get::<ConnectionInfo>().map(|info| info.activity.begin());
        let answer = self.0.call(request);
        Box::pin(async move { Ok(answer.await?.map(|body| Body::new(Answer { body, _in_work: in_work }))) })
    }
}

/// The body of an answer; the request is in work until all of it is taken. Its length stays known, without which HTTP/1
/// would send it in chunks.
struct Answer {
    body: Body,
    _in_work: Option<InWork>,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
