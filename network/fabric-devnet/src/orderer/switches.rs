//! What is switched at the orderer by those who order faults.

use std::time::Duration;

use tokio::{sync::watch, time};

/// What is switched at the orderer.
#[derive(Default)]
pub(crate) struct OrdererSwitches {
    away: watch::Sender<bool>,
    state: watch::Sender<OrdererState>,
}

#[derive(Clone, Copy, Debug, Default)]
struct OrdererState {
    stopped: bool,
    delay: Duration,
    /// The orderer ends for good, so nothing may hold it up.
    ending: bool,
}

impl OrdererSwitches {
    /// Has the orderer take no messages, cut no blocks and be unreachable, or go on.
    pub(crate) fn set_stopped(&self, stopped: bool) {
        self.state.send_modify(|state| state.stopped = stopped);
        self.away.send_replace(stopped);
    }

    /// Sets how much later each block comes.
    pub(crate) fn set_delay(&self, delay: Duration) {
        self.state.send_modify(|state| state.delay = delay);
    }

    /// Whether the orderer takes no messages.
    pub(crate) fn is_stopped(&self) -> bool {
        self.state.borrow().stopped
    }

    /// True while nobody can reach the orderer.
    pub(crate) fn away(&self) -> watch::Receiver<bool> {
        self.away.subscribe()
    }

    /// Lets everything pass from now on.
    pub(crate) fn end(&self) {
        self.state.send_modify(|state| state.ending = true);
    }

    /// Returns when the next block may go.
    pub(crate) async fn pass(&self) {
        let mut states = self.state.subscribe();
        loop {
            let state = *states.borrow_and_update();
            if state.ending || (!state.stopped && state.delay.is_zero()) {
                return;
            }
            let waited = async {
                match state.stopped {
                    true => std::future::pending().await,
                    false => time::sleep(state.delay).await,
                }
            };
            tokio::select! {
                () = waited => return,
                // The sender is borrowed, so it is still there.
                _ = states.changed() => {}
            }
        }
    }
}
