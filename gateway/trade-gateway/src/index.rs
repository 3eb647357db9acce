//! The index of the ledger behind this gateway: its database, and the task that reads blocks into it.
//!
//! It reads at the peer of the organization that lends the gateway's own identity. What it lists are records of the
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
    progress: OnceLock<watch::Receiver<Progress>>,
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
        Self { url, reader, open: OnceLock::new(), progress: OnceLock::new() }
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

    /// Waits until a block is taken in, for ever while nothing is read.
    pub(crate) async fn moved(&self) {
        let Some(mut progress) = self.progress.get().cloned() else { return std::future::pending().await };
        if progress.changed().await.is_err() {
            std::future::pending().await
        }
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
