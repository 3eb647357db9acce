//! `status`: what runs in a folder, what each process uses, and the channels.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result};
use fabric_client::{Health, health};
use fabric_operator::{
    endpoint::Endpoint,
    generate,
    layout::{Addresses, Layout, RunningProcess},
    network::Network,
};

use crate::{causes::in_one_line, output::say};

/// How long a node may take to say how it is.
const HEALTH_PATIENCE: Duration = Duration::from_millis(500);

/// Shows the network of this folder.
///
/// # Errors
/// No network was ever started there.
pub fn run(folder: &Path) -> Result<()> {
    let layout = Layout::existing(folder)?;
    let addresses =
        layout.known_addresses()?.with_context(|| format!("there is no network in {}", layout.root().display()))?;
    let running = layout.running()?;
    say!("{:<34} {:>8} {:>10} {:>10}", "process", "pid", "memory MB", "CPU s")?;
    for RunningProcess { name, id, .. } in running.iter().flat_map(|running| &running.processes) {
        match usage(*id) {
            Some(usage) => say!("{name:<34} {id:>8} {:>10.1} {:>10.2}", usage.memory_mb, usage.cpu_seconds)?,
            None => say!("{name:<34} {id:>8}      ended")?,
        }
    }
    if running.is_none() {
        say!("nothing runs")?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let unwell = |operations: &Endpoint| runtime.block_on(unwell(operations));
    say!()?;
    say!("gateway   https://{}  {}", addresses.gateway, state(&addresses.gateway.into()))?;
    for (msp_id, peers) in &addresses.peers {
        for peer in peers {
            let said = unwell(&peer.operations);
            say!("peer      {}  {}  {msp_id}{said}", peer.endpoint, state(&peer.endpoint))?;
        }
    }
    for orderer in &addresses.orderers {
        let said = unwell(&orderer.operations);
        say!("orderer   {}  {}  {}{said}", orderer.endpoint, state(&orderer.endpoint), orderer.node)?;
    }
    say!("chaincode {}  {}", addresses.chaincode, state(&addresses.chaincode))?;
    say!("data      {}", layout.root().display())?;
    say!()?;
    show_channels(&layout, &addresses, &runtime)
}

/// Shows the channels: as the orderers have them when one listens, and otherwise as they were described.
fn show_channels(layout: &Layout, addresses: &Addresses, runtime: &tokio::runtime::Runtime) -> Result<()> {
    let consortium = generate::consortium(layout, None)?;
    let network = Network { layout, consortium: &consortium, addresses };
    let runs = addresses.orderers.iter().any(|orderer| orderer.endpoint.listens());
    for own in consortium.each_channel() {
        let (members, state) = match runs {
            false => (own.organizations.iter().map(|one| one.msp_id.clone()).collect(), "not running".to_owned()),
            true => match runtime.block_on(network.config(&own.channel)) {
                Ok(config) => {
                    let members: Vec<String> = config.application_orgs().map(|one| one.msp_id.clone()).collect();
                    (members, format!("configuration {}", config.sequence()))
                }
                Err(error) => (Vec::new(), in_one_line(&error)),
            },
        };
        say!("channel   {}  {state}  {}", own.channel, members.join(", "))?;
    }
    Ok(())
}

fn state(endpoint: &Endpoint) -> &'static str {
    if endpoint.listens() { "listens" } else { "silent " }
}

/// What a node that is not well says about it. A node that does not say how it is, such as one that does not run, is
/// shown by what listens.
async fn unwell(operations: &Endpoint) -> String {
    match health(&operations.to_string(), HEALTH_PATIENCE).await {
        Ok(Health::Unwell(failed)) => {
            let checks = failed.iter().map(|check| format!("{}: {}", check.component, check.reason));
            format!("  is not well: {}", checks.collect::<Vec<_>>().join("; "))
        }
        Ok(Health::Well) | Err(_) => String::new(),
    }
}

/// What a process uses.
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
