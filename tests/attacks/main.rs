//! Measures what attacks on the doors cost honest members: how long their requests take, calm and under attack, in one
//! run. It prints figures and asserts none; the same machine carries the network, the members and the attacks.
//!
//! The first table is of members at the gateway (*evaluate* and *submit*) while strangers and members of another
//! organization attack it and the peers; the second is of a peer's other clients while strangers attack the peer.

#![allow(missing_docs, reason = "a program, and nothing here is used from outside")]

mod attack;
mod honest;
mod strangers;

use std::{path::Path, process::ExitCode, thread::sleep, time::Duration};

use anyhow::{Context, Result, ensure};
use entrepot::demo::running::{RunningNetwork, Start};
use fabric_operator::consortium::Consortium;

use self::{
    attack::Attack,
    honest::{Figures, Members},
};

/// How long each phase takes, unless the first argument says otherwise, in seconds.
const SECONDS: u64 = 30;

/// How long everything that attacks left behind needs to end: the longest deadline, and a little.
const CALM_DOWN: Duration = Duration::from_secs(15);

fn main() -> ExitCode {
    let role = std::env::args().nth(1).unwrap_or_default();
    // The processes of a network are this program again.
    if ["child", "up", "network", "chaincode", "gateway"].contains(&role.as_str()) {
        return entrepot::run();
    }
    match std::env::current_exe().map_err(anyhow::Error::from).and_then(|program| run(&program, &role)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("attacks: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(program: &Path, seconds: &str) -> Result<()> {
    let seconds = if seconds.is_empty() { SECONDS } else { seconds.parse().context("how many seconds?")? };
    ensure!((5..=3_600).contains(&seconds), "a phase takes 5 to 3600 seconds");
    let phase = Duration::from_secs(seconds);
    let folder = tempfile::Builder::new().prefix("attacks-").tempdir()?;
    let start = Start { program, folder: folder.path(), fabric_bin: None, keep: false, log_filter: Some("warn") };
    let network = RunningNetwork::start(&start)?;
    let consortium = Consortium::load(None)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let members = runtime.block_on(Members::establish(&network, &consortium))?;
    runtime.block_on(members.measure(Duration::from_secs(5)))?;

    let calm = runtime.block_on(members.measure(phase))?;
    let everything = Attack::all_on(attack::on_the_gateway(&network, &consortium)?);
    let attacked = runtime.block_on(members.measure(phase))?;
    let rates = everything.stop(phase);
    sleep(CALM_DOWN);
    let calm_again = runtime.block_on(members.measure(phase))?;
    let on_peer = Attack::all_on(attack::on_the_peer(&network, &consortium)?);
    let peer_attacked = runtime.block_on(members.measure(phase))?;
    let peer_rates = on_peer.stop(phase);

    println!("{seconds} s for each phase; milliseconds\n\nat the gateway, under all attacks together");
    print(&[("evaluate", &calm.evaluate, &attacked.evaluate), ("submit", &calm.submit, &attacked.submit)]);
    rates.iter().for_each(|rate| println!("  {rate}"));
    println!("\nat a peer, under attacks on the peer alone");
    print(&[
        ("peer", &calm_again.peer, &peer_attacked.peer),
        ("evaluate", &calm_again.evaluate, &peer_attacked.evaluate),
        ("submit", &calm_again.submit, &peer_attacked.submit),
    ]);
    peer_rates.iter().for_each(|rate| println!("  {rate}"));
    network.stop()
}

fn print(rows: &[(&str, &Figures, &Figures)]) {
    println!(
        "{:<10} {:>7} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7} {:>7}",
        "members'", "calm n", "p50", "p99", "n", "p50", "p99", "ratio", "failed"
    );
    for (name, calm, attacked) in rows {
        println!(
            "{name:<10} {:>7} {:>9.1} {:>9.1} {:>7} {:>9.1} {:>9.1} {:>7.2} {:>7}",
            calm.count(),
            calm.quantile(0.5),
            calm.quantile(0.99),
            attacked.count(),
            attacked.quantile(0.5),
            attacked.quantile(0.99),
            attacked.quantile(0.99) / calm.quantile(0.99),
            attacked.failed(),
        );
    }
}
