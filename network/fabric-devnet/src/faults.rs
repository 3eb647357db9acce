//! Faults to order: what goes wrong in a real network by chance is switched on and off here by whoever holds the
//! network's handle.
//!
//! The switches are methods of the library and nothing else: no address and no message of the network reaches them.
//! They change what nodes do, never what they say is true: a block or an endorsement is as genuine with faults as
//! without.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time};

pub use crate::ledger::CrashPoint;
use crate::{orderer::OrderingNode, peer::Peer};

/// Refusals are cut to this many characters.
const REFUSAL_MAX: usize = 1000;

/// The faults of one peer. Got from [`Network::peer_faults`](crate::Network::peer_faults); each stays until it is
/// switched off.
#[derive(Clone, Copy)]
pub struct PeerFaults<'a> {
    peer: &'a Peer,
}

/// The faults of the orderer. Got from [`Network::orderer_faults`](crate::Network::orderer_faults).
#[derive(Clone, Copy)]
pub struct OrdererFaults<'a> {
    orderer: &'a OrderingNode,
}

impl<'a> PeerFaults<'a> {
    pub(crate) fn new(peer: &'a Peer) -> Self {
        Self { peer }
    }

    /// Makes the peer unreachable: its connections end, new ones end at once, and other peers' gateways get no answer
    /// from it. They go on planning with it, as on Fabric until its silence is noticed. It does not count towards the
    /// peers that must get private data.
    pub fn drop_out(self) {
        self.set_away(true);
    }

    /// Lets a peer that was dropped answer again. It has all blocks and all private data, as after Fabric's
    /// reconciliation.
    pub fn come_back(self) {
        self.set_away(false);
    }

    /// Has every proposal refused with this text, cut to 1000 characters, after it was checked and before anything is
    /// simulated: the peer answers status 500, as it does when its own machinery fails.
    pub fn refuse_endorsement(self, text: &str) {
        *lock(&self.peer.switches().refusal) = Some(text.chars().take(REFUSAL_MAX).collect());
    }

    /// Ends [`PeerFaults::refuse_endorsement`].
    pub fn endorse_again(self) {
        *lock(&self.peer.switches().refusal) = None;
    }

    /// Has every call of a chaincode by this peer take this much longer; zero ends it. The time counts towards the
    /// limit for a call, so a delay of that length or more lets every call time out.
    pub fn slow_chaincode(self, delay: Duration) {
        *lock(&self.peer.switches().chaincode_delay) = delay;
    }

    /// Keeps new blocks of all channels from the peer. It goes on endorsing by the state that it has, and clients that
    /// ask it for blocks, events or commit statuses wait. What it is given to submit still reaches the orderer.
    ///
    /// # Errors
    /// [`LedgerError`](crate::ledger::LedgerError) when the ledger cannot be read.
    pub fn partition(self) -> Result<(), crate::ledger::LedgerError> {
        self.peer.channels().iter().try_for_each(|channel| channel.ledger().freeze())
    }

    /// Ends [`PeerFaults::partition`]: the peer has all blocks at once.
    pub fn heal(self) {
        self.peer.channels().iter().for_each(|channel| channel.ledger().thaw());
    }

    fn set_away(self, away: bool) {
        self.peer.channels().iter().for_each(|channel| channel.ledger().set_away(self.peer.msp_id(), away));
        self.peer.switches().away.send_replace(away);
    }
}

impl<'a> OrdererFaults<'a> {
    pub(crate) fn new(orderer: &'a OrderingNode) -> Self {
        Self { orderer }
    }

    /// Stops the orderer: its connections end, it takes no messages, and no more blocks are cut. What it had taken
    /// waits.
    pub fn stop(self) {
        self.change(|state| state.stopped = true);
        self.orderer.switches().away.send_replace(true);
    }

    /// Ends [`OrdererFaults::stop`].
    pub fn resume(self) {
        self.change(|state| state.stopped = false);
        self.orderer.switches().away.send_replace(false);
    }

    /// Has every block come this much later; zero ends it. A block that waits already begins to wait anew.
    pub fn delay(self, delay: Duration) {
        self.change(|state| state.delay = delay);
    }

    /// Has all ledgers of the orderer find no space on the disk: what has been taken waits to be written, and nothing
    /// more is taken. Their peers' private data is on the same disk.
    pub fn fill_disk(self) {
        self.set_full(true);
    }

    /// Ends [`OrdererFaults::fill_disk`].
    pub fn free_disk(self) {
        self.set_full(false);
    }

    /// Has the network die with the next block, of whichever channel, at this point, as a machine does that loses its power: that block is
    /// not announced and nothing is ordered any more. Shut the network down and start it again on the same folder.
    pub fn crash(self, point: CrashPoint) {
        self.orderer.ledgers().iter().for_each(|ledger| ledger.crash(point));
    }

    fn set_full(self, is_full: bool) {
        self.orderer.ledgers().iter().for_each(|ledger| ledger.disk().set_full(is_full));
    }

    fn change(self, change: impl FnOnce(&mut OrdererState)) {
        self.orderer.switches().state.send_modify(change);
    }
}

/// What is switched at a peer.
#[derive(Default)]
pub(crate) struct PeerSwitches {
    away: watch::Sender<bool>,
    refusal: Mutex<Option<String>>,
    chaincode_delay: Mutex<Duration>,
}

impl PeerSwitches {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole at every moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
