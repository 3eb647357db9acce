//! Bounds in bytes on what callers make the gateway hold: bodies while they are worked on, answers until they are sent.
//!
//! One organization may take half of all, callers without a certificate an eighth, so that none of them keeps the
//! others out. Answers of at most [`SMALL_ANSWER_BYTES`] are not counted: the number of connections bounds them.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, MessageBody},
    web::Bytes,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    members::Principal,
    problem::{Problem, ProblemCode},
};

/// Longest answer that is not counted.
pub(super) const SMALL_ANSWER_BYTES: usize = 64 * 1024;

/// Bytes in one permit: a semaphore does not count as far as memory goes.
const PERMIT_BYTES: usize = 1024;

/// All that callers may make the gateway hold.
pub(super) struct Memory {
    all: Arc<Semaphore>,
    public: Arc<Semaphore>,
    organizations: BTreeMap<String, Arc<Semaphore>>,
}

/// Bytes that are held; given back when it is dropped.
pub(super) struct Held {
    _permits: [OwnedSemaphorePermit; 2],
}

impl Memory {
    /// `bytes` for all callers together.
    pub(super) fn new<'a>(bytes: usize, organizations: impl Iterator<Item = &'a str>) -> Self {
        let room = |bytes: usize| Arc::new(Semaphore::new(bytes / PERMIT_BYTES));
        let own = organizations.map(|msp_id| (msp_id.to_owned(), room(bytes / 2))).collect();
        Self { all: room(bytes), public: room(bytes / 8), organizations: own }
    }

    /// Takes room for `bytes` in the name of a caller.
    ///
    /// # Errors
    /// There is not so much room now.
    pub(super) fn hold(&self, principal: Option<&Principal>, bytes: usize) -> Result<Held, Problem> {
        let busy = || Problem::of(ProblemCode::GatewayBusy).retry_after(1);
        let count = u32::try_from(bytes.div_ceil(PERMIT_BYTES)).map_err(|_| busy())?;
        let own = principal.and_then(|principal| self.organizations.get(&principal.msp_id)).unwrap_or(&self.public);
        let take = |room: &Arc<Semaphore>| Arc::clone(room).try_acquire_many_owned(count).map_err(|_| busy());
        Ok(Held { _permits: [take(own)?, take(&self.all)?] })
    }

    /// Takes room for an answer, unless it is small.
    ///
    /// # Errors
    /// As [`Memory::hold`].
    pub(super) fn hold_answer(&self, principal: Option<&Principal>, bytes: usize) -> Result<Option<Held>, Problem> {
        (bytes > SMALL_ANSWER_BYTES).then(|| self.hold(principal, bytes)).transpose()
    }
}

/// The body of an answer, which is held until it is sent or the connection ends.
pub(super) struct HeldBody {
    pub(super) bytes: Bytes,
    pub(super) _held: Option<Held>,
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

    fn free(memory: &Memory) -> (usize, usize) {
        (memory.all.available_permits(), memory.public.available_permits())
    }

    #[test]
    fn what_callers_hold_is_bounded_and_comes_back() -> Result<(), Problem> {
        let memory = Memory::new(64 * PERMIT_BYTES, ["AMSP"].into_iter());
        let first = memory.hold(None, 5 * PERMIT_BYTES + 1)?;
        assert_eq!(free(&memory), (58, 2));
        assert_eq!(memory.hold(None, 3 * PERMIT_BYTES).err().map(|problem| problem.status), Some(503));
        assert!(memory.hold(None, usize::MAX).is_err());
        drop(first);
        assert_eq!(free(&memory), (64, 8));
        Ok(())
    }

    #[test]
    fn an_answer_is_held_until_its_last_part_is_taken() -> Result<(), Problem> {
        let memory = Memory::new(1024 * PERMIT_BYTES, ["AMSP"].into_iter());
        assert!(memory.hold_answer(None, SMALL_ANSWER_BYTES)?.is_none());
        let bytes = Bytes::from(vec![b'x'; SMALL_ANSWER_BYTES + 1]);
        let held = memory.hold_answer(None, bytes.len())?;
        let mut body = Box::pin(HeldBody { bytes, _held: held });
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut parts = Vec::new();
        while let Poll::Ready(Some(Ok(part))) = body.as_mut().poll_next(&mut context) {
            assert!(free(&memory).0 < 1024);
            parts.push(part.len());
        }
        assert_eq!(parts, [SMALL_ANSWER_BYTES, 1]);
        drop(body);
        assert_eq!(free(&memory).0, 1024);
        Ok(())
    }
}
