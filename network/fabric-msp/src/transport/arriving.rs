//! The body of a request while it arrives: what of it is not complete is counted and has a deadline.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use fabric_protos::MAX_MESSAGE_BYTES;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{self, Instant, Sleep};
use tonic::{
    Status,
    body::Body,
    codegen::{Bytes, http},
};

use super::{
    arrival::Arrival,
    arrivals::{NoRoom, Parcel, REQUEST_BYTES},
    framing::{Framing, Prefix, Step},
};

/// How many bytes of a message give it as much time again.
const BYTES_PER_DEADLINE: usize = 1024 * 1024;

/// A body that arrives.
pub(super) struct Arriving {
    body: Body,
    framing: Framing,
    arrival: Arc<Arrival>,
    parcel: Option<Parcel>,
    /// How long a message may take that is shorter than [`BYTES_PER_DEADLINE`].
    message_max: Duration,
    /// When the message began that is arriving, or the request.
    begun: Instant,
    /// Bytes that have come since.
    received: usize,
    alarm: Option<Pin<Box<Sleep>>>,
    has_failed: bool,
}

impl Arriving {
    /// The request with its body watched.
    pub(super) fn wrap(
        request: http::Request<Body>,
        arrival: Arc<Arrival>,
        parcel: Option<Parcel>,
        message_max: Duration,
    ) -> http::Request<Body> {
        let media_type = request.headers().get(http::header::CONTENT_TYPE).map(http::HeaderValue::as_bytes);
        let is_grpc = media_type.is_some_and(|media_type| media_type.starts_with(b"application/grpc"));
        if request.body().is_end_stream() {
            // There is nothing to wait for; gRPC finds its message missing.
            arrival.message_complete();
            return request;
        }
        let framing = if is_grpc { Framing::Messages(Prefix::default()) } else { Framing::Whole };
        let begun = Instant::now();
        request.map(|body| {
            let (alarm, received, has_failed) = (None, 0, false);
            Body::new(Self { body, framing, arrival, parcel, message_max, begun, received, alarm, has_failed })
        })
    }

    /// Counts a part of the body.
    fn take(&mut self, part: &Bytes) -> Result<(), NoRoom> {
        let was_between = self.framing.is_between();
        let Step { announced, complete, messages } = self.framing.read(part);
        if let Some(parcel) = &self.parcel {
            // What is longer than any service takes is refused where the message is read.
            parcel.grow(if announced > MAX_MESSAGE_BYTES { 0 } else { announced })?;
            parcel.shrink(complete);
            if messages > 0 && !self.arrival.has_message() {
                parcel.shrink(REQUEST_BYTES);
            }
        }
        if messages > 0 {
            self.arrival.message_complete();
        }
        if self.arrival.is_answered() && (messages > 0 || was_between) {
            (self.begun, self.received) = (Instant::now(), 0);
        }
        // Before the answer, only the first message gives time.
        if self.arrival.is_answered() || messages == 0 && !self.arrival.has_message() {
            self.received = self.received.saturating_add(part.len());
        }
        Ok(())
    }

    /// Until when more must have come; none for a stream that has been answered while no message has begun.
    fn deadline(&self) -> Option<Instant> {
        if self.arrival.is_answered() && self.arrival.has_message() && self.framing.is_between() {
            return None;
        }
        let times = u32::try_from(self.received / BYTES_PER_DEADLINE).unwrap_or(u32::MAX).saturating_add(1);
        Some(self.begun + self.message_max.saturating_mul(times))
    }

    /// Ready when nothing more is waited for.
    fn poll_given_up(&mut self, context: &mut Context<'_>) -> Poll<Status> {
        if self.parcel.as_mut().is_some_and(|parcel| parcel.poll_ended(context).is_ready()) {
            return Poll::Ready(refused(NoRoom));
        }
        loop {
            let Some(deadline) = self.deadline() else {
                self.alarm = None;
                return Poll::Pending;
            };
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(time::sleep_until(deadline)));
            if alarm.deadline() < deadline {
                alarm.as_mut().reset(deadline);
            }
            ready!(alarm.as_mut().poll(context));
            if self.deadline().is_some_and(|deadline| deadline <= Instant::now()) {
                return Poll::Ready(Status::deadline_exceeded("the request's message did not come in time"));
            }
            self.alarm = None;
        }
    }

    fn end(&mut self) {
        self.parcel = None;
        self.alarm = None;
        if matches!(self.framing, Framing::Whole) {
            self.arrival.message_complete();
        }
    }

    fn fail(&mut self, status: Status) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.has_failed = true;
        self.parcel = None;
        Poll::Ready(Some(Err(status)))
    }
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.has_failed {
            return Poll::Ready(None);
        }
        let frame = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Pending => {
                let status = ready!(self.poll_given_up(context));
                return self.fail(status);
            }
            Poll::Ready(frame) => frame,
        };
        if let Some(part) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref)
            && let Err(no_room) = self.take(part)
        {
            return self.fail(refused(no_room));
        }
        if frame.is_none() || self.body.is_end_stream() {
            self.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.has_failed || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The answer to a request that finds no room.
pub(super) fn refused(no_room: NoRoom) -> Status {
    Status::resource_exhausted(no_room.to_string())
}
