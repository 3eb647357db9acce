//! The threads of a server, seen from outside: started, given jobs, closed.

use std::{io, sync::Arc, thread};

use tokio::runtime::Runtime;

pub(crate) use super::pool::Full;
use super::{job::Executor, pool::Pool, worker};

/// The threads. Dropping it lets them finish what waits and then end.
pub(crate) struct Workers(Arc<Pool>);

impl Workers {
    /// Bounds for jobs, but no threads yet.
    pub(crate) fn new(running_max: usize, waiting_max: usize) -> Self {
        Self(Arc::new(Pool::new(running_max, waiting_max, worker::live)))
    }

    /// Starts a thread that drives `runtime`, and one that monitors it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(&self, runtime: Runtime) -> io::Result<()> {
        self.0.set_runtime(runtime);
        let pool = Arc::clone(&self.0);
        let monitor = move || pool.leadership.monitor(|| pool.replace_leader());
        thread::Builder::new().name("monitor".to_owned()).spawn(monitor)?;
        let mut state = self.0.lock();
        state.lacks_leader = true;
        self.0.add_thread(&mut state)
    }

    /// Runs `job`, now or when one that runs has ended, in the order of the calls.
    ///
    /// # Errors
    /// When as many jobs wait as may, or the workers are closed.
    pub(crate) fn run(&self, job: impl FnOnce(&dyn Executor) + Send + 'static) -> Result<(), Full> {
        self.0.push(Box::new(job))
    }

    /// Threads that exist, and jobs that have begun and not ended.
    pub(crate) fn threads_and_jobs(&self) -> (usize, usize) {
        let state = self.0.lock();
        (state.threads, state.running)
    }

    /// Takes no more jobs and ends the runtime, with all that it still drives.
    pub(crate) fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        if let Some(leader) = &state.leader {
            leader.wake();
        }
        drop(state);
        self.0.work.notify_all();
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

#[cfg(test)]
mod tests {
    use std::{error::Error, sync::mpsc, time::Duration};

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
        let (wakers, paused) = mpsc::channel();
        for index in 0..10 {
            let (sender, wakers) = (sender.clone(), wakers.clone());
            let job = move |executor: &dyn Executor| {
                let thread = thread::current().id();
                wakers.send(executor.waker()).unwrap_or_default();
                executor.pause();
                sender.send((index, thread, thread::current().id())).unwrap_or_default();
            };
            assert_eq!(workers.run(job), Ok(()));
        }
        drop(sender);
        for _ in 0..10 {
            let waker = paused.recv_timeout(PATIENCE)?;
            waker.wake();
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
        let blocking = move |_: &dyn Executor| {
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
        assert!(workers.0.leadership.contracts_are_slow());
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
            let job = move |_: &dyn Executor| {
                // No job goes on before all four have come, each blocking its thread.
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
        let job = move |_: &dyn Executor| {
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
    fn a_job_that_panics_frees_its_slot() -> Test {
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
            let job = move |executor: &dyn Executor| {
                match index % 4 {
                    0 => thread::sleep(Duration::from_millis(20)),
                    1 => {
                        executor.waker().wake();
                        executor.pause();
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
