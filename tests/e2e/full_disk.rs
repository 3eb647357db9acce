//! A full disk: readiness and `entrepot status` tell it, and all goes on by itself when there is space.
//!
//! The network is a part of this process, where its fault switches are in reach; the chaincode is a process.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use entrepot::{
    demo::{self, rest::Caller},
    roles,
};
use fabric_devnet::Network;
use fabric_operator::{
    consortium::Consortium,
    deploy, generate,
    layout::{Addresses, Kind, Layout},
    network,
    process::{Process, Program, wait_until},
};
use tokio::runtime::Runtime;
use trade_gateway::settings::Settings;

use crate::{
    e2e::commands::{run, text},
    harness::{PROGRAM, System},
};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_full_disk_is_told_and_is_over_when_there_is_space() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let inside = Inside::start(folder.path())?;
    let system = &inside.system;
    let anonymous = Caller::anonymous(system.addresses.gateway, &system.gateway_authority()?)?;
    let ready = || inside.runtime.block_on(anonymous.get("/readyz"));
    wait_until("the gateway", PATIENCE, || Ok(()), || Ok(ready()?.is_success()))?;
    let status = inside.status()?;
    ensure!(!status.contains("is not well") && !status.contains("silent"), "{status}");

    inside.network.orderer_faults().fill_disk();
    let exporter = system.caller("ExporterMSP")?;
    let writing = inside.runtime.spawn(async move { exporter.post("/v1/foundings", &demo::members()).await });
    wait_until("an unready gateway", PATIENCE, || Ok(()), || Ok(!ready()?.is_success()))?;
    ready()?.refused(503, "peer_unwell")?;
    let status = inside.status()?;
    let channel = &system.consortium.channel;
    let unwell: Vec<&str> = status.lines().filter(|line| line.contains("is not well")).collect();
    // All peers and the orderer have one ledger.
    ensure!(unwell.len() == system.consortium.organizations.len() + 1, "{status}");
    for line in unwell {
        ensure!(line.contains(&format!("is not well: ledger.{channel}: ")) && line.contains(".redb: "), "{line}");
    }

    inside.network.orderer_faults().free_disk();
    wait_until("the gateway again", PATIENCE, || Ok(()), || Ok(ready()?.is_success()))?;
    inside.runtime.block_on(writing)??.accepted().context("what was written while there was no space")?;
    ensure!(!inside.status()?.contains("is not well"), "the shortage is still told");
    inside.stop();
    Ok(())
}

/// A whole system, most of it inside this process.
struct Inside {
    runtime: Runtime,
    system: System,
    network: Network,
    gateway: trade_gateway::Running,
    _chaincode: Process,
}

impl Inside {
    fn start(folder: &Path) -> Result<Self> {
        let (layout, consortium) = (Layout::at(folder)?, Consortium::load(None)?);
        let addresses = layout.addresses(Kind::Embedded, &consortium, None)?;
        generate::crypto(&layout, &consortium)?;
        generate::genesis_blocks(&layout, &consortium, &addresses, None)?;
        let package = generate::package(&layout, &consortium, &addresses)?;
        let chaincode = start_chaincode(&layout, &addresses, &package.id)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let network = runtime.block_on(Network::start(roles::network::network_options(&layout, &consortium)?))?;
        let packages = generate::packages(&layout, &consortium, &addresses)?;
        deploy::run(&layout, &consortium, &addresses, &packages)?;
        let of = network::Network { layout: &layout, consortium: &consortium, addresses: &addresses };
        let settings = Settings::parse(&roles::gateway::settings(&of, &layout.folder("gateway/data")?)?)?;
        let gateway = runtime.block_on(trade_gateway::start(settings))?;
        let system = System { layout, addresses, consortium };
        Ok(Self { runtime, system, network, gateway, _chaincode: chaincode })
    }

    fn status(&self) -> Result<String> {
        text(&run(&["status", "--dir", &self.system.layout.root().display().to_string()], "")?)
    }

    fn stop(self) {
        self.runtime.block_on(async {
            self.gateway.stop().await;
            self.network.shutdown().await;
        });
    }
}

fn start_chaincode(layout: &Layout, addresses: &Addresses, package_id: &str) -> Result<Process> {
    let mut arguments = vec!["chaincode".to_owned()];
    arguments.extend(generate::chaincode_arguments(layout, addresses, package_id));
    let mut process = Program {
        name: "chaincode".into(),
        launcher: PROGRAM.into(),
        executable: None,
        arguments,
        environment: Vec::new(),
        working_directory: layout.root().to_owned(),
        log: layout.log("chaincode")?,
    }
    .start()?;
    wait_until("the chaincode", PATIENCE, || process.check(), || Ok(addresses.chaincode.listens()))?;
    Ok(process)
}
