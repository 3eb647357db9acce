//! `status`: what runs in a folder, what each process uses, and the channels.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use fabric_client::{Health, health};
use fabric_operator::{
    consortium::Consortium,
    endpoint::Endpoint,
    generate,
    layout::{Addresses, Layout, RunningProcess, peer_name},
    network::Network,
};

use serde::Serialize;

use super::health::in_words;
use crate::{
    causes::in_one_line,
    output::{Form, print_json, say},
};

/// How long a node may take to say how it is.
const HEALTH_PATIENCE: Duration = Duration::from_millis(500);

/// What there is to say about a network.
#[derive(Serialize)]
struct Status {
    folder: PathBuf,
    runs: bool,
    processes: Vec<ProcessStatus>,
    gateway: String,
    gateway_listens: bool,
    peers: Vec<NodeStatus>,
    orderers: Vec<NodeStatus>,
    chaincode: Endpoint,
    chaincode_listens: bool,
    /// As of a node; folders that were laid out by an early version have none.
    chaincode_operations: Option<Endpoint>,
    chaincode_unwell: Option<String>,
    channels: Vec<ChannelStatus>,
}

#[derive(Serialize)]
struct ProcessStatus {
    name: String,
    pid: u32,
    /// None when it has ended.
    usage: Option<Usage>,
}

#[derive(Serialize)]
struct NodeStatus {
    /// As `node` takes it.
    name: String,
    /// The organization of a peer, the host name of an orderer.
    of: String,
    /// Whether it was stopped by `node stop`.
    stopped: bool,
    endpoint: Endpoint,
    listens: bool,
    /// Where it tells health and metrics over HTTP.
    operations: Endpoint,
    /// What it says when it is not well. A node that does not say how it is, such as one that does not run, is shown by
    /// what listens.
    unwell: Option<String>,
}

#[derive(Serialize)]
struct ChannelStatus {
    channel: String,
    state: String,
    organizations: Vec<String>,
}

/// Shows the network of this folder.
///
/// # Errors
/// No network was ever started there.
pub fn run(folder: &Path, form: Form) -> Result<()> {
    let layout = Layout::existing(folder)?;
    let addresses =
        layout.known_addresses()?.with_context(|| format!("there is no network in {}", layout.root().display()))?;
    let running = layout.running()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let process = |one: &RunningProcess| ProcessStatus { name: one.name.clone(), pid: one.id, usage: usage(one.id) };
    let consortium = generate::consortium(&layout, None)?;
    let stopped = if running.is_some() { layout.stopped()? } else { BTreeSet::new() };
    let node = |name: String, of: &str, endpoint: &Endpoint, operations: &Endpoint| NodeStatus {
        of: of.to_owned(),
        stopped: stopped.contains(&name),
        // The embedded network listens for a node that is stopped, and ends the connections.
        listens: !stopped.contains(&name) && endpoint.listens(),
        name,
        endpoint: endpoint.clone(),
        operations: operations.clone(),
        unwell: runtime.block_on(unwell(operations)),
    };
    let peers = consortium.organizations.iter().flat_map(|one| {
        let own = addresses.peers_of(&one.msp_id).iter().enumerate();
        own.map(move |(number, peer)| (peer_name(&one.domain, number), one.msp_id.as_str(), peer))
    });
    let status = Status {
        folder: layout.root().to_owned(),
        runs: running.is_some(),
        processes: running.iter().flat_map(|running| &running.processes).map(process).collect(),
        gateway: format!("https://{}", addresses.gateway),
        gateway_listens: Endpoint::from(addresses.gateway).listens(),
        peers: peers.map(|(name, of, peer)| node(name, of, &peer.endpoint, &peer.operations)).collect(),
        orderers: addresses
            .orderers
            .iter()
            .map(|one| node(one.node.clone(), &one.node, &one.endpoint, &one.operations))
            .collect(),
        chaincode: addresses.chaincode.clone(),
        chaincode_listens: addresses.chaincode.listens(),
        chaincode_operations: addresses.chaincode_operations.clone(),
        chaincode_unwell: addresses.chaincode_operations.as_ref().and_then(|own| runtime.block_on(unwell(own))),
        channels: channels(&layout, &consortium, &addresses, &runtime)?,
    };
    match form {
        Form::Text => show(&status),
        Form::Json => print_json(&status),
    }
}

