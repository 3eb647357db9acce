//! Where a contract runs and how it waits there: on a thread of its own, or on a fiber beside others.

use std::{
    future::poll_fn,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    thread::{self, Thread},
};

/// Where a job runs.
pub(crate) trait Place {
    /// What brings the job back once it pauses. May be used before, and more than once.
    fn wake(&self) -> Wake;

    /// Wakes a task of the server's runtime, at once or when the job next pauses or ends.
    fn rouse(&self, task: Waker);

    /// Stops until somebody uses the [`Wake`]. May return without a reason, so the caller looks again.
    fn pause(&self);
}

/// Brings a paused job back.
#[derive(Clone)]
pub(crate) enum Wake {
    /// The thread that runs nothing else meanwhile.
    Thread(Thread),
    /// The fiber of this number on the thread that reads this inbox.
    Fiber(Arc<Inbox>, usize),
}

impl Wake {
    pub(crate) fn wake(&self) {
        match self {
            Self::Thread(thread) => thread.unpark(),
            Self::Fiber(inbox, number) => inbox.push(*number),
        }
    }
}

/// A thread of the job's own.
pub(crate) struct OwnThread;

impl Place for OwnThread {
    fn wake(&self) -> Wake {
        Wake::Thread(thread::current())
    }

    fn rouse(&self, task: Waker) {
        task.wake();
    }

    fn pause(&self) {
        thread::park();
    }
}

/// What a thread with fibers has to look after.
#[derive(Default)]
pub(crate) struct Inbox(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    /// Fibers that may go on.
    ready: Vec<usize>,
    /// There is something else to look at.
    poked: bool,
    /// Tasks to wake before the thread drives its runtime again; cheaper there than from outside.
    tasks: Vec<Waker>,
    /// Another thread drives the runtime now.
    retired: bool,
    sleeper: Option<Sleeper>,
}

enum Sleeper {
    Task(Waker),
    Thread(Thread),
}

impl Inbox {
    /// Says that there is something to look at beside fibers.
    pub(crate) fn poke(&self) {
        let mut calls = self.lock();
        calls.poked = true;
        rouse(calls);
    }

    fn push(&self, number: usize) {
        let mut calls = self.lock();
        calls.ready.push(number);
        rouse(calls);
    }

    /// Moves the numbers of the fibers that may go on into `ready`, which is empty, and forgets pokes.
    pub(crate) fn take(&self, ready: &mut Vec<usize>) {
        let mut calls = self.lock();
        calls.poked = false;
        mem::swap(&mut calls.ready, ready);
    }

    /// Wakes a task, now or when the thread goes back to its runtime.
    pub(crate) fn rouse(&self, task: Waker) {
        let mut calls = self.lock();
        if calls.retired {
            drop(calls);
            task.wake();
        } else {
            calls.tasks.push(task);
        }
    }

    /// Takes note that another thread drives the runtime from now on.
    pub(crate) fn retire(&self) {
        let mut calls = self.lock();
        calls.retired = true;
        let tasks = mem::take(&mut calls.tasks);
        drop(calls);
        tasks.into_iter().for_each(Waker::wake);
    }

    /// Lets the thread's runtime work, at least one round, and until there is something.
    pub(crate) async fn called(&self) {
        let mut first = true;
        poll_fn(|context| {
            self.wake_tasks();
            let mut calls = self.lock();
            let something = calls.poked || !calls.ready.is_empty();
            if something && !first {
                calls.sleeper = None;
                return Poll::Ready(());
            }
            first = false;
            calls.sleeper = Some(Sleeper::Task(context.waker().clone()));
            drop(calls);
            if something {
                context.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await;
    }

    fn wake_tasks(&self) {
        loop {
            let task = self.lock().tasks.pop();
            match task {
                Some(task) => task.wake(),
                None => return,
            }
        }
    }

    /// Waits until there is something, and does nothing else.
    pub(crate) fn wait(&self) {
        loop {
            let mut calls = self.lock();
            if calls.poked || !calls.ready.is_empty() {
                calls.sleeper = None;
                return;
            }
            calls.sleeper = Some(Sleeper::Thread(thread::current()));
            drop(calls);
            thread::park();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        // Nothing panics under the lock, so a poisoned one still guards whole lists.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rouse(mut calls: MutexGuard<'_, Calls>) {
    let sleeper = calls.sleeper.take();
    drop(calls);
    match sleeper {
        Some(Sleeper::Task(waker)) => waker.wake(),
        Some(Sleeper::Thread(thread)) => thread.unpark(),
        None => {}
    }
}
