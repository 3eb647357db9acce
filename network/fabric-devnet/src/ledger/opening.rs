//! Opening a ledger: nothing is served from one that has been changed.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Instant};

use fabric_config::ChannelConfig;
use fabric_msp::private;
use fabric_protos::common::Block;

use super::{
    chain::Ledger,
    genesis::write_genesis,
    organization::OrganizationStores,
    verify::{Depth, Verification, verify},
};
use crate::{
    disk::Disk,
    state::{
        error::LedgerError, file_name::file_name, finding::Finding, private::PrivateStore, store::PublicStore,
        transient::TransientStore,
    },
};

/// The file of the public store in a ledger's folder.
const PUBLIC_STORE: &str = "ledger.redb";

impl Ledger {
    /// Opens the ledger in a folder, which is made when it is missing, and looks through what is there, for the channel
    /// of the given genesis block and the peers of the given organizations.
    ///
    /// # Errors
    /// [`LedgerError`] when files cannot be used, belong to another channel or have been changed.
    pub fn open(folder: &Path, genesis_block: &Block, msp_ids: &[String]) -> Result<Arc<Self>, LedgerError> {
        let began = Instant::now();
        let ledger = Self::unchecked(folder, genesis_block, msp_ids)?;
        let Verification { channel_id, blocks, transactions, .. } =
            verify(&ledger, genesis_block, Depth::Chain, &mut |_| {})?;
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(channel = channel_id, blocks, transactions, took_ms, "the ledger is in order");
        Ok(ledger)
    }

    /// Looks through the whole ledger in a folder, signatures and policies of transactions included, and shows each
    /// block after the first. Takes about as long as committing its blocks did, and as much memory as its state.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] names the first place that has been changed; otherwise as [`Ledger::open`].
    pub fn verify(
        folder: &Path,
        genesis_block: &Block,
        msp_ids: &[String],
        seen: &mut dyn FnMut(&Block),
    ) -> Result<Verification, LedgerError> {
        verify(&*Self::unchecked(folder, genesis_block, msp_ids)?, genesis_block, Depth::Transactions, seen)
    }

    /// Refuses a folder whose public store is gone: opening would begin a new one and throw away the private values
    /// that belong to the lost blocks.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] names the file.
    pub(crate) fn check_store(folder: &Path) -> Result<(), LedgerError> {
        let path = folder.join(PUBLIC_STORE);
        if path.is_file() { Ok(()) } else { Err(Finding::Gone(path).into()) }
    }

    fn unchecked(folder: &Path, genesis_block: &Block, msp_ids: &[String]) -> Result<Arc<Self>, LedgerError> {
        make_folder(folder)?;
        let disk = Arc::new(Disk::default());
        let public = Arc::new(PublicStore::open(&folder.join(PUBLIC_STORE), &disk)?);
        let mut snapshot = public.snapshot()?;
        if snapshot.height()? == 0 {
            write_genesis(&public, genesis_block)?;
            snapshot = public.snapshot()?;
        }
        let first = snapshot.block(0)?.ok_or(LedgerError::Damaged("genesis block"))?;
        if first.header != genesis_block.header {
            return Err(LedgerError::OtherGenesis);
        }
        let config_block =
            snapshot.block(snapshot.last_config()?)?.ok_or(LedgerError::Damaged("configuration block"))?;
        let channel =
            ChannelConfig::from_genesis_block(&config_block).map_err(|cause| LedgerError::Config(cause.to_string()))?;
        let height = snapshot.height()?;
        let mut organizations = BTreeMap::new();
        for msp_id in msp_ids {
            let folder = folder.join("private").join(file_name(msp_id));
            make_folder(&folder)?;
            let private = Arc::new(PrivateStore::open(&folder.join("private.redb"), height, &disk)?);
            let transient = TransientStore::open(&folder.join("transient"))?;
            organizations.insert(msp_id.clone(), OrganizationStores::new(private, transient));
        }
        disk.begin_to_wait();
        let stores = Self::over(public, Arc::new(channel), height);
        Ok(Arc::new(Self { organizations: Arc::new(organizations), disk, ..stores }))
    }
}

fn make_folder(folder: &Path) -> Result<(), LedgerError> {
    private::create_folder(folder).map_err(|cause| LedgerError::File { path: folder.to_owned(), cause })
}
