//! Replays the ledger of a real Fabric peer and compares every validation code and every commit hash with its own.
//!
//! Set `ENTREPOT_FABRIC_CHAIN` to the folder of a channel below a peer's `ledgersData/chains/chains`. Without it the
//! test says so and passes. The hash covers codes, keys, values, versions and private hashes of a whole chain, so one
//! difference anywhere in validation or in state shows.

use std::{env, error::Error, fs, path::Path};

use fabric_config::ChannelConfig;
use fabric_devnet::ledger::Ledger;
use fabric_protos::common::{Block, BlockData, BlockHeader, BlockMetadata};

const FILTER: usize = 2;
const COMMIT_HASH: usize = 4;

#[test]
fn a_real_peers_blocks_get_the_same_codes_and_hashes() -> Result<(), Box<dyn Error>> {
    let Some(folder) = env::var_os("ENTREPOT_FABRIC_CHAIN") else {
        eprintln!("skipped: ENTREPOT_FABRIC_CHAIN does not name the chain of a real peer");
        return Ok(());
    };
    let blocks = read_chain(Path::new(&folder))?;
    let (genesis, rest) = blocks.split_first().ok_or("an empty chain")?;
    let channel = ChannelConfig::from_genesis_block(genesis)?;
    let msp_ids: Vec<String> = channel.application_orgs().map(|organization| organization.msp_id.clone()).collect();
    let own = tempfile::tempdir()?;
    let ledger = Ledger::open(own.path(), genesis, &msp_ids)?;
    for block in rest {
        let number = block.header.as_ref().map_or(0, |header| header.number);
        let committed = ledger.commit(block.clone())?;
        for entry in [FILTER, COMMIT_HASH] {
            assert_eq!(metadata(&committed, entry), metadata(block, entry), "block {number}, metadata {entry}");
        }
    }
    eprintln!("{} blocks replayed", blocks.len());
    Ok(())
}

fn metadata(block: &Block, entry: usize) -> Option<&[u8]> {
    block.metadata.as_ref()?.metadata.get(entry).map(Vec::as_slice)
}

/// Reads all block files of a chain in their order.
fn read_chain(folder: &Path) -> Result<Vec<Block>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("blockfile_")) {
            files.push(path);
        }
    }
    files.sort();
    let mut blocks = Vec::new();
    for file in files {
        let contents = fs::read(file)?;
        let mut rest = contents.as_slice();
        while !rest.is_empty() {
            blocks.push(read_block(take_bytes(&mut rest)?)?);
        }
    }
    Ok(blocks)
}

/// A block in the form in which peers keep it: number, data hash, previous hash, then envelopes and metadata, each a
/// count and as many byte strings.
fn read_block(mut bytes: &[u8]) -> Result<Block, Box<dyn Error>> {
    let rest = &mut bytes;
    let number = prost::encoding::decode_varint(rest)?;
    let data_hash = take_bytes(rest)?.to_vec();
    let previous_hash = take_bytes(rest)?.to_vec();
    let header = Some(BlockHeader { number, previous_hash, data_hash });
    let data = Some(BlockData { data: take_list(rest)? });
    let metadata = Some(BlockMetadata { metadata: take_list(rest)? });
    Ok(Block { header, data, metadata })
}

fn take_list(rest: &mut &[u8]) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let count = prost::encoding::decode_varint(rest)?;
    (0..count).map(|_| Ok(take_bytes(rest)?.to_vec())).collect()
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Box<dyn Error>> {
    let length = usize::try_from(prost::encoding::decode_varint(rest)?)?;
    let (taken, left) = rest.split_at_checked(length).ok_or("the file ends within a block")?;
    *rest = left;
    Ok(taken)
}
