//! Faults to order: what goes wrong in a real network by chance is switched on and off here through the
//! network's handle.
//!
//! The switches are methods of the library and nothing else: no address and no message of the network reaches them.
//! They change what nodes do, never what they say is true: a block or an endorsement is as genuine with faults as
//! without.

use std::time::Duration;

pub use crate::ledger::CrashPoint;
use crate::{orderer::OrderingNode, peer::Peer};

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
        self.peer.switches().refuse(Some(text));
    }

    /// Ends [`PeerFaults::refuse_endorsement`].
    pub fn endorse_again(self) {
        self.peer.switches().refuse(None);
    }

    /// Has every call of a chaincode by this peer take this much longer; zero ends it. The time counts towards the
    /// limit for a call, so a delay of that length or more lets every call time out.
    pub fn slow_chaincode(self, delay: Duration) {
        self.peer.switches().slow_chaincode(delay);
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
        self.peer.set_away(away);
    }
}

impl<'a> OrdererFaults<'a> {
    pub(crate) fn new(orderer: &'a OrderingNode) -> Self {
        Self { orderer }
    }

    /// Stops the orderer: its connections end, it takes no messages, and no more blocks are cut. What it had taken
    /// waits.
    pub fn stop(self) {
        self.orderer.switches().set_stopped(true);
    }

    /// Ends [`OrdererFaults::stop`].
    pub fn resume(self) {
        self.orderer.switches().set_stopped(false);
    }

    /// Has every block come this much later; zero ends it. A block that waits already begins to wait anew.
    pub fn delay(self, delay: Duration) {
        self.orderer.switches().set_delay(delay);
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

    /// Has the network die with the next block of any channel, at this point, as a machine does that loses its power:
    /// that block is not announced and nothing is ordered any more. Shut the network down and start it again on the
    /// same folder.
    pub fn crash(self, point: CrashPoint) {
        self.orderer.ledgers().iter().for_each(|ledger| ledger.crash(point));
    }

    fn set_full(self, is_full: bool) {
        self.orderer.ledgers().iter().for_each(|ledger| ledger.disk().set_full(is_full));
    }
}
