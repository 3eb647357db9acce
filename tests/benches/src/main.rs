//! Measures the processor time of chaincode servers per invocation. The servers are this program in other roles, and Node.

mod fake_peer;
mod servers;

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use fake_peer::{Peer, Workload};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// Run everything on this processor
    #[arg(long)]
    core: Option<usize>,
    /// How many times each row is measured; the median is printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Transactions of one measurement with one in flight; four times as many with 32
    #[arg(long, default_value_t = 4000)]
    transactions: usize,
}

#[derive(Subcommand)]
enum Role {
    /// Serve with this project's shim
    Ours { address: SocketAddr },
    /// Serve with the published crate
    Published { address: SocketAddr },
}

/// A server under measurement.
struct Contender {
    name: &'static str,
    command: fn(SocketAddr) -> Result<Command>,
}

const CONTENDERS: &[Contender] = &[
    Contender { name: "this shim", command: |address| role("ours", address) },
    Contender { name: "fabric-shim 0.1.1", command: |address| role("published", address) },
    Contender { name: "Node fabric-shim", command: node },
];

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
        nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &set).context("no such processor")?;
    }
    println!("CPU µs per invocation of the server process, median of {} rounds", cli.rounds);
    println!("{:<20} {:<22} {:>6} {:>12} {:>10} {:>8}", "workload", "server", "flight", "CPU µs/tx", "RSS MB", "ratio");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for workload in Workload::ALL {
        for in_flight in [1, 32] {
            let transactions = if in_flight == 1 { cli.transactions } else { cli.transactions * 4 };
            let mut base = None;
            for contender in CONTENDERS {
                let mut rounds = Vec::new();
                let mut memory = 0.0;
                for _ in 0..cli.rounds {
                    match one_round(&runtime, contender, workload, in_flight, transactions) {
                        Ok((micros, rss)) => {
                            rounds.push(micros);
                            memory = rss;
                        }
                        Err(error) => {
                            println!("{:<20} {:<22} not measured: {error:#}", workload.name(), contender.name);
                            break;
                        }
                    }
                }
                rounds.sort_by(f64::total_cmp);
                let Some(median) = rounds.get(rounds.len() / 2).copied() else { continue };
                let ratio = median / *base.get_or_insert(median);
                println!(
                    "{:<20} {:<22} {:>6} {:>12.1} {:>10.1} {:>8.2}",
                    workload.name(),
                    contender.name,
                    in_flight,
                    median,
                    memory,
                    ratio
                );
            }
        }
    }
    Ok(())
}

/// Starts a server, runs the workload, and returns microseconds per transaction and megabytes at the end.
fn one_round(
    runtime: &tokio::runtime::Runtime,
    contender: &Contender,
    workload: Workload,
    in_flight: usize,
    transactions: usize,
) -> Result<(f64, f64)> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut server = Server((contender.command)(address)?.stdin(Stdio::null()).spawn().context("cannot be started")?);
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(address).is_err() {
        if server.0.try_wait()?.is_some() || Instant::now() > deadline {
            bail!("does not listen");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    runtime.block_on(async {
        let mut peer = Peer::connect(address).await?;
        peer.run(workload, in_flight, (transactions / 10).max(200)).await?;
        let before = cpu_micros(server.0.id())?;
        peer.run(workload, in_flight, transactions).await?;
        let used = cpu_micros(server.0.id())? - before;
        anyhow::Ok((used / transactions as f64, rss_mb(server.0.id())?))
    })
}

/// A child that ends with its measurement.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn role(name: &str, address: SocketAddr) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(name).arg(address.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

fn node(address: SocketAddr) -> Result<Command> {
    let interop: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop");
    if !interop.join("node_modules/fabric-shim").is_dir() {
        bail!("`npm ci` was not run in tests/interop");
    }
    let mut command = Command::new("node");
    command.arg(interop.join("bench.mjs")).arg(address.to_string()).env("CORE_CHAINCODE_LOGGING_SHIM", "ERROR");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

fn cpu_micros(id: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).context("the server has ended")?;
    let fields: Vec<&str> = stat.rsplit_once(')').context("no process state")?.1.split_whitespace().collect();
    // Ticks of 10 ms; a measurement lasts hundreds of them.
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) * 10_000.0)
}

fn rss_mb(id: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no memory figure")?;
    Ok(line.split_whitespace().next().context("no memory figure")?.parse::<f64>()? * 1024.0 / 1e6)
}
