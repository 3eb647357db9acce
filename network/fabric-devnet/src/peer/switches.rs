//! What is switched at a peer by those who order faults.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

/// Refusals are cut to this many characters.
const REFUSAL_MAX: usize = 1000;

/// What is switched at a peer.
#[derive(Default)]
pub(crate) struct PeerSwitches {
    away: watch::Sender<bool>,
    refusal: Mutex<Option<String>>,
    chaincode_delay: Mutex<Duration>,
}

impl PeerSwitches {
    /// Makes the peer unreachable or lets it answer again.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.send_replace(away);
    }

    /// Sets the text with which proposals are refused, cut to [`REFUSAL_MAX`] characters; without one they are taken.
    pub(crate) fn refuse(&self, text: Option<&str>) {
        *lock(&self.refusal) = text.map(|text| text.chars().take(REFUSAL_MAX).collect());
    }

    /// Sets how much longer calls of chaincode take.
    pub(crate) fn slow_chaincode(&self, delay: Duration) {
        *lock(&self.chaincode_delay) = delay;
    }

    /// Whether nobody can reach the peer.
    pub(crate) fn is_away(&self) -> bool {
        *self.away.borrow()
    }

    /// True while nobody can reach the peer.
    pub(crate) fn away(&self) -> watch::Receiver<bool> {
        self.away.subscribe()
    }

    /// The text with which proposals are refused.
    pub(crate) fn refusal(&self) -> Option<String> {
        lock(&self.refusal).clone()
    }

    /// How much longer calls of chaincode take.
    pub(crate) fn chaincode_delay(&self) -> Duration {
        *lock(&self.chaincode_delay)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole at every moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
