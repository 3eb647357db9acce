//! Writes the seeds of every decoder into a folder, one folder below it for each: `seeds FOLDER [LEDGER GENESIS]`.
//!
//! With the folder of an embedded network's ledger (not running) and its genesis block, also the blocks and
//! transactions that were recorded there.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use entrepot_fuzz::{decoders::ALL, seeds};
use fabric_protos::common::{Block, Envelope};
// Everything here is compiled for libFuzzer and needs its runtime, also what is not fuzzed itself.
use libfuzzer_sys as _;
use prost::Message;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(arguments.first().context("usage: seeds FOLDER [LEDGER GENESIS]")?);
    for (name, _) in ALL {
        for seed in seeds::of(name)? {
            keep(folder, name, &seed)?;
        }
    }
    if let [_, ledger, genesis] = arguments.as_slice() {
        record(folder, Path::new(ledger), Path::new(genesis))?;
    }
    Ok(())
}

fn record(folder: &Path, ledger: &Path, genesis: &Path) -> Result<()> {
    let genesis = Block::decode(&*fs::read(genesis)?)?;
    let ledger = fabric_devnet::ledger::Ledger::open(ledger, &genesis, &[])?;
    for number in 0..ledger.height() {
        let block = ledger.block(number)?.context("a block below the height")?;
        keep(folder, "block", &block.encode_to_vec())?;
        for envelope in block.data.iter().flat_map(|data| &data.data) {
            keep(folder, "envelope", envelope)?;
            keep(folder, "transaction", &Envelope::decode(&**envelope)?.payload)?;
        }
    }
    Ok(())
}

/// Under the name of its hash, so that a second run changes nothing.
fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let folder = folder.join(name);
    fs::create_dir_all(&folder)?;
    let digest = fabric_msp::hash::sha256(bytes);
    let file: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(folder.join(file), bytes).with_context(|| format!("{}", folder.display()))
}
