//! A job and what it runs on: a thread of its own, or a fiber beside others.

use std::{
    sync::Arc,
    task::Waker,
    thread::{self, Thread},
};

use super::inbox::Inbox;

/// Something to run. It pauses through the executor that it is given.
pub(crate) type Job = Box<dyn FnOnce(&dyn Executor) + Send>;

/// What a job runs on, as the job sees it.
pub(crate) trait Executor {
    /// What brings the job back once it pauses. May be used before, and more than once.
    fn waker(&self) -> JobWaker;

    /// Wakes a task of the server's runtime, at once or when the job next pauses or ends.
    fn wake_task(&self, task: Waker);

    /// Stops the job until its [`JobWaker`] is used. May return without a reason, so the caller looks again.
    fn pause(&self);
}

/// Brings a paused job back.
#[derive(Clone)]
pub(crate) struct JobWaker(Paused);

#[derive(Clone)]
enum Paused {
    /// A thread that runs nothing else meanwhile.
    Thread(Thread),
    /// The fiber of this number on the thread that reads this inbox.
    Fiber(Arc<Inbox>, usize),
}

impl JobWaker {
    /// For the job of the thread that calls this.
    pub(crate) fn of_this_thread() -> Self {
        Self(Paused::Thread(thread::current()))
    }

    /// For the job of the fiber of this number on the thread that reads `inbox`.
    pub(super) fn of_fiber(inbox: &Arc<Inbox>, number: usize) -> Self {
        Self(Paused::Fiber(Arc::clone(inbox), number))
    }

    /// Lets the job go on.
    pub(crate) fn wake(&self) {
        match &self.0 {
            Paused::Thread(thread) => thread.unpark(),
            Paused::Fiber(inbox, number) => inbox.wake_fiber(*number),
        }
    }
}

/// A thread of the job's own.
pub(super) struct OwnThread;

impl Executor for OwnThread {
    fn waker(&self) -> JobWaker {
        JobWaker::of_this_thread()
    }

    fn wake_task(&self, task: Waker) {
        task.wake();
    }

    fn pause(&self) {
        thread::park();
    }
}
