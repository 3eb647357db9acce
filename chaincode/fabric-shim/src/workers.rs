//! The threads of a server: one drives the streams and runs quick contracts between, slow ones get threads of their own.
//!
//! Most contracts compute for microseconds and wait for the peer, so the thread that has read a message runs the
//! contract too, as a fiber, and no other thread is woken. A contract that computes for milliseconds would hold up the
//! streams: then another thread takes the helm, and for a while each contract is given a thread.
//!
//! The number of jobs that run is bounded, and so is the number that wait; they begin in the order in which they came.
//! Nothing here knows of transactions.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::{runtime::Runtime, sync::watch};

use crate::{
    fibers::Fibers,
    helm::Helm,
    place::{Inbox, OwnThread, Place},
};

/// How long an idle thread waits for work before it ends.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// Turns of fibers after which the streams are looked after again.
const TURNS_MAX: usize = 256;

/// Something to run, with a place to wait at.
pub(crate) type Job = Box<dyn FnOnce(&dyn Place) + Send>;

/// The threads. Dropping it lets them finish what waits and then end.
pub(crate) struct Workers(Arc<Shared>);

struct Shared {
    pool: Mutex<Pool>,
    wake: Condvar,
    helm: Helm,
    /// Drives the streams. Taken out by the thread that ends it.
    runtime: Mutex<Option<Arc<Runtime>>>,
    ended: watch::Sender<bool>,
    running_max: usize,
    waiting_max: usize,
}

#[derive(Default)]
struct Pool {
    waiting: VecDeque<Job>,
    /// Jobs that have begun and not ended.
    running: usize,
    threads: usize,
    /// Threads that wait for something to do, and those on their way to it.
    idle: usize,
    /// Whether some thread should take the helm.
    helm_is_free: bool,
    /// Reaches the thread at the helm.
    leader: Option<Arc<Inbox>>,
    closed: bool,
}

