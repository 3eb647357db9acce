//! `ledger`: looks through the ledgers of an embedded network that does not run, or through the blocks that a peer
//! sends.

mod authors;
mod names;
mod peer;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use fabric_operator::{consortium::Consortium, generate, layout::Layout};

use self::{authors::Authors, names::Names};
use serde_json::{Value, json};

use crate::{
    output::{Form, print_json, say},
    progress,
};

/// What to do with ledgers.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify blocks, signatures, state and private data of all channels (the first change is named), and that every
    /// record was made by the organization for which it speaks (each that was not is named)
    ///
    /// A network that runs keeps its ledgers to itself: stop it with `entrepot down`, or ask a peer of it with --peer.
    Verify {
        /// The network's folder, or the folder of its ledgers
        #[arg(value_name = "DIR", env = "ENTREPOT_DIR", default_value = ".entrepot")]
        dir: PathBuf,
        /// Look at the records in the blocks that the running peer of this organization sends, on either kind of
        /// network, and leave the rest to that peer
        #[arg(long, value_name = "MSP_ID")]
        peer: Option<String>,
        /// The name of this program's chaincode on the channels; the one in the folder's consortium file when not given
        #[arg(long, value_name = "NAME")]
        chaincode: Option<String>,
    },
}

/// Looks through the ledgers of a folder, or the records in a peer's blocks.
///
/// # Errors
/// A ledger has been changed, a record was not made by the organization for which it speaks, the folder has no ledgers
/// of an embedded network that rests, or there is no such peer.
pub fn run(command: &Command, form: Form) -> Result<()> {
    let Command::Verify { dir, peer, chaincode } = command;
    let layout = Layout::existing(dir)?;
    let names = Names { given: chaincode.as_deref(), consortium: consortium(&layout)? };
    let progress = progress::spinner("looking through the ledgers");
    let looked = match peer {
        None => at_rest(&layout, dir, &names),
        Some(msp_id) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(peer::records(&layout, msp_id, &names)).map(|authors| (authors, Vec::new()))
        }
    };
    drop(progress);
    let (authors, verified) = looked?;
    match form {
        Form::Text => print_lines(&authors, &verified, &names)?,
        Form::Json => print_json(&document(&authors, &verified, &names))?,
    }
    let wrong: usize = authors.values().map(|authors| authors.findings().len()).sum();
    if let Some(name) = chaincode {
        ensure!(authors.values().any(Authors::has_written), "no chaincode named {name} has written anything");
    }
    ensure!(wrong == 0, "{wrong} things were found that the organizations for which records speak did not make");
    Ok(())
}

/// What is known of a network whose folder has a consortium file.
fn consortium(layout: &Layout) -> Result<Option<Consortium>> {
    layout.consortium_file().is_file().then(|| generate::consortium(layout, None)).transpose()
}

/// Everything there is to verify, and the records of each channel.
fn at_rest(
    layout: &Layout,
    dir: &Path,
    names: &Names<'_>,
) -> Result<(BTreeMap<String, Authors>, Vec<fabric_devnet::Verification>)> {
    let inside = layout.path("ledger");
    let data = if inside.is_dir() { inside } else { dir.to_owned() };
    ensure!(
        data.join("channels").is_dir(),
        "{} holds no ledgers of an embedded network; peers of Fabric keep their own, and --peer asks a running one",
        dir.display()
    );
    let mut authors: BTreeMap<String, Authors> = BTreeMap::new();
    let mut seen = |channel_id: &str, block: &_| {
        authors.entry(channel_id.to_owned()).or_default().add(&names.of(channel_id), block);
    };
    let verified = fabric_devnet::verify(&data, &mut seen);
    ensure!(
        !matches!(verified, Err(fabric_devnet::NetworkError::InUse(_))),
        "another process uses the ledgers in {}: `entrepot down` stops a network that runs, and with `--peer MSP_ID` this \
         command asks a peer of it",
        dir.display()
    );
    let verified = verified.with_context(|| format!("in {}", data.display()))?;
    Ok((authors, verified))
}

/// What was found, for programs.
fn document(authors: &BTreeMap<String, Authors>, verified: &[fabric_devnet::Verification], names: &Names<'_>) -> Value {
    let of_channel = |(channel_id, authors): (&String, &Authors)| {
        let (stamps, statements) = authors.counts();
        let findings: Vec<String> = authors.findings().iter().map(ToString::to_string).collect();
        let at_rest = verified.iter().find(|one| one.channel_id == *channel_id).map(
            |one| json!({"blocks": one.blocks, "transactions": one.transactions, "private_writes": one.private_writes}),
        );
        json!({
            "channel": channel_id, "chaincode": names.of(channel_id), "has_written": authors.has_written(),
            "stamps": stamps, "statements": statements, "findings": findings, "at_rest": at_rest,
        })
    };
    json!({"channels": authors.iter().map(of_channel).collect::<Vec<_>>()})
}

fn print_lines(
    authors: &BTreeMap<String, Authors>,
    verified: &[fabric_devnet::Verification],
    names: &Names<'_>,
) -> Result<()> {
    for one in verified {
        say!(
            "channel {}: {} blocks, {} transactions and {} private writes are in order",
            one.channel_id,
            one.blocks,
            one.transactions,
            one.private_writes
        )?;
    }
    authors.iter().try_for_each(|(channel_id, authors)| print(channel_id, names.of(channel_id), authors))
}

/// What there is to say about a channel's records.
fn print(channel_id: &str, chaincode: String, authors: &Authors) -> Result<()> {
    let wrong = authors.findings();
    if !authors.has_written() {
        say!("channel {channel_id}: the chaincode {chaincode} has written nothing")?;
    } else if wrong.is_empty() {
        let (stamps, statements) = authors.counts();
        say!(
            "channel {channel_id}: {stamps} stamps name the creators of their transactions, {statements} statements of \
             organizations bear digests of their own"
        )?;
    }
    wrong.iter().try_for_each(|finding| say!("channel {channel_id}: {finding}"))
}
