//! Views: the ledger as one peer sees it. A view shows what its origin has, unless it stands still for a while, and
//! adds nothing of its own. Also the switches for what can go wrong with a ledger.
//!
//! A peer may join a channel that its organization is no member of; the orderers then give it no blocks. Its view stands
//! at the last block that it was allowed to read, and goes on when the channel lets it in.

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak, atomic::Ordering};

use fabric_config::ChannelConfig;
use fabric_protos::common::{Block, Envelope, Metadata, OrdererBlockMetadata};
use prost::Message;
use redb::ReadTransaction;
use tokio::sync::watch;

use super::{
    CrashPoint, Ledger, LedgerError, OrganizationStores, lock, next_block,
    store::{PublicStore, Snapshot},
};

/// Why a view stands still, and where.
#[derive(Default)]
pub(super) struct Standstill {
    /// What is shown instead of the present.
    moment: Option<Moment>,
    /// New blocks are kept from the view on purpose.
    frozen: bool,
    /// The channel does not let the view's owner read.
    excluded: bool,
    /// The sequence of the configuration under which that was found out.
    considered: u64,
}

#[derive(Clone)]
struct Moment {
    transaction: Arc<ReadTransaction>,
    /// Where the moment is kept when it is not in the origin's own file.
    _kept_by: Option<Arc<Ledger>>,
}

impl Ledger {
    /// The ledger as somebody sees it who may be cut off from new blocks with [`Ledger::freeze`]. Blocks that are
    /// committed to a view go to its origin.
    pub fn view(self: &Arc<Self>) -> Arc<Self> {
        let origin = self.origin.as_ref().unwrap_or(self);
        let _between_blocks = lock(&origin.committing);
        origin.new_view(None, Standstill::default(), &origin.channel(), origin.height())
    }

    /// As [`Ledger::view`] for a peer, given by its encoded `SerializedIdentity`, which sees new blocks only while
    /// the channel lets it read them.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger cannot be read.
    pub fn view_of(self: &Arc<Self>, reader: &[u8]) -> Result<Arc<Self>, LedgerError> {
        let origin = self.origin.as_ref().unwrap_or(self);
        let _between_blocks = lock(&origin.committing);
        let channel = origin.channel();
        let mut standstill = Standstill { considered: channel.sequence(), ..Standstill::default() };
        if may_read(&channel, reader) {
            return Ok(origin.new_view(Some(reader), standstill, &channel, origin.height()));
        }
        let past = origin.replay(origin.last_readable(reader)?)?;
        standstill.excluded = true;
        standstill.moment =
            Some(Moment { transaction: Arc::new(past.public.moment()?), _kept_by: Some(Arc::clone(&past)) });
        Ok(origin.new_view(Some(reader), standstill, &past.channel(), past.height()))
    }

    /// Lets a view stand still: whoever looks at it sees no more blocks. Without effect on a ledger that is no view.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger cannot be read.
    pub fn freeze(&self) -> Result<(), LedgerError> {
        let Some(origin) = &self.origin else { return Ok(()) };
        let _between_blocks = lock(&origin.committing);
        let mut standstill = lock(&self.standstill);
        standstill.frozen = true;
        self.stand_still(&mut standstill)
    }

    /// Ends [`Ledger::freeze`]: what came in the meantime is announced at once.
    pub fn thaw(&self) {
        let Some(origin) = &self.origin else { return };
        let _between_blocks = lock(&origin.committing);
        lock(&self.standstill).frozen = false;
        self.follow(origin);
    }

