//! The index of the ledger behind this gateway: its database, and the task that reads blocks into it.
//!
//! It reads at a peer of the organization that lends the gateway's own identity. What it lists are records of the
//! public ledger, which every member may read at its own peer; whose peer spoke stands in each answer.

mod answer;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::sync::watch;
use trade_index::{Follower, Progress, Reader, ReaderId, Store, StoreError};

pub use self::answer::{
    AsOf, ChangedAt, EventRow, EventsAnswer, FoundRow, HistoryAnswer, ListAnswer, ListedRow, SearchAnswer, VersionRow,
};
use crate::{ledger::Ledger, settings::Settings};

/// How long to wait before the database is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// How long the start waits for the database; afterwards it is tried beside the work.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The index behind this gateway.
pub(crate) struct Index {
    url: String,
    reader: Reader,
    open: OnceLock<Open>,
    progress: Arc<OnceLock<watch::Receiver<Progress>>>,
}

/// Tells one listener when blocks are taken in.
pub(crate) struct Moves {
    progress: Arc<OnceLock<watch::Receiver<Progress>>>,
    /// What this listener has seen; none before anything is read.
    seen: Option<watch::Receiver<Progress>>,
}

impl Moves {
    /// Waits until a block is taken in that came after the last wait; for ever while nothing is read. The first wait
    /// may end at once.
    pub(crate) async fn next(&mut self) {
        if self.seen.is_none() {
            self.seen = self.progress.get().cloned();
        }
        let Some(seen) = &mut self.seen else { return std::future::pending().await };
        if seen.changed().await.is_err() {
            // The follower is gone, and nothing moves any more.
            std::future::pending().await
        }
    }
}

/// A database that is open.
#[derive(Clone)]
pub(crate) struct Open {
    pub(crate) store: Store,
    pub(crate) reader: ReaderId,
}

/// The database's URL, and whose rows in it are this gateway's.
pub(crate) fn place_of(settings: &Settings) -> (String, Reader) {
    let reader = Reader {
        channel: settings.channel.clone(),
        organization: settings.service.msp_id.clone(),
        chaincode: settings.chaincode.clone(),
    };
    (settings.index.url(&settings.data_dir), reader)
}

impl Index {
    /// The index that the settings name, not yet open.
    pub(crate) fn new(settings: &Settings) -> Self {
        let (url, reader) = place_of(settings);
        Self { url, reader, open: OnceLock::new(), progress: Arc::default() }
    }

    /// Whose peer's blocks it holds.
    pub(crate) fn organization(&self) -> &str {
        &self.reader.organization
    }

    /// Its database; none while it cannot be used.
    pub(crate) fn opened(&self) -> Option<&Open> {
        self.open.get()
    }

    /// How far it has got; none while nothing is read.
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.progress.get().map(|progress| progress.borrow().clone())
    }

    /// What tells a listener of its own when blocks are taken in.
    pub(crate) fn moves(&self) -> Moves {
        Moves { progress: Arc::clone(&self.progress), seen: None }
    }

    /// Opens the database, if that takes no longer than the start may wait.
    pub(crate) async fn open_at_start(&self) {
        match tokio::time::timeout(FIRST_WAIT, self.open()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("the index cannot be used, which is tried again: {error}"),
            Err(_) => tracing::error!("the index's database does not answer, which is tried again"),
        }
    }

    async fn open(&self) -> Result<(), StoreError> {
        if self.open.get().is_none() {
            let store = Store::open(&self.url).await?;
            let reader = store.reader(&self.reader).await?;
            // Whichever was first stays.
            let _ = self.open.set(Open { store, reader });
        }
        Ok(())
    }

    /// Opens the database and reads blocks into it, for ever.
    pub(crate) async fn keep(self: Arc<Self>, ledger: Arc<dyn Ledger>) {
        while let Err(error) = self.open().await {
            tracing::error!("the index cannot be used, which is tried again: {error}");
            tokio::time::sleep(RETRY).await;
        }
        let (Some(open), Some(blocks)) = (self.opened(), ledger.blocks(self.organization())) else { return };
        let follower = Follower::new(open.store.clone(), self.reader.clone(), blocks);
        let _ = self.progress.set(follower.progress());
        drop(ledger);
        follower.run().await;
    }

    /// Lets go of the database.
    pub(crate) async fn close(&self) {
        if let Some(open) = self.opened() {
            open.store.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the next wait ends at once.
    async fn has_moved(moves: &mut Moves) -> bool {
        tokio::time::timeout(Duration::ZERO, moves.next()).await.is_ok()
    }

    #[tokio::test]
    async fn a_listener_waits_for_the_next_block_and_not_for_one_that_it_has_seen() {
        let sender = watch::Sender::new(Progress::default());
        let mut moves = Moves { progress: Arc::default(), seen: None };
        assert!(!has_moved(&mut moves).await, "nothing is read");
        assert!(moves.progress.set(sender.subscribe()).is_ok());
        for next_block in 1..4 {
            sender.send_replace(Progress { next_block, ..Progress::default() });
            assert!(has_moved(&mut moves).await, "block {next_block}");
            assert!(!has_moved(&mut moves).await, "only once");
        }
        drop(sender);
        assert!(!has_moved(&mut moves).await, "the follower is gone");
    }
}
