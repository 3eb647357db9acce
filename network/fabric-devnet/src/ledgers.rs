//! The ledgers of this process, one for each channel, and who has joined which; kept in a folder, so that a restart
//! finds everybody where they were.
//!
//! A channel is its genesis block: two channels of one name that begin differently have a ledger each and never meet.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fabric_config::{
    ChannelConfig, ConfigError,
    block::{data_hash, header_hash},
};
use fabric_msp::private;
use fabric_protos::common::Block;
use prost::Message;

use crate::{
    ledger::{Finding, Ledger, LedgerError, Verification},
    state::file_name::{file_name, original_name},
};

/// The most channels of one network.
const CHANNELS_MAX: usize = 64;
const GENESIS_BLOCK: &str = "genesis.block";

/// Why a peer or an orderer cannot join a channel.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The bytes are no block.
    #[error("the block cannot be read: {0}")]
    Block(prost::DecodeError),
    /// The block does not describe a channel.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The block is not the first of its chain.
    #[error("block number should have been 0 but was {0}")]
    NotFirst(u64),
    /// The peer has joined a channel of this name.
    #[error("ledger [{0}] already exists with state [ACTIVE]")]
    Joined(String),
    /// The orderer orders a channel of this name.
    #[error("channel already exists")]
    Ordered(String),
    /// The channel does not let this orderer sign its blocks. On Fabric an orderer that is no consenter follows the
    /// others; here there are no others.
    #[error("this orderer cannot sign blocks of the channel: {0}")]
    NotOrderer(String),
    /// The organization has no peer here.
    #[error("{0} has no peer in this network")]
    NoPeer(String),
    /// The network has as many channels as it takes.
    #[error("this network has {CHANNELS_MAX} channels and takes no more")]
    TooMany,
    /// What the orderer has taken cannot be written, so that it cannot leave the channel.
    #[error("what was taken for the channel cannot be written: {0}")]
    Unwritable(String),
    /// A ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<prost::DecodeError> for JoinError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Block(error)
    }
}

/// A node that joins channels.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Member<'a> {
    Orderer,
    /// The peer that is called so in the folder: the first of an organization as the organization.
    Peer(&'a str),
}

/// All ledgers of a network.
pub(crate) struct Ledgers {
    folder: PathBuf,
    msp_ids: Vec<String>,
    /// By channel and hash of the genesis block.
    open: Mutex<BTreeMap<Key, Arc<Ledger>>>,
}

type Key = (String, [u8; 32]);

/// A genesis block that has been looked at.
pub(crate) struct GenesisBlock {
    pub(crate) block: Block,
    pub(crate) channel: ChannelConfig,
    hash: [u8; 32],
}

impl GenesisBlock {
    /// Checks a genesis block with which a node joins a channel.
    pub(crate) fn new(block: Block) -> Result<Self, JoinError> {
        let channel = ChannelConfig::from_genesis_block(&block)?;
        let header = block.header.as_ref().ok_or(ConfigError::Missing("header"))?;
        if header.number != 0 {
            return Err(JoinError::NotFirst(header.number));
        }
        let hash = header_hash(header);
        Ok(Self { block, channel, hash })
    }

    /// As [`GenesisBlock::new`] from encoded bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, JoinError> {
        Self::new(Block::decode(bytes)?)
    }

    /// Whether the data are those that the header names.
    fn is_whole(&self) -> bool {
        let (header, data) = (self.block.header.as_ref(), self.block.data.as_ref());
        header.zip(data).is_some_and(|(header, data)| header.data_hash == data_hash(data))
    }

    pub(crate) fn channel_id(&self) -> &str {
        self.channel.channel_id()
    }
}

impl Ledgers {
    /// The ledgers in a folder, with private stores for the peers of these organizations.
    pub(crate) fn new(folder: &Path, msp_ids: Vec<String>) -> Self {
        Self { folder: folder.to_owned(), msp_ids, open: Mutex::default() }
    }

    /// The ledger that begins with a block; a new one when there is none yet.
    pub(crate) fn open(&self, first: &GenesisBlock) -> Result<Arc<Ledger>, JoinError> {
        let mut open = self.lock();
        let key = (first.channel_id().to_owned(), first.hash);
        if let Some(ledger) = open.get(&key) {
            return Ok(Arc::clone(ledger));
        }
        if open.len() >= CHANNELS_MAX {
            return Err(JoinError::TooMany);
        }
        let folder = self.folder_of(first);
        // The genesis block is kept only when its ledger has been opened.
        if folder.join(GENESIS_BLOCK).is_file() {
            Ledger::check_store(&folder)?;
        }
        let ledger = Ledger::open(&folder, &first.block, &self.msp_ids)?;
        keep(&folder.join(GENESIS_BLOCK), &first.block.encode_to_vec())?;
        open.insert(key, Arc::clone(&ledger));
        Ok(ledger)
    }

