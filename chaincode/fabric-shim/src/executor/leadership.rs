//! Which thread leads, that is, drives the streams: one at a time, and never one that a contract holds up.
//!
//! The leader steps aside to run contracts and then resumes. When it stays aside because a contract computes or blocks,
//! the monitor makes another thread the leader, and the first learns of it when it wants to resume. Stepping aside and
//! resuming cost an atomic operation each; the monitor looks every few milliseconds, and sleeps when nothing moves.

use std::{
    fs,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// How often the monitor looks.
const TICK: Duration = Duration::from_millis(4);
/// Looks without any change after which the monitor sleeps.
const QUIET_TICKS: u32 = 5;
/// How long contracts keep threads of their own after the first slow one.
const SLOW_MIN: Duration = Duration::from_secs(10);
/// The longest time for which they keep them, however often contracts prove slow.
const SLOW_MAX: Duration = Duration::from_secs(600);

/// The leadership of one server's threads.
#[derive(Default)]
pub(super) struct Leadership {
    /// Even while the leader leads, odd while it is aside; grows with each step.
    steps: AtomicU64,
    /// The system's number of the thread that became leader last.
    leader: AtomicU64,
    /// Whether contracts are slow, so that each gets a thread of its own.
    slow: AtomicBool,
    asleep: AtomicBool,
    ended: AtomicBool,
    monitor: Mutex<Option<Thread>>,
}

/// The time that a leader spends aside, running contracts; holds the step with which it began.
pub(super) struct Aside(u64);

impl Leadership {
    /// Takes note that the current thread is the leader now.
    pub(super) fn take(&self) {
        self.leader.store(thread_number().unwrap_or(0), Ordering::Relaxed);
    }

    /// Begins a time aside. Until [`Leadership::resume`] the monitor may make another thread the leader.
    pub(super) fn step_aside(&self) -> Aside {
        let step = self.steps.fetch_add(1, Ordering::SeqCst) + 1;
        if self.asleep.swap(false, Ordering::SeqCst) {
            self.wake_monitor();
        }
        Aside(step)
    }

    /// Whether the thread that is aside is still the leader.
    pub(super) fn is_kept(&self, Aside(step): &Aside) -> bool {
        self.steps.load(Ordering::Relaxed) == *step
    }

    /// Ends a time aside; false when another thread is the leader now.
    pub(super) fn resume(&self, Aside(step): Aside) -> bool {
        self.steps.compare_exchange(step, step + 1, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Whether contracts are slow, so that a thread of their own costs little beside them.
    pub(super) fn contracts_are_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed)
    }

    /// Ends the monitor.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.wake_monitor();
    }

    /// Monitors the leader until the end, and calls `replace_leader` whenever another thread has to lead.
    pub(super) fn monitor(&self, replace_leader: impl Fn()) {
        *self.monitor.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        let mut slowness = Slowness::default();
        let mut seen = Look { step: 0, worked: None };
        let mut quiet = 0;
        while !self.ended.load(Ordering::SeqCst) {
            thread::park_timeout(TICK);
            self.slow.store(slowness.lasts(), Ordering::Relaxed);
            let step = self.steps.load(Ordering::SeqCst);
            let is_aside = step % 2 == 1;
            let worked = if is_aside { self.worked() } else { None };
            if is_aside && step == seen.step && self.is_held_up(seen.worked, worked) {
                let taken = self.steps.compare_exchange(step, step + 1, Ordering::SeqCst, Ordering::SeqCst).is_ok();
                if taken {
                    slowness.begin();
                    self.slow.store(true, Ordering::Relaxed);
                    replace_leader();
                }
            }
            quiet = if step == seen.step && !is_aside { quiet + 1 } else { 0 };
            seen = Look { step, worked };
            if quiet >= QUIET_TICKS && !slowness.lasts() {
                self.sleep(step);
                quiet = 0;
            }
        }
    }

    /// Sleeps until the leader steps aside, or until the end.
    fn sleep(&self, step: u64) {
        self.asleep.store(true, Ordering::SeqCst);
        // A leader that stepped aside before it could see the flag is seen here.
        while self.asleep.load(Ordering::SeqCst)
            && self.steps.load(Ordering::SeqCst) == step
            && !self.ended.load(Ordering::SeqCst)
        {
            thread::park();
        }
        self.asleep.store(false, Ordering::SeqCst);
    }

    fn wake_monitor(&self) {
        if let Some(thread) = &*self.monitor.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }

    /// Whether a contract holds the leader up: it computes or blocks. A thread that merely waits for a processor would
    /// not be helped by another one. Where the system does not tell, a contract is thought to be the reason.
    fn is_held_up(&self, before: Option<u64>, now: Option<u64>) -> bool {
        let (Some(before), Some(now)) = (before, now) else { return true };
        let computes = u128::from(now.saturating_sub(before)) >= TICK.as_nanos() / 2;
        computes || !self.is_runnable()
    }

    /// Nanoseconds of processor time that the leader has had.
    fn worked(&self) -> Option<u64> {
        let path = format!("/proc/self/task/{}/schedstat", self.leader.load(Ordering::Relaxed));
        fs::read_to_string(path).ok()?.split_whitespace().next()?.parse().ok()
    }

    fn is_runnable(&self) -> bool {
        let path = format!("/proc/self/task/{}/stat", self.leader.load(Ordering::Relaxed));
        let stat = fs::read_to_string(path).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('R'))
    }
}

struct Look {
    step: u64,
    worked: Option<u64>,
}

/// How long contracts are thought to be slow. Each time that they prove slow again soon after, it is for twice as long.
#[derive(Default)]
struct Slowness {
    until: Option<Instant>,
    length: Duration,
}

impl Slowness {
    fn lasts(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    fn begin(&mut self) {
        let now = Instant::now();
        let again = self.until.is_some_and(|until| now < until + self.length);
        self.length = if again { (self.length * 2).min(SLOW_MAX) } else { SLOW_MIN };
        self.until = Some(now + self.length);
    }
}

/// The number by which the system knows the current thread.
fn thread_number() -> Option<u64> {
    fs::read_link("/proc/thread-self").ok()?.file_name()?.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leader_resumes_unless_another_thread_has_become_leader() {
        let leadership = Leadership::default();
        let aside = leadership.step_aside();
        assert!(leadership.is_kept(&aside));
        assert!(leadership.resume(aside));
        let aside = leadership.step_aside();
        let step = leadership.steps.load(Ordering::SeqCst);
        assert!(leadership.steps.compare_exchange(step, step + 1, Ordering::SeqCst, Ordering::SeqCst).is_ok());
        assert!(!leadership.is_kept(&aside));
        assert!(!leadership.resume(aside), "another thread leads");
    }

    #[test]
    fn contracts_that_prove_slow_again_keep_their_threads_for_longer() {
        let mut slowness = Slowness::default();
        assert!(!slowness.lasts());
        let lengths: Vec<_> = (0..8)
            .map(|_| {
                slowness.begin();
                assert!(slowness.lasts());
                slowness.length.as_secs()
            })
            .collect();
        assert_eq!(lengths, [10, 20, 40, 80, 160, 320, 600, 600]);
    }
}
