//! Jobs that share one thread: each has a stack of its own and gives the thread to the others while it waits.
//!
//! A fiber never leaves its thread, so contracts may use thread-local things as they like. Fibers are kept for the next
//! job, as their stacks are dearer than a job.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::Waker,
};

use corosensei::{Coroutine, CoroutineResult, Yielder, stack::DefaultStack};

use super::{
    inbox::Inbox,
    job::{Executor, Job, JobWaker},
};

/// Bytes of a fiber's stack, as much as Rust gives a thread. The system provides a page only when it is touched.
const STACK_BYTES: usize = 2 * 1024 * 1024;
/// Fibers that are kept for later jobs.
const IDLE_MAX: usize = 64;

/// What a fiber is given when it goes on.
enum Turn {
    /// A job to begin with.
    Job(Job),
    /// It may look whether what it waits for is there.
    Again,
    /// There are no more jobs.
    End,
}

/// Why a fiber stops.
enum Rest {
    /// Its job waits for something.
    Paused,
    /// Its job is done.
    Done,
}

type Fiber = Coroutine<Turn, Rest, ()>;

/// The fibers of one thread.
pub(super) struct Fibers {
    inbox: Arc<Inbox>,
    /// By number.
    slots: Vec<Slot>,
    /// Numbers of fibers without a job.
    idle: Vec<usize>,
    /// Numbers without a fiber.
    vacant: Vec<usize>,
}

#[derive(Default)]
struct Slot {
    fiber: Option<Fiber>,
    /// Whether the fiber has a job.
    busy: bool,
}

impl Fibers {
    /// No fibers yet; calls for them come through `inbox`.
    pub(super) fn new(inbox: &Arc<Inbox>) -> Self {
        Self { inbox: Arc::clone(inbox), slots: Vec::new(), idle: Vec::new(), vacant: Vec::new() }
    }

    /// Jobs that have begun and are not done.
    pub(super) fn running(&self) -> usize {
        self.slots.len() - self.idle.len() - self.vacant.len()
    }

    /// Runs `job` until it waits or is done; tells whether it is done.
    ///
    /// # Errors
    /// Gives the job back when the system has no memory for a stack.
    pub(super) fn begin(&mut self, job: Job) -> Result<bool, (Job, io::Error)> {
        let number = match self.idle.pop() {
            Some(number) => number,
            None => match self.create() {
                Ok(number) => number,
                Err(error) => return Err((job, error)),
            },
        };
        Ok(self.resume(number, Turn::Job(job)))
    }

    /// Lets a fiber go on until it waits again or its job is done; tells whether it is done.
    pub(super) fn go_on(&mut self, number: usize) -> bool {
        // A call may come late, when the fiber has another job or none.
        let busy = self.slots.get(number).is_some_and(|slot| slot.busy);
        busy && self.resume(number, Turn::Again)
    }

    fn create(&mut self) -> io::Result<usize> {
        let stack = DefaultStack::new(STACK_BYTES)?;
        let number = self.vacant.pop().unwrap_or(self.slots.len());
        let inbox = Arc::clone(&self.inbox);
        let fiber = Coroutine::with_stack(stack, move |yielder, turn| {
            live(&OnFiber { yielder, inbox, number }, turn);
        });
        if number == self.slots.len() {
            self.slots.push(Slot::default());
        }
        self.slots[number].fiber = Some(fiber);
        Ok(number)
    }

    fn resume(&mut self, number: usize, turn: Turn) -> bool {
        let slot = &mut self.slots[number];
        let Some(fiber) = &mut slot.fiber else { return false };
        slot.busy = true;
        let ended = match fiber.resume(turn) {
            CoroutineResult::Yield(Rest::Paused) => return false,
            CoroutineResult::Yield(Rest::Done) if self.idle.len() < IDLE_MAX => false,
            CoroutineResult::Yield(Rest::Done) => fiber.resume(Turn::End).as_return().is_some(),
            CoroutineResult::Return(()) => true,
        };
        slot.busy = false;
        if ended {
            slot.fiber = None;
            self.vacant.push(number);
        } else {
            self.idle.push(number);
        }
        true
    }
}

/// Fibers return by themselves; one that is merely dropped would have to be unwound.
impl Drop for Fibers {
    fn drop(&mut self) {
        for number in self.idle.drain(..) {
            if let Some(fiber) = &mut self.slots[number].fiber {
                fiber.resume(Turn::End);
            }
        }
    }
}

/// The life of a fiber: one job after another.
fn live(executor: &OnFiber<'_>, mut turn: Turn) {
    while !matches!(turn, Turn::End) {
        if let Turn::Job(job) = turn {
            // Jobs catch the panics of contracts themselves; this keeps the fiber whole in any case.
            if catch_unwind(AssertUnwindSafe(|| job(executor))).is_err() {
                tracing::error!("a job of the shim panicked");
            }
        }
        turn = executor.yielder.suspend(Rest::Done);
    }
}

/// A fiber, as its job sees it.
struct OnFiber<'a> {
    yielder: &'a Yielder<Turn, Rest>,
    inbox: Arc<Inbox>,
    number: usize,
}

impl Executor for OnFiber<'_> {
    fn waker(&self) -> JobWaker {
        JobWaker::of_fiber(&self.inbox, self.number)
    }

    fn wake_task(&self, task: Waker) {
        self.inbox.wake_task(task);
    }

    fn pause(&self) {
        // The turn it gets is never a job: it has one.
        self.yielder.suspend(Rest::Paused);
    }
}
