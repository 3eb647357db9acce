//! What the leading thread does: it drives the streams and runs jobs as fibers between.

use std::sync::Arc;

use super::{fibers::Fibers, inbox::Inbox, pool::Pool};

/// Turns of fibers after which the streams are looked after again.
const TURNS_MAX: usize = 256;

/// Leads until another thread has become leader or the end has come, and the jobs on this thread's fibers are done.
pub(super) fn lead(pool: &Arc<Pool>) {
    let inbox = Arc::new(Inbox::default());
    let mut fibers = Fibers::new(&inbox);
    let mut ready = Vec::new();
    pool.leadership.take();
    pool.lock().leader = Some(Arc::clone(&inbox));
    // Jobs may have come while no thread was leading.
    inbox.wake();
    loop {
        let Some(runtime) = pool.runtime() else { break };
        runtime.block_on(inbox.called());
        drop(runtime);
        if pool.lock().closed {
            pool.end();
            break;
        }
        let aside = pool.leadership.step_aside();
        take_turns(pool, &inbox, &mut fibers, &mut ready, || pool.leadership.is_kept(&aside));
        if !pool.leadership.resume(aside) {
            break;
        }
    }
    while fibers.running() > 0 {
        inbox.wait();
        take_turns(pool, &inbox, &mut fibers, &mut ready, || false);
    }
}

/// Lets the fibers go on that may, and begins with waiting jobs for as long as `may_begin` says so.
fn take_turns(
    pool: &Arc<Pool>,
    inbox: &Inbox,
    fibers: &mut Fibers,
    ready: &mut Vec<usize>,
    may_begin: impl Fn() -> bool,
) {
    inbox.take(ready);
    for number in ready.drain(..) {
        if fibers.go_on(number) {
            pool.done();
        }
    }
    for _ in 0..TURNS_MAX {
        if !may_begin() {
            return;
        }
        let mut state = pool.lock();
        // Threads of their own take slow ones, as long as there are such threads.
        if pool.leadership.contracts_are_slow() && pool.wanted(&state) > 0 && pool.call_threads(&mut state) {
            return;
        }
        let Some(job) = pool.next(&mut state) else { return };
        drop(state);
        match fibers.begin(job) {
            Ok(true) => pool.done(),
            Ok(false) => {}
            Err((job, error)) => {
                tracing::warn!(%error, "no memory for a stack; the transaction waits");
                let mut state = pool.lock();
                state.running -= 1;
                state.waiting.push_front(job);
                return;
            }
        }
    }
    inbox.wake();
}