/// No job more can be taken, or the threads have ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Workers {
    /// Bounds for jobs, but no threads yet.
    pub(crate) fn new(running_max: usize, waiting_max: usize) -> Self {
        Self(Arc::new(Shared {
            pool: Mutex::default(),
            wake: Condvar::new(),
            helm: Helm::default(),
            runtime: Mutex::default(),
            ended: watch::Sender::new(false),
            running_max: running_max.max(1),
            waiting_max,
        }))
    }

    /// Starts a thread that drives `runtime`, and one that watches over it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(&self, runtime: Runtime) -> io::Result<()> {
        *self.0.runtime.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(runtime));
        let shared = Arc::clone(&self.0);
        let relieve = move || Shared::relieve(&shared);
        let shared = Arc::clone(&self.0);
        thread::Builder::new().name("watch".to_owned()).spawn(move || shared.helm.watch(relieve))?;
        let mut pool = self.0.lock();
        pool.helm_is_free = true;
        self.0.hire(&mut pool)
    }

    /// Runs `job`, now or when one that runs has ended, in the order of the calls.
    pub(crate) fn run(&self, job: impl FnOnce(&dyn Place) + Send + 'static) -> Result<(), Full> {
        let mut pool = self.0.lock();
        let free = self.0.running_max.saturating_sub(pool.running);
        if pool.closed || pool.waiting.len() >= self.0.waiting_max.saturating_add(free) {
            return Err(Full);
        }
        pool.waiting.push_back(Box::new(job));
        self.0.call(pool);
        Ok(())
    }

    /// Threads that exist, and jobs that have begun and not ended.
    pub(crate) fn threads_and_jobs(&self) -> (usize, usize) {
        let pool = self.0.lock();
        (pool.threads, pool.running)
    }

    /// Takes no more jobs and ends the runtime, with all that it still drives.
    pub(crate) fn close(&self) {
        let mut pool = self.0.lock();
        pool.closed = true;
        if let Some(leader) = &pool.leader {
            leader.poke();
        }
        drop(pool);
        self.0.wake.notify_all();
    }

    /// Waits until the runtime has ended.
    pub(crate) async fn ended(&self) {
        // The sender lives as long as this.
        drop(self.0.ended.subscribe().wait_for(|ended| *ended).await);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pool> {
        // No job runs under the lock, so what it guards is whole even after a panic elsewhere.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that somebody begins with the waiting jobs that may begin.
    fn call(self: &Arc<Self>, mut pool: MutexGuard<'_, Pool>) {
        if self.wanted(&pool) == 0 {
            return;
        }
        let threads_help = self.helm.contracts_are_slow() || pool.leader.is_none();
        if threads_help && self.call_threads(&mut pool) {
            return;
        }
        if let Some(leader) = &pool.leader {
            leader.poke();
        }
    }

    /// How many jobs may begin.
    fn wanted(&self, pool: &Pool) -> usize {
        pool.waiting.len().min(self.running_max.saturating_sub(pool.running))
    }

    /// Gets threads for the waiting jobs that may begin; false when there are none to get.
    fn call_threads(self: &Arc<Self>, pool: &mut Pool) -> bool {
        let wanted = self.wanted(pool);
        while pool.idle < wanted && pool.threads <= self.running_max {
            if let Err(error) = self.hire(pool) {
                tracing::warn!(%error, "no further thread; transactions run beside others");
                break;
            }
        }
        // New threads look by themselves; to wake one too many does no harm.
        for _ in 0..wanted.min(pool.idle) {
            self.wake.notify_one();
        }
        pool.idle > 0
    }

    /// Makes a thread.
    fn hire(self: &Arc<Self>, pool: &mut Pool) -> io::Result<()> {
        let shared = Arc::clone(self);
        thread::Builder::new().name("contract".to_owned()).spawn(move || shared.work())?;
        pool.threads += 1;
        pool.idle += 1;
        Ok(())
    }

    /// Finds another thread for the helm.
    fn relieve(self: &Arc<Self>) {
        let mut pool = self.lock();
        pool.helm_is_free = true;
        if let Some(leader) = pool.leader.take() {
            leader.retire();
        }
        if pool.idle > 0 {
            drop(pool);
            self.wake.notify_one();
        } else if let Err(error) = self.hire(&mut pool) {
            tracing::error!(%error, "no thread for the streams; they wait for one that is busy");
        }
    }

    /// The next job, if one may begin.
    fn next(&self, pool: &mut Pool) -> Option<Job> {
        let job = if pool.running < self.running_max { pool.waiting.pop_front() } else { None };
        pool.running += usize::from(job.is_some());
        job
    }

    /// The life of a thread.
    fn work(self: &Arc<Self>) {
        let mut pool = self.lock();
        // Counted as idle from its creation, so that a job on its way to a new thread does not look like a waiting one.
        pool.idle -= 1;
        loop {
            if pool.helm_is_free {
                pool.helm_is_free = false;
                drop(pool);
                self.lead();
                pool = self.lock();
                continue;
            }
            if let Some(job) = self.next(&mut pool) {
                drop(pool);
                // Jobs catch the panics of contracts themselves; this keeps the counts right in any case.
                if catch_unwind(AssertUnwindSafe(|| job(&OwnThread))).is_err() {
                    tracing::error!("a job of the shim panicked");
                }
                pool = self.lock();
                pool.running -= 1;
                continue;
            }
            if pool.closed {
                break;
            }
            pool.idle += 1;
            let (woken, timeout) = self.wake.wait_timeout(pool, IDLE_MAX).unwrap_or_else(PoisonError::into_inner);
            pool = woken;
            pool.idle -= 1;
            if timeout.timed_out() && pool.waiting.is_empty() && !pool.helm_is_free {
                break;
            }
        }
        pool.threads -= 1;
    }

    /// Drives the streams and runs jobs as fibers, until another thread has taken over or the end has come, and its own
    /// jobs are done.
    fn lead(self: &Arc<Self>) {
        let inbox = Arc::new(Inbox::default());
        let mut fibers = Fibers::new(&inbox);
        let mut ready = Vec::new();
        self.helm.take();
        self.lock().leader = Some(Arc::clone(&inbox));
        // Jobs may have come while nobody was at the helm.
        inbox.poke();
        loop {
            let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let Some(runtime) = runtime else { break };
            runtime.block_on(inbox.called());
            drop(runtime);
            if self.lock().closed {
                self.end();
                break;
            }
            let leave = self.helm.leave();
            self.take_turns(&inbox, &mut fibers, &mut ready, || self.helm.is_kept(&leave));
            if !self.helm.come_back(leave) {
                break;
            }
        }
        while fibers.running() > 0 {
            inbox.wait();
            self.take_turns(&inbox, &mut fibers, &mut ready, || false);
        }
    }

    /// Lets the fibers go on that may, and begins with waiting jobs for as long as `may_begin` says so.
    fn take_turns(
        self: &Arc<Self>,
        inbox: &Inbox,
        fibers: &mut Fibers,
        ready: &mut Vec<usize>,
        may_begin: impl Fn() -> bool,
    ) {
        inbox.take(ready);
        for number in ready.drain(..) {
            if fibers.go_on(number) {
                self.done();
            }
        }
        for _ in 0..TURNS_MAX {
            if !may_begin() {
                return;
            }
            let mut pool = self.lock();
            // Threads of their own take slow ones, as long as there are such threads.
            if self.helm.contracts_are_slow() && self.wanted(&pool) > 0 && self.call_threads(&mut pool) {
                return;
            }
            let Some(job) = self.next(&mut pool) else { return };
            drop(pool);
            match fibers.begin(job) {
                Ok(true) => self.done(),
                Ok(false) => {}
                Err((job, error)) => {
                    tracing::warn!(%error, "no memory for a stack; the transaction waits");
                    let mut pool = self.lock();
                    pool.running -= 1;
                    pool.waiting.push_front(job);
                    return;
                }
            }
        }
        inbox.poke();
    }

    /// A fiber's job is done, so another may begin.
    fn done(self: &Arc<Self>) {
        let mut pool = self.lock();
        pool.running -= 1;
        self.call(pool);
    }

    /// Ends the runtime, with all that it drives.
    fn end(&self) {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(runtime);
        self.helm.end();
        self.ended.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error, sync::mpsc};

    use tokio::runtime::{Builder, Handle};

    use super::*;

    type Test = Result<(), Box<dyn Error>>;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn workers(running_max: usize, waiting_max: usize) -> io::Result<(Workers, Handle)> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let workers = Workers::new(running_max, waiting_max);
        workers.start(runtime)?;
        Ok((workers, handle))
    }

    #[test]
    fn jobs_begin_in_order_and_no_more_run_than_may() -> Test {
        let (workers, _) = workers(1, 100)?;
        let (sender, receiver) = mpsc::channel();
        for index in 0..50 {
            let sender = sender.clone();
            assert_eq!(workers.run(move |_| sender.send(index).unwrap_or_default()), Ok(()));
        }
        drop(sender);
        assert_eq!(receiver.iter().collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
        Ok(())
    }

    #[test]
    fn jobs_that_wait_share_a_thread() -> Test {
        let (workers, _) = workers(10, 0)?;
        let (sender, receiver) = mpsc::channel();
        let (wakes, paused) = mpsc::channel();
        for index in 0..10 {
            let (sender, wakes) = (sender.clone(), wakes.clone());
            let job = move |place: &dyn Place| {
                let thread = thread::current().id();
                wakes.send(place.wake()).unwrap_or_default();
                place.pause();
                sender.send((index, thread, thread::current().id())).unwrap_or_default();
            };
            assert_eq!(workers.run(job), Ok(()));
        }
        drop(sender);
        for _ in 0..10 {
            let wake = paused.recv_timeout(PATIENCE)?;
            wake.wake();
            let (_, before, after) = receiver.recv_timeout(PATIENCE)?;
            assert_eq!(before, after, "a fiber stays on its thread");
        }
        Ok(())
    }

    #[test]
    fn a_job_that_blocks_holds_up_neither_the_runtime_nor_other_jobs() -> Test {
        let (workers, runtime) = workers(3, 0)?;
        let (hold, held) = mpsc::channel::<()>();
        let (began, beginning) = mpsc::channel();
        let blocking = move |_: &dyn Place| {
            began.send(()).unwrap_or_default();
            held.recv().unwrap_or_default();
        };
        assert_eq!(workers.run(blocking), Ok(()));
        beginning.recv_timeout(PATIENCE)?;
        let (sender, receiver) = mpsc::channel();
        let task = sender.clone();
        runtime.spawn(async move { task.send("task").unwrap_or_default() });
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok("task"));
        assert_eq!(workers.run(move |_| sender.send("job").unwrap_or_default()), Ok(()));
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok("job"));
        assert!(workers.0.helm.contracts_are_slow());
        drop(hold);
        Ok(())
    }

    #[test]
    fn slow_jobs_run_side_by_side() -> Test {
        let (workers, _) = workers(4, 0)?;
        let barrier = Arc::new(std::sync::Barrier::new(4));
        let (sender, receiver) = mpsc::channel();
        for _ in 0..4 {
            let (barrier, sender) = (Arc::clone(&barrier), sender.clone());
            let job = move |_: &dyn Place| {
                // Nobody goes on before all four have come, each blocking its thread.
                barrier.wait();
                sender.send(()).unwrap_or_default();
            };
            assert_eq!(workers.run(job), Ok(()));
        }
        for _ in 0..4 {
            receiver.recv_timeout(PATIENCE)?;
        }
        Ok(())
    }

    #[test]
    fn what_does_not_fit_is_refused() -> Test {
        let (workers, _) = workers(1, 1)?;
        let (hold, held) = mpsc::channel::<()>();
        let (began, beginning) = mpsc::channel();
        let job = move |_: &dyn Place| {
            began.send(()).unwrap_or_default();
            held.recv().unwrap_or_default();
        };
        assert_eq!(workers.run(job), Ok(()));
        beginning.recv_timeout(PATIENCE)?;
        assert_eq!(workers.run(|_| ()), Ok(()));
        assert_eq!(workers.run(|_| ()), Err(Full));
        drop(hold);
        Ok(())
    }

    #[test]
    fn a_panicking_job_does_not_cost_its_place() -> Test {
        let (workers, _) = workers(1, 10)?;
        assert_eq!(workers.run(|_| panic!("on purpose")), Ok(()));
        let (sender, receiver) = mpsc::channel();
        assert_eq!(workers.run(move |_| sender.send(()).unwrap_or_default()), Ok(()));
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok(()));
        Ok(())
    }

    #[test]
    fn no_thread_is_left_when_the_end_has_come() -> Test {
        let (workers, _) = workers(8, 100)?;
        let (sender, receiver) = mpsc::channel();
        for index in 0..40 {
            let sender = sender.clone();
            let job = move |place: &dyn Place| {
                match index % 4 {
                    0 => thread::sleep(Duration::from_millis(20)),
                    1 => {
                        place.wake().wake();
                        place.pause();
                    }
                    2 => panic!("on purpose"),
                    _ => {}
                }
                sender.send(()).unwrap_or_default();
            };
            assert_eq!(workers.run(job), Ok(()));
        }
        drop(sender);
        assert_eq!(receiver.iter().count(), 30);
        workers.close();
        let end = std::time::Instant::now() + PATIENCE;
        while workers.threads_and_jobs() != (0, 0) {
            assert!(std::time::Instant::now() < end, "{:?}", workers.threads_and_jobs());
            thread::yield_now();
        }
        Ok(())
    }

    #[tokio::test]
    async fn the_end_comes_while_a_job_blocks_and_drops_what_the_runtime_had() -> Test {
        let (workers, runtime) = workers(2, 0)?;
        let (hold, held) = mpsc::channel::<()>();
        assert_eq!(workers.run(move |_| held.recv().unwrap_or_default()), Ok(()));
        let (owned, dropped) = tokio::sync::oneshot::channel::<()>();
        runtime.spawn(async move {
            std::future::pending::<()>().await;
            drop(owned);
        });
        workers.close();
        tokio::time::timeout(PATIENCE, workers.ended()).await?;
        assert!(dropped.await.is_err(), "the task is gone");
        assert_eq!(workers.run(|_| ()), Err(Full));
        drop(hold);
        Ok(())
    }
}
