//! Who drives the streams: one thread at a time, and never one that a contract holds up.
//!
//! The thread at the helm leaves it to run contracts and comes back. When it stays away because a contract computes or
//! blocks, the watch gives the helm to another thread, and the first learns of it when it comes back. Going and coming
//! cost an atomic operation each; the watch looks every few milliseconds, and sleeps when nothing moves.

use std::{
    fs,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// How often the watch looks.
const TICK: Duration = Duration::from_millis(4);
/// Looks without any change after which the watch sleeps.
const QUIET_TICKS: u32 = 5;
/// How long contracts keep threads of their own after one was found to be slow: at first, and at most.
const SLOW_FIRST: Duration = Duration::from_secs(10);
const SLOW_MAX: Duration = Duration::from_secs(600);

/// The helm of a server.
#[derive(Default)]
pub(crate) struct Helm {
    /// Even while somebody is at the helm, odd while they are away; grows with each step.
    steps: AtomicU64,
    /// The system's number of the thread that was last at the helm.
    holder: AtomicU64,
    /// Whether contracts are slow, so that each gets a thread of its own.
    slow: AtomicBool,
    asleep: AtomicBool,
    ended: AtomicBool,
    watch: Mutex<Option<Thread>>,
}

/// A thread's leave from the helm.
pub(crate) struct Leave(u64);

impl Helm {
    /// Takes note of the thread that has the helm now.
    pub(crate) fn take(&self) {
        self.holder.store(thread_number().unwrap_or(0), Ordering::Relaxed);
    }

    /// Leaves the helm. From now on the watch may give it to another thread.
    pub(crate) fn leave(&self) -> Leave {
        let step = self.steps.fetch_add(1, Ordering::SeqCst) + 1;
        if self.asleep.swap(false, Ordering::SeqCst) {
            self.rouse();
        }
        Leave(step)
    }

    /// Whether the leave has not been used by another thread.
    pub(crate) fn is_kept(&self, Leave(step): &Leave) -> bool {
        self.steps.load(Ordering::Relaxed) == *step
    }

    /// Comes back; false when another thread has the helm now.
    pub(crate) fn come_back(&self, Leave(step): Leave) -> bool {
        self.steps.compare_exchange(step, step + 1, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Whether contracts are slow, so that a thread of their own costs little beside them.
    pub(crate) fn contracts_are_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed)
    }

    /// Ends the watch.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.rouse();
    }

    /// Watches until the end, and calls `relieve` whenever another thread has to take the helm.
    pub(crate) fn watch(&self, relieve: impl Fn()) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        let mut slowness = Slowness::default();
        let mut seen = Look { step: 0, worked: None };
        let mut quiet = 0;
        while !self.ended.load(Ordering::SeqCst) {
            thread::park_timeout(TICK);
            self.slow.store(slowness.lasts(), Ordering::Relaxed);
            let step = self.steps.load(Ordering::SeqCst);
            let away = step % 2 == 1;
            let worked = if away { self.worked() } else { None };
            if away && step == seen.step && self.is_held_up(seen.worked, worked) {
                let taken = self.steps.compare_exchange(step, step + 1, Ordering::SeqCst, Ordering::SeqCst).is_ok();
                if taken {
                    slowness.begin();
                    self.slow.store(true, Ordering::Relaxed);
                    relieve();
                }
            }
            quiet = if step == seen.step && !away { quiet + 1 } else { 0 };
            seen = Look { step, worked };
            if quiet >= QUIET_TICKS && !slowness.lasts() {
                self.sleep(step);
                quiet = 0;
            }
        }
    }

    /// Sleeps until somebody leaves the helm, or until the end.
    fn sleep(&self, step: u64) {
        self.asleep.store(true, Ordering::SeqCst);
        // Whoever left before they could see the flag is seen here.
        while self.asleep.load(Ordering::SeqCst)
            && self.steps.load(Ordering::SeqCst) == step
            && !self.ended.load(Ordering::SeqCst)
        {
            thread::park();
        }
        self.asleep.store(false, Ordering::SeqCst);
    }

    fn rouse(&self) {
        if let Some(thread) = &*self.watch.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }

    /// Whether a contract holds the thread up: it computes or blocks. A thread that merely waits for a processor would
    /// not be helped by another one. Where the system does not tell, a contract is thought to be the reason.
    fn is_held_up(&self, before: Option<u64>, now: Option<u64>) -> bool {
        let (Some(before), Some(now)) = (before, now) else { return true };
        let computes = u128::from(now.saturating_sub(before)) >= TICK.as_nanos() / 2;
        computes || !self.is_runnable()
    }

    /// Nanoseconds of processor time that the holder has had.
    fn worked(&self) -> Option<u64> {
        let path = format!("/proc/self/task/{}/schedstat", self.holder.load(Ordering::Relaxed));
        fs::read_to_string(path).ok()?.split_whitespace().next()?.parse().ok()
    }

    fn is_runnable(&self) -> bool {
        let path = format!("/proc/self/task/{}/stat", self.holder.load(Ordering::Relaxed));
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
        self.length = if again { (self.length * 2).min(SLOW_MAX) } else { SLOW_FIRST };
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
    fn a_leave_is_used_by_one_side_only() {
        let helm = Helm::default();
        let leave = helm.leave();
        assert!(helm.is_kept(&leave));
        assert!(helm.come_back(leave));
        let leave = helm.leave();
        let step = helm.steps.load(Ordering::SeqCst);
        assert!(helm.steps.compare_exchange(step, step + 1, Ordering::SeqCst, Ordering::SeqCst).is_ok());
        assert!(!helm.is_kept(&leave));
        assert!(!helm.come_back(leave), "another thread has the helm");
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
