//! `index`: looks after the index of a gateway, whether the gateway runs or not.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use trade_gateway::upkeep::{Standing, Upkeep};

use serde_json::json;

use crate::{
    output::{Form, print_json, say},
    progress,
    roles::gateway::SettingsOptions,
};

/// What to do with an index.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show how far the index is, and the peer whose blocks it holds
    Status(SettingsOptions),
    /// Forget what the index holds and read it anew from block 0
    Rebuild(SettingsOptions),
    /// Compare each record with what the contract answers about it at the peer
    ///
    /// The exit status is 0 when nothing differs, 1 when something does or cannot be read, and 2 when the command is
    /// not understood. Lists whose records no transaction reads one by one are named.
    Verify(SettingsOptions),
}

/// Does what is asked. The exit status says whether something differs.
///
/// # Errors
/// The settings, the database or the peer cannot be used.
pub fn run(command: &Command, form: Form) -> Result<ExitCode> {
    let (Command::Status(options) | Command::Rebuild(options) | Command::Verify(options)) = command;
    let settings = options.load()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let upkeep = Upkeep::open(&settings).await?;
        match command {
            Command::Status(_) => tell(&upkeep.standing().await?, form)?,
            Command::Rebuild(_) => {
                let progress = progress::bar("reading blocks", upkeep.standing().await?.newest.saturating_add(1));
                let standing = upkeep.rebuild(|next, newest| progress.at(next, newest.saturating_add(1))).await;
                drop(progress);
                tell(&standing?, form)?;
            }
            Command::Verify(_) => return verify(&upkeep, form).await,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn tell(standing: &Standing, form: Form) -> Result<()> {
    let Standing { organization, next_block, newest } = standing;
    let lag = newest.saturating_add(1).saturating_sub(*next_block);
    form.answer(
        format_args!(
            "peer of {organization}: newest block {newest}; next block of the index {next_block}, {lag} behind"
        ),
        &json!({"organization": organization, "newest": newest, "next_block": next_block, "behind": lag}),
    )
}

async fn verify(upkeep: &Upkeep, form: Form) -> Result<ExitCode> {
    let progress = progress::spinner("comparing records with the contracts' answers");
    let compared = upkeep.compare().await;
    drop(progress);
    let compared = compared?;
    let code = if compared.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if form == Form::Json {
        let (alike, differences) = (compared.alike, &compared.differences);
        print_json(&json!({"alike": alike, "differences": differences, "not_compared": compared.not_compared}))?;
        return Ok(code);
    }
    for difference in &compared.differences {
        say!("{difference}")?;
    }
    say!("{} records are what the contracts answer, {} are not", compared.alike, compared.differences.len())?;
    say!("not compared, as no transaction reads them one by one: {}", compared.not_compared.join(", "))?;
    Ok(code)
}
