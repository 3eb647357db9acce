//! Bounds in bytes on what callers make the gateway hold: bodies while they are worked on, answers until they are sent.
//!
//! A body is counted as it arrives, so that nobody takes room by announcing one. One organization may take half of all,
//! one certificate a quarter, callers who are not known as members an eighth, and half of all is kept for the
//! organizations, the same for each, so that none of them and no two keep the others out. Answers of at most
//! [`SMALL_ANSWER_BYTES`] are not counted: the number of connections bounds them.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, MessageBody},
    web::Bytes,
};

use crate::{
    doors::{Answering, Bounds, Holder, Share, Shares},
    members::Principal,
    problem::{Problem, ProblemCode},
};

/// Longest answer that is not counted.
pub(super) const SMALL_ANSWER_BYTES: usize = 64 * 1024;

/// All that callers may make the gateway hold.
pub(super) struct Memory {
    organizations: usize,
    all: Arc<Shares>,
}

/// Bytes that are held; given back when it is dropped.
pub(super) struct Held {
    share: Share,
}

impl Memory {
    /// `bytes` for all callers together, among them so many organizations.
    pub(super) fn new(bytes: usize, organizations: usize) -> Self {
        Self { organizations, all: Shares::new(bounds(bytes, organizations)) }
    }

    /// Lets all callers together take so many bytes from now on.
    pub(super) fn bound(&self, bytes: usize) {
        self.all.bound(bounds(bytes, self.organizations));
    }

    /// Takes room for `bytes` in the name of a caller.
    ///
    /// # Errors
    /// There is not so much room now.
    pub(super) fn hold(&self, principal: Option<&Principal>, bytes: usize) -> Result<Held, Problem> {
        self.all.take(Holder::of(principal), bytes).map(|share| Held { share }).ok_or_else(busy)
    }

    /// Takes room for an answer, unless it is small.
    ///
    /// # Errors
    /// As [`Memory::hold`].
    pub(super) fn hold_answer(&self, principal: Option<&Principal>, bytes: usize) -> Result<Option<Held>, Problem> {
        (bytes > SMALL_ANSWER_BYTES).then(|| self.hold(principal, bytes)).transpose()
    }
}

impl Held {
    /// Takes room for `bytes` more.
    ///
    /// # Errors
    /// There is not so much room now.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        if self.share.grow(bytes) { Ok(()) } else { Err(busy()) }
    }
}

fn bounds(bytes: usize, organizations: usize) -> Bounds {
    let (organization, certificate, public) = (bytes / 2, bytes / 4, bytes / 8);
    Bounds { all: bytes, organization, certificate, public, organizations }
}

fn busy() -> Problem {
    Problem::of(ProblemCode::GatewayBusy).retry_after(1)
}

/// The body of an answer, which is held until it is sent or the connection ends.
pub(super) struct HeldBody {
    pub(super) bytes: Bytes,
    pub(super) _held: Option<Held>,
    /// The next request may begin when this is dropped.
    pub(super) _answering: Option<Answering>,
}

impl MessageBody for HeldBody {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.bytes.len() as u64)
    }

    /// Parts, so that the connection takes no more than it can send.
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.bytes.len().min(SMALL_ANSWER_BYTES);
        Poll::Ready(Some(Ok(self.bytes.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    #[test]
    fn what_callers_hold_is_bounded_and_comes_back() -> Result<(), Problem> {
        let memory = Memory::new(64 * KIB, 2);
        let mut first = memory.hold(None, 5 * KIB)?;
        first.grow(KIB)?;
        assert_eq!(memory.all.in_use(), 6 * KIB);
        assert_eq!(memory.hold(None, 3 * KIB).err().map(|problem| problem.status), Some(503));
        assert_eq!(first.grow(3 * KIB).err().map(|problem| problem.status), Some(503));
        assert!(memory.hold(None, usize::MAX).is_err());
        drop(first);
        assert_eq!(memory.all.in_use(), 0);
        Ok(())
    }

    #[test]
    fn an_answer_is_held_until_its_last_part_is_taken() -> Result<(), Problem> {
        let memory = Memory::new(1024 * KIB, 2);
        assert!(memory.hold_answer(None, SMALL_ANSWER_BYTES)?.is_none());
        let bytes = Bytes::from(vec![b'x'; SMALL_ANSWER_BYTES + 1]);
        let held = memory.hold_answer(None, bytes.len())?;
        let mut body = Box::pin(HeldBody { bytes, _held: held, _answering: None });
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut parts = Vec::new();
        while let Poll::Ready(Some(Ok(part))) = body.as_mut().poll_next(&mut context) {
            assert!(memory.all.in_use() > 0);
            parts.push(part.len());
        }
        assert_eq!(parts, [SMALL_ANSWER_BYTES, 1]);
        drop(body);
        assert_eq!(memory.all.in_use(), 0);
        Ok(())
    }
}
