//! Measures what honest members cost one another on one ledger, and what strangers cost a holder: how many transactions
//! end in a conflict, by kind and by transaction, when five organizations record 10 events about each of so many items;
//! and how long the events of a pallet's holder take while others observe it as fast as they can. It prints figures and
//! asserts none.
//!
//! The first argument is the number of pallets of ten items each. Default: 100, which is 1,000 items and 10,000 events.

#![allow(missing_docs, reason = "a program, and nothing here is used from outside")]

mod figures;
mod member;
mod pallet;
mod strangers;

use std::{path::Path, process::ExitCode, sync::Arc, time::Instant};

use anyhow::{Context, Result, ensure};
use entrepot::demo::running::{RunningNetwork, Start};
use fabric_operator::consortium::Consortium;
use tokio::task::JoinSet;

use self::{
    figures::Figures,
    member::Members,
    pallet::{EVENTS_PER_ITEM, ITEMS},
};

const PALLETS: u32 = 100;
/// How many pallets are on their way at once: eight for each of the five ERP systems.
const IN_FLIGHT: usize = 40;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1).unwrap_or_default();
    // The processes of a network are this program again.
    if ["child", "up", "network", "chaincode", "gateway"].contains(&argument.as_str()) {
        return entrepot::run();
    }
    match std::env::current_exe().map_err(anyhow::Error::from).and_then(|program| run(&program, &argument)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("contention: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(program: &Path, pallets: &str) -> Result<()> {
    let pallets = if pallets.is_empty() { PALLETS } else { pallets.parse().context("how many pallets?")? };
    ensure!((1..=10_000).contains(&pallets), "1 to 10000 pallets");
    let folder = tempfile::Builder::new().prefix("contention-").tempdir()?;
    let start = Start { program, folder: folder.path(), fabric_bin: None, keep: false, log_filter: Some("warn") };
    let network = RunningNetwork::start(&start)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let members = Arc::new(Members::found(&network, &Consortium::load(None)?).await?);
        let began = Instant::now();
        let trade = trade(&members, pallets).await?;
        let seconds = began.elapsed().as_secs_f64();
        let (items, events) = (pallets * ITEMS, pallets * ITEMS * EVENTS_PER_ITEM);
        println!(
            "{items} items, {events} events and {} handovers by five organizations, {IN_FLIGHT} pallets at once, {seconds:.0} s",
            pallets * pallet::HANDOVERS
        );
        trade.print();
        strangers::measure(&members, pallets + 1).await
    })?;
    network.stop()
}

/// So many pallets go from their maker to their buyers.
async fn trade(members: &Arc<Members>, pallets: u32) -> Result<Figures> {
    let (mut under_way, mut figures) = (JoinSet::new(), Figures::default());
    for number in 1..=pallets {
        if under_way.len() >= IN_FLIGHT {
            figures.add(under_way.join_next().await.context("a pallet is under way")???);
        }
        let members = Arc::clone(members);
        under_way.spawn(async move { pallet::story(&members, number).await });
    }
    while let Some(ended) = under_way.join_next().await {
        figures.add(ended??);
    }
    Ok(figures)
}
