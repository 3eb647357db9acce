//! Views: the ledger as one peer sees it. A view shows what its origin has, unless it has halted for a while, and adds
//! nothing of its own. Also the switches for what can go wrong with a ledger.
//!
//! A peer may join a channel that its organization is no member of; the orderers then give it no blocks. Its view halts
//! at the last block that it was allowed to read, and goes on when the channel lets it in.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use fabric_config::ChannelConfig;
use fabric_protos::common::Block;

use super::{
    chain::{Ledger, lock},
    halt::{Halt, Moment},
    readable::{configuration, may_read},
};
use crate::state::error::LedgerError;

impl Ledger {
    /// The ledger for a peer that may be cut off from new blocks with [`Ledger::freeze`]. Blocks that are
    /// committed to a view go to its origin.
    pub fn view(self: &Arc<Self>) -> Arc<Self> {
        let origin = self.origin.as_ref().unwrap_or(self);
        let _between_blocks = lock(&origin.committing);
        origin.new_view(None, Halt::default(), &origin.channel(), origin.height())
    }

    /// Lets a view stand still: its readers see no more blocks. Without effect on a ledger that is no view.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger cannot be read.
    pub fn freeze(&self) -> Result<(), LedgerError> {
        let Some(origin) = &self.origin else { return Ok(()) };
        let _between_blocks = lock(&origin.committing);
        let mut halt = lock(&self.halt);
        halt.frozen = true;
        self.stand_still(&mut halt)
    }

    /// Ends [`Ledger::freeze`]: what came in the meantime is announced at once.
    pub fn thaw(&self) {
        let Some(origin) = &self.origin else { return };
        let _between_blocks = lock(&origin.committing);
        lock(&self.halt).frozen = false;
        self.follow(origin);
    }

    /// Tells the views of a new block.
    pub(super) fn announce(&self) {
        self.views().iter().for_each(|view| view.follow(self));
    }

    /// Lets the views stand still whose owners the channel shuts out with this block. As on Fabric they do not see the
    /// block that does it.
    pub(super) fn exclude_before(&self, block: &Block) -> Result<(), LedgerError> {
        let Some(next) = configuration(block) else { return Ok(()) };
        for view in self.views() {
            if !view.is_readable_under(&next) {
                let mut halt = lock(&view.halt);
                halt.excluded = true;
                view.stand_still(&mut halt)?;
            }
        }
        Ok(())
    }

    pub(super) fn new_view(
        self: &Arc<Self>,
        reader: Option<&[u8]>,
        halt: Halt,
        channel: &Arc<ChannelConfig>,
        height: u64,
    ) -> Arc<Self> {
        let view = Arc::new(Self {
            organizations: self.organizations.clone(),
            signatures: self.signatures.clone(),
            disk: self.disk.clone(),
            metrics: self.metrics.clone(),
            recent: self.recent.clone(),
            reader: reader.map(<[u8]>::to_vec),
            halt: Mutex::new(halt),
            origin: Some(self.clone()),
            ..Self::over(self.public.clone(), Arc::clone(channel), height)
        });
        let mut views = lock(&self.views);
        views.retain(|view| view.strong_count() > 0);
        views.push(Arc::downgrade(&view));
        view
    }

    fn views(&self) -> Vec<Arc<Self>> {
        lock(&self.views).iter().filter_map(Weak::upgrade).collect()
    }

    fn is_readable_under(&self, channel: &ChannelConfig) -> bool {
        self.reader.as_ref().is_none_or(|reader| may_read(channel, reader))
    }

    fn stand_still(&self, halt: &mut Halt) -> Result<(), LedgerError> {
        if halt.moment.is_none() {
            halt.moment = Some(Moment { snapshot: self.public.snapshot()?, _kept_by: None });
        }
        Ok(())
    }

    /// Shows the present, unless something forbids it.
    fn follow(&self, origin: &Self) {
        let channel = origin.channel();
        let mut halt = lock(&self.halt);
        if halt.considered != channel.sequence() || halt.excluded {
            halt.considered = channel.sequence();
            halt.excluded = !self.is_readable_under(&channel);
        }
        if halt.frozen || halt.excluded {
            return;
        }
        halt.moment = None;
        drop(halt);
        *self.channel.write().unwrap_or_else(PoisonError::into_inner) = channel;
        self.height.send_replace(origin.height());
    }
}
