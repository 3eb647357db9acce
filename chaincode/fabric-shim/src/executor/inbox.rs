//! What a thread with fibers has to look after: fibers that may go on, tasks to wake, and calls from other threads.

use std::{
    future::poll_fn,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    thread::{self, Thread},
};

/// The calls that a thread with fibers has not looked at yet.
#[derive(Default)]
pub(super) struct Inbox(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    /// Fibers that may go on.
    ready: Vec<usize>,
    /// There is something else to look at.
    woken: bool,
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
    /// Wakes the thread although no fiber may go on: there is something else to look at.
    pub(super) fn wake(&self) {
        let mut calls = self.lock();
        calls.woken = true;
        wake_sleeper(calls);
    }

    /// Wakes the thread because the fiber of this number may go on.
    pub(super) fn wake_fiber(&self, number: usize) {
        let mut calls = self.lock();
        calls.ready.push(number);
        wake_sleeper(calls);
    }

    /// Moves the numbers of the fibers that may go on into `ready`, which is empty, and forgets other calls.
    pub(super) fn take(&self, ready: &mut Vec<usize>) {
        let mut calls = self.lock();
        calls.woken = false;
        mem::swap(&mut calls.ready, ready);
    }

    /// Wakes a task, now or when the thread goes back to its runtime.
    pub(super) fn wake_task(&self, task: Waker) {
        let mut calls = self.lock();
        if calls.retired {
            drop(calls);
            task.wake();
        } else {
            calls.tasks.push(task);
        }
    }

    /// Takes note that another thread drives the runtime from now on.
    pub(super) fn retire(&self) {
        let mut calls = self.lock();
        calls.retired = true;
        let tasks = mem::take(&mut calls.tasks);
        drop(calls);
        tasks.into_iter().for_each(Waker::wake);
    }

    /// Lets the thread's runtime work for at least one round, and until the thread is called.
    pub(super) async fn called(&self) {
        let mut first = true;
        poll_fn(|context| {
            self.wake_tasks();
            let mut calls = self.lock();
            let is_called = calls.woken || !calls.ready.is_empty();
            if is_called && !first {
                calls.sleeper = None;
                return Poll::Ready(());
            }
            first = false;
            calls.sleeper = Some(Sleeper::Task(context.waker().clone()));
            drop(calls);
            if is_called {
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

    /// Blocks the thread until it is called.
    pub(super) fn wait(&self) {
        loop {
            let mut calls = self.lock();
            if calls.woken || !calls.ready.is_empty() {
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

fn wake_sleeper(mut calls: MutexGuard<'_, Calls>) {
    let sleeper = calls.sleeper.take();
    drop(calls);
    match sleeper {
        Some(Sleeper::Task(waker)) => waker.wake(),
        Some(Sleeper::Thread(thread)) => thread.unpark(),
        None => {}
    }
}
