//! Measures the processor time of chaincode servers per invocation. The Rust servers are this program in other roles.

mod contenders;
mod fake_peer;
mod process;
mod servers;

use std::net::SocketAddr;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use contenders::Contender;
use fake_peer::{Peer, Workload};
use nix::unistd::Pid;
use process::Server;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// Run everything on this processor
    #[arg(long)]
    core: Option<usize>,
    /// How many times each row is measured, the servers taking turns; the median is printed
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Transactions of one measurement with one in flight; four times as many with 32
    #[arg(long, default_value_t = 4000)]
    transactions: usize,
    /// What the fake peer offers
    #[arg(long, value_enum, default_value = "3.1")]
    peer: Offer,
    /// Measure only the servers whose name contains this
    #[arg(long)]
    server: Option<String>,
    /// Measure only this workload
    #[arg(long, value_enum)]
    workload: Option<Workload>,
    /// Measure only with so many transactions in flight
    #[arg(long)]
    in_flight: Option<usize>,
}

#[derive(Subcommand)]
enum Role {
    /// Serve with this project's shim
    Ours { address: SocketAddr },
    /// Serve with the published crate
    Published { address: SocketAddr },
}

/// What a peer offers when the stream is ready.
#[derive(Clone, Copy, ValueEnum)]
enum Offer {
    /// Single messages only, as Fabric 2.5 and 3.0
    #[value(name = "2.5")]
    Single,
    /// Write batches and multi-gets, as Fabric 3.1
    #[value(name = "3.1")]
    Batches,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.role {
        Some(Role::Ours { address }) => servers::ours(address),
        Some(Role::Published { address }) => servers::published(address),
        None => measure(&cli),
    }
}

fn measure(cli: &Cli) -> Result<()> {
    if let Some(core) = cli.core {
        let mut set = nix::sched::CpuSet::new();
        set.set(core)?;
        nix::sched::sched_setaffinity(Pid::from_raw(0), &set).context("no such processor")?;
    }
    let wanted = |name: &str| cli.server.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let contenders: Vec<_> = contenders::all().into_iter().filter(|contender| wanted(contender.name)).collect();
    println!("CPU µs of the server process for one invocation: median of {} rounds, least and most", cli.rounds);
    println!(
        "{:<20} {:>6} {:<20} {:>9} {:>17} {:>9} {:>7} {:>7}",
        "workload", "flight", "server", "CPU µs", "least-most", "messages", "RSS MB", "ratio"
    );
    let workloads = Workload::value_variants().iter().filter(|one| cli.workload.is_none_or(|wanted| **one == wanted));
    for workload in workloads {
        let flights: Vec<usize> = cli.in_flight.map_or(vec![1, 32], |one| vec![one]);
        for in_flight in flights {
            row(cli, &contenders, *workload, in_flight)?;
        }
    }
    println!("ratio: to the first server of the row, with the least that this project aims at");
    Ok(())
}

/// What one server needed in one round.
struct Round {
    micros: f64,
    messages: f64,
    megabytes: f64,
}

/// Measures all servers with one workload, by turns, so that a busy minute of the machine meets all of them.
fn row(cli: &Cli, contenders: &[Contender], workload: Workload, in_flight: usize) -> Result<()> {
    let transactions = if in_flight == 1 { cli.transactions } else { cli.transactions * 4 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rounds: Vec<Result<Vec<Round>>> = contenders.iter().map(|_| Ok(Vec::new())).collect();
    for _ in 0..cli.rounds {
        for (contender, rounds) in contenders.iter().zip(&mut rounds) {
            let Ok(done) = rounds else { continue };
            match runtime.block_on(one_round(cli.peer, contender, workload, in_flight, transactions)) {
                Ok(round) => done.push(round),
                Err(error) => *rounds = Err(error),
            }
        }
    }
    let mut base = None;
    for (contender, rounds) in contenders.iter().zip(rounds) {
        print!("{:<20} {:>6} {:<20} ", workload.label(), in_flight, contender.name);
        let mut rounds = match rounds {
            Ok(rounds) => rounds,
            Err(error) => {
                println!("left out: {error:#}");
                continue;
            }
        };
        rounds.sort_by(|one, other| one.micros.total_cmp(&other.micros));
        let (Some(least), Some(most)) = (rounds.first(), rounds.last()) else { continue };
        let median = &rounds[rounds.len() / 2];
        let ratio = median.micros / *base.get_or_insert(median.micros);
        let goal = if in_flight == 1 { contender.goals.0 } else { contender.goals.1 };
        let verdict = goal.map(|goal| format!(" goal {goal}: {}", if ratio >= goal { "met" } else { "missed" }));
        println!(
            "{:>9.1} {:>17} {:>9.1} {:>7.1} {:>7.2}{}",
            median.micros,
            format!("{:.1}-{:.1}", least.micros, most.micros),
            median.messages,
            median.megabytes,
            ratio,
            verdict.unwrap_or_default()
        );
    }
    Ok(())
}

/// Starts a server, lets it get warm, and measures it.
async fn one_round(
    offer: Offer,
    contender: &Contender,
    workload: Workload,
    in_flight: usize,
    transactions: usize,
) -> Result<Round> {
    let server = Server::start(contender.command)?;
    let mut peer = Peer::connect(server.address, matches!(offer, Offer::Batches)).await?;
    peer.run(workload, in_flight, (transactions / 10).max(200)).await?;
    let before = server.cpu_micros()?;
    let messages = peer.run(workload, in_flight, transactions).await?;
    let used = server.cpu_micros()? - before;
    let transactions = transactions as f64;
    Ok(Round { micros: used / transactions, messages: messages as f64 / transactions, megabytes: server.rss_mb()? })
}