    /// Whether two ledgers are one, or views of one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.public, &other.public)
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
                let mut standstill = lock(&view.standstill);
                standstill.excluded = true;
                view.stand_still(&mut standstill)?;
            }
        }
        Ok(())
    }

    pub(super) fn is_frozen(&self) -> bool {
        lock(&self.standstill).moment.is_some()
    }

    /// The last block, or the moment at which a view stands still.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, LedgerError> {
        let moment = lock(&self.standstill).moment.clone();
        match moment {
            Some(moment) => Snapshot::of(&moment.transaction),
            None => self.public.snapshot(),
        }
    }

    /// Says that the peer of an organization has joined the channel.
    pub(crate) fn set_joined(&self, msp_id: &str) {
        if let Some(stores) = self.organizations.get(msp_id) {
            stores.joined.store(true, Ordering::Relaxed);
        }
    }

    /// Says whether the peer of an organization cannot be reached.
    pub(crate) fn set_away(&self, msp_id: &str, away: bool) {
        if let Some(stores) = self.organizations.get(msp_id) {
            stores.away.store(away, Ordering::Relaxed);
        }
    }

    /// Whether the peer of an organization has joined the channel and can be reached.
    pub(crate) fn is_reachable(&self, msp_id: &str) -> bool {
        let is_there =
            |stores: &OrganizationStores| stores.joined.load(Ordering::Relaxed) && !stores.away.load(Ordering::Relaxed);
        self.organizations.get(msp_id).is_some_and(is_there)
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

    fn new_view(
        self: &Arc<Self>,
        reader: Option<&[u8]>,
        standstill: Standstill,
        channel: &Arc<ChannelConfig>,
        height: u64,
    ) -> Arc<Self> {
        let view = Arc::new(Self {
            channel_id: self.channel_id.clone(),
            public: self.public.clone(),
            organizations: self.organizations.clone(),
            channel: RwLock::new(Arc::clone(channel)),
            signatures: self.signatures.clone(),
            disk: self.disk.clone(),
            height: watch::Sender::new(height),
            recent: self.recent.clone(),
            committing: Mutex::default(),
            crash: Mutex::default(),
            views: Mutex::default(),
            reader: reader.map(<[u8]>::to_vec),
            standstill: Mutex::new(standstill),
            origin: Some(self.clone()),
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

    fn stand_still(&self, standstill: &mut Standstill) -> Result<(), LedgerError> {
        if standstill.moment.is_none() {
            standstill.moment = Some(Moment { transaction: Arc::new(self.public.moment()?), _kept_by: None });
        }
        Ok(())
    }

    /// Shows the present, unless something forbids it.
    fn follow(&self, origin: &Self) {
        let channel = origin.channel();
        let mut standstill = lock(&self.standstill);
        if standstill.considered != channel.sequence() || standstill.excluded {
            standstill.considered = channel.sequence();
            standstill.excluded = !self.is_readable_under(&channel);
        }
        if standstill.frozen || standstill.excluded {
            return;
        }
        standstill.moment = None;
        drop(standstill);
        *self.channel.write().unwrap_or_else(PoisonError::into_inner) = channel;
        self.height.send_replace(origin.height());
    }

    /// The number of the last block that was ordered while a reader was allowed to read, who is not allowed now; 0 when
    /// there is none, since the first block comes with joining.
    fn last_readable(&self, reader: &[u8]) -> Result<u64, LedgerError> {
        let mut number = self.snapshot()?.last_config()?;
        while let Some(before) = number.checked_sub(1) {
            let block = self.block(before)?.ok_or(LedgerError::Damaged("chain"))?;
            let config = last_config(&block).min(before);
            let block = self.block(config)?.ok_or(LedgerError::Damaged("configuration block"))?;
            if configuration(&block).is_some_and(|channel| may_read(&channel, reader)) {
                return Ok(before);
            }
            number = config;
        }
        Ok(0)
    }

    /// The chain up to a block, judged anew and kept in memory.
    fn replay(&self, last: u64) -> Result<Arc<Self>, LedgerError> {
        let first = self.block(0)?.ok_or(LedgerError::Damaged("first block"))?;
        let channel = configuration(&first).ok_or(LedgerError::Damaged("first block"))?;
        let public = PublicStore::in_memory()?;
        next_block::write_genesis(&public, &first)?;
        let ledger = Arc::new(Self {
            channel_id: self.channel_id.clone(),
            public: Arc::new(public),
            organizations: Arc::default(),
            channel: RwLock::new(Arc::new(channel)),
            signatures: self.signatures.clone(),
            disk: Arc::default(),
            height: watch::Sender::new(1),
            recent: Arc::default(),
            committing: Mutex::default(),
            crash: Mutex::default(),
            views: Mutex::default(),
            reader: None,
            standstill: Mutex::default(),
            origin: None,
        });
        for number in 1..=last {
            let block = self.block(number)?.ok_or(LedgerError::Damaged("chain"))?;
            ledger.commit(Block::clone(&block))?;
        }
        Ok(ledger)
    }
}

/// Whether the orderers would give somebody blocks.
fn may_read(channel: &ChannelConfig, reader: &[u8]) -> bool {
    let identity = channel.msps().deserialize(reader);
    identity.is_ok_and(|identity| channel.policy("/Channel/Readers").evaluate_identities(&[identity]).is_ok())
}

/// The configuration that a block holds.
fn configuration(block: &Block) -> Option<ChannelConfig> {
    let [envelope] = block.data.as_ref()?.data.as_slice() else { return None };
    ChannelConfig::from_envelope(&Envelope::decode(&**envelope).ok()?).ok()
}

/// The number of the last configuration block, as the orderer noted it in a block.
fn last_config(block: &Block) -> u64 {
    let entry = block.metadata.as_ref().and_then(|metadata| metadata.metadata.first());
    let value = entry.and_then(|entry| Metadata::decode(&**entry).ok()).map(|metadata| metadata.value);
    let noted = value.and_then(|value| OrdererBlockMetadata::decode(&*value).ok()).and_then(|noted| noted.last_config);
    noted.map_or(0, |last| last.index)
}
