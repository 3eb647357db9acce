//! `index`: looks after the index of a gateway, whether the gateway runs or not.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Subcommand};
use trade_gateway::{
    Settings,
    upkeep::{Standing, Upkeep},
};

use crate::output::{note, say};

/// What to do with an index.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show how far the index is, and the peer whose blocks it holds
    Status(Options),
    /// Forget what the index holds and read it anew from block 0
    Rebuild(Options),
    /// Compare each record with what the contract answers about it at the peer
    ///
    /// The exit status is 0 when nothing differs, 1 when something does or cannot be read, and 2 when the command is
    /// not understood. Lists whose records no transaction reads one by one are named.
    Verify(Options),
}

/// Which index.
#[derive(Debug, Args)]
pub struct Options {
    /// The settings of the gateway, YAML
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
}

/// Does what is asked. The exit status says whether something differs.
///
/// # Errors
/// The settings, the database or the peer cannot be used.
pub fn run(command: &Command) -> Result<ExitCode> {
    let (Command::Status(options) | Command::Rebuild(options) | Command::Verify(options)) = command;
    let settings = Settings::load(&options.settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let upkeep = Upkeep::open(&settings).await?;
        match command {
            Command::Status(_) => tell(&upkeep.standing().await?)?,
            Command::Rebuild(_) => {
                let told = |next, last| note(&format!("block {next} of {last}"));
                tell(&upkeep.rebuild(told).await?)?;
            }
            Command::Verify(_) => return verify(&upkeep).await,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn tell(standing: &Standing) -> Result<()> {
    let Standing { organization, next_block, newest } = standing;
    let lag = newest.saturating_add(1).saturating_sub(*next_block);
    say!("peer of {organization}: newest block {newest}; next block of the index {next_block}, {lag} behind")?;
    Ok(())
}

async fn verify(upkeep: &Upkeep) -> Result<ExitCode> {
    let compared = upkeep.compare().await?;
    for difference in &compared.differences {
        say!("{difference}")?;
    }
    say!("{} records are what the contracts answer, {} are not", compared.alike, compared.differences.len())?;
    say!("not compared, as no transaction reads them one by one: {}", compared.not_compared.join(", "))?;
    Ok(if compared.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
