//! How far a connection is with its requests, and until when it must be further.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// How long a connection that has its last answer may take to end: the client may still be sending what nobody reads,
/// and would lose the answer if it were cut at once.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// For the head of a request, from its first byte, or from the beginning of the connection.
    pub(crate) head: Duration,
    /// For each 64 KiB of an answer.
    pub(crate) answer: Duration,
    /// Until the next request begins.
    pub(crate) idle: Duration,
}

/// How far a connection is. Shared by the connection, the requests on it and what watches over it, all on one thread.
pub(crate) struct Progress {
    deadlines: Deadlines,
    phase: Cell<Phase>,
    /// Until when the client must have taken what waits to be sent.
    unsent: Cell<Option<Instant>>,
    /// The answer in work is the last one.
    is_last: Cell<bool>,
    alarm: RefCell<Option<Pin<Box<Sleep>>>>,
}

#[derive(Clone, Copy)]
enum Phase {
    /// Nothing of a next request has arrived.
    Idle(Instant),
    /// A head has begun.
    Head(Instant),
    /// A request is being worked on or its answer is being sent; both have bounds of their own.
    Working,
    /// The last answer was given.
    Ending(Instant),
}

/// An answer that is being sent; the next request may begin when it is dropped.
pub(crate) struct Answering(Rc<Progress>);

impl Progress {
    pub(super) fn new(deadlines: Deadlines) -> Rc<Self> {
        // actix answers a late first head with 408 and needs a moment for it.
        let first = Instant::now() + deadlines.head + FAREWELL;
        Rc::new(Self {
            deadlines,
            phase: Cell::new(Phase::Head(first)),
            unsent: Cell::new(None),
            is_last: Cell::new(false),
            alarm: RefCell::default(),
        })
    }

    /// Bytes have arrived.
    pub(super) fn received(&self) {
        if matches!(self.phase.get(), Phase::Idle(_)) {
            self.phase.set(Phase::Head(Instant::now() + self.deadlines.head));
        }
    }

    /// A head is complete. False says that the last answer was given, so this request is none: it was sent before the
    /// client could know.
    pub(super) fn begin(&self) -> bool {
        if let Phase::Ending(_) = self.phase.get() {
            self.phase.set(Phase::Ending(Instant::now()));
            return false;
        }
        self.phase.set(Phase::Working);
        true
    }

    /// The request in work is answered.
    pub(super) fn answering(self: &Rc<Self>, is_last: bool) -> Answering {
        self.is_last.set(self.is_last.get() || is_last);
        Answering(Rc::clone(self))
    }

    /// The client does not take what is sent.
    pub(super) fn blocked(&self) {
        if self.unsent.get().is_none() {
            self.unsent.set(Some(Instant::now() + self.deadlines.answer));
        }
    }

    /// The system has taken all that was to be sent.
    pub(super) fn flushed(&self) {
        self.unsent.set(None);
    }

    /// Whether nothing that arrives matters any more.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self.phase.get(), Phase::Ending(_))
    }

    /// Ready when a deadline has passed. To be asked again each time the connection has moved.
    pub(super) fn poll_late(&self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline() else { return Poll::Pending };
        let mut alarm = self.alarm.borrow_mut();
        let alarm = alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(context)
    }

    fn deadline(&self) -> Option<Instant> {
        let phase = match self.phase.get() {
            Phase::Idle(deadline) | Phase::Head(deadline) | Phase::Ending(deadline) => Some(deadline),
            Phase::Working => None,
        };
        phase.into_iter().chain(self.unsent.get()).min()
    }

    fn answered(&self) {
        let now = Instant::now();
        self.phase.set(if self.is_last.get() {
            Phase::Ending(now + FAREWELL)
        } else {
            Phase::Idle(now + self.deadlines.idle)
        });
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answered();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINES: Deadlines =
        Deadlines { head: Duration::from_secs(5), answer: Duration::from_secs(10), idle: Duration::from_secs(30) };

    fn seconds_left(progress: &Progress) -> Option<u64> {
        progress.deadline().map(|deadline| (deadline - Instant::now()).as_secs_f64().ceil() as u64)
    }

    #[test]
    fn every_phase_but_the_work_itself_has_a_deadline_that_bytes_do_not_move() {
        let progress = Progress::new(DEADLINES);
        assert_eq!(seconds_left(&progress), Some(6), "the first head");
        assert!(progress.begin());
        assert_eq!(progress.deadline(), None);
        drop(progress.answering(false));
        assert_eq!(seconds_left(&progress), Some(30));
        progress.received();
        let head = progress.deadline();
        assert_eq!(seconds_left(&progress), Some(5));
        progress.received();
        assert_eq!(progress.deadline(), head, "a head that drips");
        assert!(progress.begin());
        drop(progress.answering(true));
        assert_eq!(seconds_left(&progress), Some(1));
        assert!(!progress.begin(), "a request behind the last answer");
        assert!(progress.deadline() <= Some(Instant::now()));
    }

    #[test]
    fn an_answer_that_is_not_taken_has_a_deadline_until_all_of_it_is() {
        let progress = Progress::new(DEADLINES);
        assert!(progress.begin());
        progress.blocked();
        let unsent = progress.deadline();
        assert_eq!(seconds_left(&progress), Some(10));
        progress.blocked();
        assert_eq!(progress.deadline(), unsent, "taking some of it moves nothing");
        progress.flushed();
        assert_eq!(progress.deadline(), None);
    }
}
