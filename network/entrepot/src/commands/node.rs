//! `node`: one peer or orderer of a running network is stopped and started alone, to see what the others do without it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use fabric_client::health;
use fabric_operator::{
    generate,
    layout::{Layout, NodeAddresses},
    process::{POLL, started},
};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::folder::Folder;
use crate::output::Form;

/// How long a node may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to say how it is.
const HEALTH_PATIENCE: Duration = Duration::from_millis(500);

/// What to do with a node.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Stop a node of the running network, and leave it stopped until `node start` or the next `up`
    Stop(Options),
    /// Start a node again that `node stop` has stopped
    Start(Options),
}

/// Which node, and of which network.
#[derive(Debug, Args)]
pub struct Options {
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    folder: Folder,
    /// Its name, as `status` tells it: `peer0.exporter.entrepot.example`, `orderer0`
    #[arg(value_name = "NODE")]
    node: String,
}

/// Stops or starts the node, and waits until it has stopped or serves.
///
/// # Errors
/// No network runs in the folder, it has no such node, or the node takes longer than a minute.
pub fn run(command: &Command, form: Form) -> Result<()> {
    let (Options { folder, node }, stop) = match command {
        Command::Stop(options) => (options, true),
        Command::Start(options) => (options, false),
    };
    let layout = Layout::existing(&folder.dir)?;
    let running = layout.running()?.filter(|running| started(running.supervisor) == Some(running.supervisor_started));
    ensure!(running.is_some(), "no network runs in {}", layout.root().display());
    let consortium = generate::consortium(&layout, None)?;
    let addresses = layout.known_addresses()?.context("the network has no addresses")?;
    let nodes = addresses.nodes(&consortium);
    let names = || nodes.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let own = nodes.get(node).with_context(|| format!("there is no node {node}, only {}", names()))?;
    layout.set_stopped(node, stop)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let deadline = Instant::now() + PATIENCE;
    while !is_done(&layout, node, own, stop, &runtime)? {
        if Instant::now() > deadline {
            let what = if stop { "does not stop" } else { "does not serve" };
            bail!("{node} {what} within {} s; look into {}", PATIENCE.as_secs(), layout.path("logs").display());
        }
        std::thread::sleep(POLL);
    }
    let what = if stop { "is stopped" } else { "serves again" };
    form.answer(format_args!("{node} {what}."), &json!({"node": node, "stopped": stop}))
}

/// Whether the node has done what it was asked for. One that serves says how it is, and then listens; one that has
/// stopped does not say anything, and has no process of its own.
fn is_done(layout: &Layout, node: &str, own: &NodeAddresses<'_>, stop: bool, runtime: &Runtime) -> Result<bool> {
    let answers = runtime.block_on(health(&own.operations.to_string(), HEALTH_PATIENCE)).is_ok();
    if !stop {
        return Ok(answers && own.endpoint.listens());
    }
    let running = layout.running()?.map(|running| running.processes).unwrap_or_default();
    Ok(!answers && running.iter().all(|process| process.name != node))
}
