//! A stream of messages that is being opened or open. The request leaves at once, in a task of its own: Fabric's peers
//! send nothing back before there is a first message, so waiting for the answer would mean waiting for the first event.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::task::JoinHandle;
use tokio_stream::Stream;
use tonic::{Response, Status, Streaming};

use super::error::EventError;
use crate::call::{CallError, Step};

/// Messages from a peer.
pub(super) struct Source<T> {
    step: Step,
    state: State<T>,
}

enum State<T> {
    Opening(JoinHandle<Result<Response<Streaming<T>>, Status>>),
    Open(Box<Streaming<T>>),
    Ended,
}

impl<T: Send + 'static> Source<T> {
    /// Sends the request. Must be called inside a tokio runtime.
    pub(super) fn open(
        step: Step,
        call: impl Future<Output = Result<Response<Streaming<T>>, Status>> + Send + 'static,
    ) -> Self {
        Self { step, state: State::Opening(tokio::spawn(call)) }
    }

    /// The next message; an error comes once, and then nothing.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, EventError>>> {
        loop {
            let received = match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Opening(call) => match ready!(Pin::new(call).poll(context)) {
                    Ok(Ok(response)) => {
                        self.state = State::Open(Box::new(response.into_inner()));
                        continue;
                    }
                    Ok(Err(status)) => Some(Err(status)),
                    Err(_) => Some(Err(Status::cancelled("the runtime is shutting down"))),
                },
                State::Open(stream) => ready!(Pin::new(stream).poll_next(context)),
            };
            return Poll::Ready(Some(match received {
                Some(Ok(message)) => Ok(message),
                Some(Err(status)) => {
                    self.end();
                    Err(EventError::Call(CallError::from_status(self.step, "", &status)))
                }
                None => {
                    self.end();
                    Err(EventError::Ended)
                }
            }));
        }
    }
}

impl<T> Source<T> {
    /// Closes the stream: nothing more comes.
    pub(super) fn end(&mut self) {
        if let State::Opening(call) = &self.state {
            call.abort();
        }
        self.state = State::Ended;
    }
}

impl<T> Drop for Source<T> {
    fn drop(&mut self) {
        self.end();
    }
}
