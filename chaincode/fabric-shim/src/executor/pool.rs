//! What the threads of a server share: the jobs that wait, how many of them may run, and who can begin with the next.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::{runtime::Runtime, sync::watch};

use super::{inbox::Inbox, job::Job, leadership::Leadership};

/// The threads' common state.
pub(super) struct Pool {
    pub(super) leadership: Leadership,
    state: Mutex<State>,
    /// Wakes idle threads.
    pub(super) work: Condvar,
    /// Drives the streams. Taken out by the thread that ends it.
    runtime: Mutex<Option<Arc<Runtime>>>,
    pub(super) ended: watch::Sender<bool>,
    running_max: usize,
    waiting_max: usize,
    /// What each thread does.
    live: fn(&Arc<Pool>),
}

/// What changes, under one lock.
#[derive(Default)]
pub(super) struct State {
    pub(super) waiting: VecDeque<Job>,
    /// Jobs that have begun and not ended.
    pub(super) running: usize,
    pub(super) threads: usize,
    /// Threads that wait for something to do, and those on their way to it.
    pub(super) idle: usize,
    /// Whether some thread should become the leader.
    pub(super) lacks_leader: bool,
    /// Reaches the leader.
    pub(super) leader: Option<Arc<Inbox>>,
    pub(super) closed: bool,
}

/// No further job can be taken, or the threads have ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Pool {
    /// Bounds for jobs, but no threads yet; each will do what `live` says.
    pub(super) fn new(running_max: usize, waiting_max: usize, live: fn(&Arc<Self>)) -> Self {
        Self {
            leadership: Leadership::default(),
            state: Mutex::default(),
            work: Condvar::new(),
            runtime: Mutex::default(),
            ended: watch::Sender::new(false),
            running_max: running_max.max(1),
            waiting_max,
            live,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // No job runs under the lock, so what it guards is whole even after a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the threads the runtime that the leader drives.
    pub(super) fn set_runtime(&self, runtime: Runtime) {
        *self.runtime.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(runtime));
    }

    /// The runtime, until it has ended.
    pub(super) fn runtime(&self) -> Option<Arc<Runtime>> {
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the runtime, with all that it drives.
    pub(super) fn end(&self) {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(runtime);
        self.leadership.end();
        self.ended.send_replace(true);
    }

    /// Appends a job to those that wait.
    ///
    /// # Errors
    /// When as many jobs wait as may, or the pool is closed.
    pub(super) fn push(self: &Arc<Self>, job: Job) -> Result<(), Full> {
        let mut state = self.lock();
        let free = self.running_max.saturating_sub(state.running);
        if state.closed || state.waiting.len() >= self.waiting_max.saturating_add(free) {
            return Err(Full);
        }
        state.waiting.push_back(job);
        self.call(state);
        Ok(())
    }

    /// The next job, if one may begin.
    pub(super) fn next(&self, state: &mut State) -> Option<Job> {
        let job = if state.running < self.running_max { state.waiting.pop_front() } else { None };
        state.running += usize::from(job.is_some());
        job
    }

    /// Takes note that a job has ended, so that another may begin.
    pub(super) fn done(self: &Arc<Self>) {
        let mut state = self.lock();
        state.running -= 1;
        self.call(state);
    }

    /// How many jobs may begin.
    pub(super) fn wanted(&self, state: &State) -> usize {
        state.waiting.len().min(self.running_max.saturating_sub(state.running))
    }

    /// Sees to it that a thread begins with the waiting jobs that may begin.
    fn call(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if self.wanted(&state) == 0 {
            return;
        }
        let threads_help = self.leadership.contracts_are_slow() || state.leader.is_none();
        if threads_help && self.call_threads(&mut state) {
            return;
        }
        if let Some(leader) = &state.leader {
            leader.wake();
        }
    }

    /// Gets threads for the waiting jobs that may begin; false when there are none to get.
    pub(super) fn call_threads(self: &Arc<Self>, state: &mut State) -> bool {
        let wanted = self.wanted(state);
        while state.idle < wanted && state.threads <= self.running_max {
            if let Err(error) = self.add_thread(state) {
                tracing::warn!(%error, "no further thread; transactions run beside others");
                break;
            }
        }
        // New threads look by themselves; to wake one too many does no harm.
        for _ in 0..wanted.min(state.idle) {
            self.work.notify_one();
        }
        state.idle > 0
    }

    /// Starts a thread.
    pub(super) fn add_thread(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let pool = Arc::clone(self);
        thread::Builder::new().name("contract".to_owned()).spawn(move || (pool.live)(&pool))?;
        state.threads += 1;
        state.idle += 1;
        Ok(())
    }

    /// Makes another thread the leader.
    pub(super) fn replace_leader(self: &Arc<Self>) {
        let mut state = self.lock();
        state.lacks_leader = true;
        if let Some(leader) = state.leader.take() {
            leader.retire();
        }
        if state.idle > 0 {
            drop(state);
            self.work.notify_one();
        } else if let Err(error) = self.add_thread(&mut state) {
            tracing::error!(%error, "no thread for the streams; they wait for one that is busy");
        }
    }
}
