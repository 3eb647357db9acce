//! `demo`: the story of one trade, told on a fresh network through the REST gateway.
//!
//! Every step is checked: the story ends at the first one that does not hold, and the program then fails.

pub mod bypass;
mod calendar;
pub mod documents;
pub mod founding;
pub mod party;
pub mod rest;
pub mod running;
pub mod secrets;
mod story;
mod teller;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

pub use self::story::members;
use self::{
    running::{RunningNetwork, Start},
    story::Story,
    teller::Teller,
};

use crate::output::say;

/// What `demo` does.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Run on real Fabric: the folder of its `peer` and `orderer` programs
    #[arg(long, value_name = "DIR")]
    fabric_bin: Option<PathBuf>,
    /// Leave the network running and its folder in place
    #[arg(long)]
    keep: bool,
    /// The folder for the network; a temporary one when not given
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Tells the story.
///
/// # Errors
/// A step did not hold, or the network did not come up.
pub fn run(options: &Options) -> Result<()> {
    let temporary = tempfile::Builder::new().prefix("entrepot-demo-").tempdir().context("no temporary folder")?;
    let folder = options.dir.clone().unwrap_or_else(|| temporary.path().to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut teller = Teller::new();

    let kind = if options.fabric_bin.is_some() { "a network of Fabric peers" } else { "the embedded network" };
    teller.chapter(&format!("Six organizations start {kind}"));
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let started = RunningNetwork::start(&Start {
        program: &program,
        folder: &folder,
        fabric_bin: options.fabric_bin.as_deref(),
        keep: options.keep,
        log_filter: None,
    });
    let network = teller.step("peers, orderer, chaincode and gateway are up; the chaincode is committed", started)?;
    let story = teller.step("every party starts a process of its own", Story::new(&program, network.layout()))?;
    runtime.block_on(story.tell(&mut teller))?;
    drop(story);

    if options.keep {
        // The folder must stay with the network that lies in it.
        if options.dir.is_none() {
            let _ = temporary.keep();
        }
        teller.end();
        say!("\nThe network keeps running. Its gateway is https://{}.", network.addresses().gateway)?;
        say!("Stop it with: entrepot down --dir {}", network.layout().root().display())?;
        return Ok(());
    }
    teller.step("everything stopped in order", network.stop())?;
    teller.end();
    Ok(())
}