fn show(status: &Status) -> Result<()> {
    say!("{:<34} {:>8} {:>10} {:>10}", "process", "pid", "memory MB", "CPU s")?;
    for ProcessStatus { name, pid, usage } in &status.processes {
        match usage {
            Some(usage) => say!("{name:<34} {pid:>8} {:>10.1} {:>10.2}", usage.memory_mb, usage.cpu_seconds)?,
            None => say!("{name:<34} {pid:>8}      ended")?,
        }
    }
    if !status.runs {
        say!("nothing runs")?;
    }
    say!()?;
    say!("gateway   {}  {}", status.gateway, state(status.gateway_listens))?;
    let nodes = status.peers.iter().map(|peer| ("peer   ", peer));
    for (kind, node) in nodes.chain(status.orderers.iter().map(|orderer| ("orderer", orderer))) {
        let told = told(Some(&node.operations), node.unwell.as_deref());
        let state = if node.stopped { "stopped" } else { state(node.listens) };
        let of = if node.of == node.name { String::new() } else { format!("{}  ", node.of) };
        say!("{kind}   {}  {state}  {of}{}{told}", node.endpoint, node.name)?;
    }
    let told = told(status.chaincode_operations.as_ref(), status.chaincode_unwell.as_deref());
    say!("chaincode {}  {}{told}", status.chaincode, state(status.chaincode_listens))?;
    say!("data      {}", status.folder.display())?;
    say!()?;
    for ChannelStatus { channel, state, organizations } in &status.channels {
        say!("channel   {channel}  {state}  {}", organizations.join(", "))?;
    }
    Ok(())
}

/// Where a node or the chaincode tells its health and metrics, and what it says when it is not well.
fn told(operations: Option<&Endpoint>, unwell: Option<&str>) -> String {
    let place = operations.map(|operations| format!("  operations {operations}")).unwrap_or_default();
    place + &unwell.map(|said| format!("  is not well: {said}")).unwrap_or_default()
}

/// The channels: as the orderers have them when one listens, and otherwise as they were described.
fn channels(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    runtime: &tokio::runtime::Runtime,
) -> Result<Vec<ChannelStatus>> {
    let network = Network { layout, consortium, addresses };
    let runs = addresses.orderers.iter().any(|orderer| orderer.endpoint.listens());
    let status = |own: Consortium| {
        let (organizations, state) = match runs {
            false => (own.organizations.iter().map(|one| one.msp_id.clone()).collect(), "not running".to_owned()),
            true => match runtime.block_on(network.config(&own.channel)) {
                Ok(config) => {
                    let members: Vec<String> = config.application_orgs().map(|one| one.msp_id.clone()).collect();
                    (members, format!("configuration {}", config.sequence()))
                }
                Err(error) => (Vec::new(), in_one_line(&error)),
            },
        };
        ChannelStatus { channel: own.channel, state, organizations }
    };
    Ok(consortium.each_channel().into_iter().map(status).collect())
}

fn state(listens: bool) -> &'static str {
    if listens { "listens" } else { "silent " }
}

/// What a node that is not well says about it.
async fn unwell(operations: &Endpoint) -> Option<String> {
    match health(&operations.to_string(), HEALTH_PATIENCE).await {
        Ok(Health::Unwell(failed)) => Some(in_words(&failed)),
        Ok(Health::Well) | Err(_) => None,
    }
}

/// What a process uses.
#[derive(Serialize)]
pub struct Usage {
    /// Resident memory in MB (10^6 bytes).
    pub memory_mb: f64,
    /// Processor time since its start, in seconds.
    pub cpu_seconds: f64,
}

/// What the process with this id uses now, or `None` when it is gone.
#[must_use]
pub fn usage(id: u32) -> Option<Usage> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = resident.split_whitespace().next()?.parse().ok()?;
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold spaces, so the fields are counted behind it. 14 and 15 are user and system
    // ticks.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(Usage { memory_mb: kilobytes * 1024.0 / 1e6, cpu_seconds: ticks / 100.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usage_of_this_process_is_known_and_that_of_none_is_not() {
        let own = usage(std::process::id()).expect("this process runs");
        assert!(own.memory_mb > 0.5, "{}", own.memory_mb);
        assert!(usage(u32::MAX).is_none());
    }
}