    /// The genesis blocks of all ledgers in the folder.
    pub(crate) fn genesis_blocks(&self) -> Result<Vec<GenesisBlock>, JoinError> {
        let mut found = Vec::new();
        for channel in folders_in(&self.folder)? {
            for chain in folders_in(&channel)? {
                let path = chain.join(GENESIS_BLOCK);
                if path.is_file() {
                    let first = GenesisBlock::decode(&fs::read(&path).map_err(|cause| failed(&path, cause))?)?;
                    if self.folder_of(&first) != chain || !first.is_whole() {
                        return Err(LedgerError::from(Finding::Genesis(path)).into());
                    }
                    found.push(first);
                }
            }
        }
        Ok(found)
    }

    /// Looks through all ledgers in the folder, with the private stores of whichever organizations they have. Shows the
    /// blocks of each channel, by its name.
    pub(crate) fn verify_all(&self, seen: &mut dyn FnMut(&str, &Block)) -> Result<Vec<Verification>, JoinError> {
        let mut found = Vec::new();
        for first in self.genesis_blocks()? {
            let folder = self.folder_of(&first);
            let stores = folders_in(&folder.join("private"))?;
            let msp_ids: Vec<String> = stores.iter().filter_map(|store| original_name(store)).collect();
            Ledger::check_store(&folder)?;
            let channel_id = first.channel.channel_id().to_owned();
            found.push(Ledger::verify(&folder, &first.block, &msp_ids, &mut |block| seen(&channel_id, block))?);
        }
        Ok(found)
    }

    /// Notes on disk that a node has joined a channel.
    pub(crate) fn remember(&self, first: &GenesisBlock, member: Member<'_>) -> Result<(), JoinError> {
        let path = self.note(first, member);
        if path.is_file() { Ok(()) } else { Ok(keep(&path, b"")?) }
    }

    /// Notes on disk that a node has left a channel.
    pub(crate) fn forget(&self, first: &GenesisBlock, member: Member<'_>) -> Result<(), JoinError> {
        let path = self.note(first, member);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(failed(&path, cause).into()),
            _ => Ok(()),
        }
    }

    /// Whether a node has joined a channel, now or before a restart.
    pub(crate) fn remembers(&self, first: &GenesisBlock, member: Member<'_>) -> bool {
        self.note(first, member).is_file()
    }

    /// Has writes that find no space on the disk fail from now on, so that nothing waits for it any more.
    pub(crate) fn stop_waiting(&self) {
        self.lock().values().for_each(|ledger| ledger.disk().end());
    }

    /// Lets go of all ledgers; their files are closed when nobody else uses them.
    pub(crate) fn close(&self) -> Vec<Arc<Ledger>> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    fn folder_of(&self, first: &GenesisBlock) -> PathBuf {
        // A channel's name is checked and needs no change to be a file's; half a hash is enough to tell two chains
        // apart.
        self.folder.join(first.channel_id()).join(hex::encode(&first.hash[..16]))
    }

    fn note(&self, first: &GenesisBlock, member: Member<'_>) -> PathBuf {
        let folder = self.folder_of(first).join("joined");
        match member {
            Member::Orderer => folder.join("orderer"),
            Member::Peer(key) => folder.join(format!("peer-{}", file_name(key))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Arc<Ledger>>> {
        // The map is whole at every moment.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    let entries = match fs::read_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|cause| failed(folder, cause))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|cause| failed(folder, cause))?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Writes a file that is either there as a whole or not at all.
fn keep(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let write = || {
        private::create_folder(path.parent().unwrap_or(path))?;
        private::replace(path, &path.with_extension("new"), bytes, true)
    };
    write().map_err(|cause| failed(path, cause))
}

fn failed(path: &Path, cause: io::Error) -> LedgerError {
    LedgerError::File { path: path.to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ORGANIZATIONS, TestChannel};

    #[test]
    fn a_ledger_whose_blocks_are_gone_is_not_begun_anew() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledgers = || Ledgers::new(folder.path(), ORGANIZATIONS.map(str::to_owned).to_vec());
        let first = GenesisBlock::new(TestChannel::new().genesis.clone())?;
        drop(ledgers().open(&first)?);
        assert_eq!(ledgers().verify_all(&mut |_, _| {})?.len(), 1, "the control");
        let store = ledgers().folder_of(&first).join("ledger.redb");
        fs::remove_file(&store)?;
        let expected = format!("{} is gone", store.display());
        for refused in [ledgers().open(&first).map(drop), ledgers().verify_all(&mut |_, _| {}).map(drop)] {
            let told = refused.expect_err("nothing can be served").to_string();
            assert!(told.contains(&expected), "{told}");
        }
        assert!(!store.exists(), "looking leaves what there is as it is");
        Ok(())
    }
}
