//! Views: the ledger as one peer sees it. A view shows what its origin has, unless it stands still for a while, and
//! adds nothing of its own. Also the switches for what can go wrong with a ledger.

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak, atomic::Ordering};

use tokio::sync::watch;

use super::{CrashPoint, Ledger, LedgerError, lock, store::Snapshot};

impl Ledger {
    /// The ledger as somebody sees it who may be cut off from new blocks with [`Ledger::freeze`]. Blocks that are
    /// committed to a view go to its origin.
    pub fn view(self: &Arc<Self>) -> Arc<Self> {
        let origin = self.origin.as_ref().unwrap_or(self);
        let _between_blocks = lock(&origin.committing);
        let view = Arc::new(Self {
            channel_id: origin.channel_id.clone(),
            public: origin.public.clone(),
            organizations: origin.organizations.clone(),
            channel: RwLock::new(origin.channel()),
            signatures: origin.signatures.clone(),
            height: watch::Sender::new(origin.height()),
            recent: origin.recent.clone(),
            committing: Mutex::default(),
            crash: Mutex::default(),
            views: Mutex::default(),
            frozen: Mutex::default(),
            origin: Some(origin.clone()),
        });
        let mut views = lock(&origin.views);
        views.retain(|view| view.strong_count() > 0);
        views.push(Arc::downgrade(&view));
        view
    }

    /// Lets a view stand still: whoever looks at it sees no more blocks. Without effect on a ledger that is no view.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger cannot be read.
    pub fn freeze(&self) -> Result<(), LedgerError> {
        let Some(origin) = &self.origin else { return Ok(()) };
        let _between_blocks = lock(&origin.committing);
        let mut frozen = lock(&self.frozen);
        if frozen.is_none() {
            *frozen = Some(Arc::new(self.public.moment()?));
        }
        Ok(())
    }

    /// Ends [`Ledger::freeze`]: what came in the meantime is announced at once.
    pub fn thaw(&self) {
        let Some(origin) = &self.origin else { return };
        let _between_blocks = lock(&origin.committing);
        lock(&self.frozen).take();
        self.follow(origin);
    }

    /// Tells the views of a new block.
    pub(super) fn announce(&self) {
        let views: Vec<Arc<Self>> = lock(&self.views).iter().filter_map(Weak::upgrade).collect();
        views.iter().filter(|view| !view.is_frozen()).for_each(|view| view.follow(self));
    }

    pub(super) fn is_frozen(&self) -> bool {
        lock(&self.frozen).is_some()
    }

    /// The last block, or the moment at which a view stands still.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, LedgerError> {
        let frozen = lock(&self.frozen).clone();
        match frozen {
            Some(moment) => Snapshot::of(&moment),
            None => self.public.snapshot(),
        }
    }

    /// Says whether the peer of an organisation cannot be reached.
    pub(crate) fn set_away(&self, msp_id: &str, away: bool) {
        if let Some(stores) = self.organizations.get(msp_id) {
            stores.away.store(away, Ordering::Relaxed);
        }
    }

    /// Whether the peer of an organisation cannot be reached.
    pub(crate) fn is_away(&self, msp_id: &str) -> bool {
        self.organizations.get(msp_id).is_some_and(|stores| stores.away.load(Ordering::Relaxed))
    }

    /// Has the next block broken off. Afterwards this ledger takes no more blocks; open it again.
    pub(crate) fn crash(&self, point: CrashPoint) {
        let ledger = self.origin.as_deref().unwrap_or(self);
        *lock(&ledger.crash) = Some(point);
    }

    /// Ends the writing of a block when that was ordered for this point.
    pub(super) fn survive(&self, point: CrashPoint) -> Result<(), LedgerError> {
        match *lock(&self.crash) {
            Some(ordered) if ordered == point => Err(LedgerError::Crash),
            _ => Ok(()),
        }
    }

    fn follow(&self, origin: &Self) {
        *self.channel.write().unwrap_or_else(PoisonError::into_inner) = origin.channel();
        self.height.send_replace(origin.height());
    }
}
