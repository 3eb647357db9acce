//! `bench`: what a committed transaction costs on the embedded network and on Fabric's own peers, measured in one run.
//!
//! The load is the same for both: deposits of evidence by one organization, endorsed by as many as the demo's
//! consortium asks for, at most so many in flight. Processor time is the operating system's account of every process,
//! which depends far less on what else the machine does than time on the clock. Success is read back from the ledger,
//! not assumed. What a request costs the gateway before it is measured by `bench gateway`.

mod deposit;
mod gateway;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use fabric_client::{Gateway, Retries};
use fabric_operator::{consortium::Consortium, fabric::Binaries, layout::RunningProcess, member};
use serde_json::{Value, json};

use self::deposit::{ORGANIZATION, deposit};
use super::status::usage;
use crate::demo::{
    self,
    running::{RunningNetwork, Start},
};
use crate::output::{Form, print_json, say};

const PATIENCE: Duration = Duration::from_secs(30);

/// More tries than usual: with many more in flight than a peer takes, most of them are sent back several times.
const PATIENT: Retries = Retries { attempts: 50, pause: Duration::from_millis(100), longest: Duration::from_secs(4) };

/// How to measure.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    of: Option<Of>,
    /// Also measure real Fabric: the folder of its `peer` and `orderer` programs; can be given several times
    #[arg(long, value_name = "DIR")]
    fabric_bin: Vec<PathBuf>,
    /// How many transactions to commit on each network
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    transactions: u32,
    /// How many transactions are in flight at once. A peer takes 500 calls at a time: what is too much is sent again
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    in_flight: u32,
    /// Run everything, this program too, on this one processor
    #[arg(long, value_name = "N")]
    core: Option<usize>,
}

/// What to measure instead of networks.
#[derive(Debug, Clone, Subcommand)]
enum Of {
    /// Measure what a request costs the gateway
    Gateway(gateway::Options),
}

/// What a network's processes used for the measured transactions.
struct Measurement {
    network: String,
    /// From an empty folder to the first committed transaction: keys, processes, channel, chaincode, gateway.
    first_seconds: f64,
    seconds: f64,
    /// Milliseconds of processor time per transaction: name of the group of processes, and the figure.
    cpu_ms: Vec<(&'static str, f64)>,
    memory_mb: f64,
    latencies_ms: Vec<f64>,
}

/// Measures and prints a table.
///
/// # Errors
/// A network does not come up, or a transaction fails.
pub fn run(options: &Options, form: Form) -> Result<()> {
    if let Some(Of::Gateway(options)) = &options.of {
        return gateway::run(options, form);
    }
    if let Some(core) = options.core {
        let mut set = nix::sched::CpuSet::new();
        set.set(core).with_context(|| format!("there is no processor {core}"))?;
        nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &set)
            .with_context(|| format!("cannot run on processor {core} only"))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut measured = Vec::new();
    let networks = std::iter::once(None).chain(options.fabric_bin.iter().map(|folder| Some(folder.as_path())));
    for fabric_bin in networks {
        measured.push(measure(&runtime, options, fabric_bin)?);
    }
    match form {
        Form::Text => print(options, &measured),
        Form::Json => print_json(&json!({
            "transactions": options.transactions, "in_flight": options.in_flight,
            "endorsements": Consortium::load(None)?.endorsements(),
            "networks": measured.iter().map(Measurement::document).collect::<Vec<_>>(),
        })),
    }
}

impl Measurement {
    fn document(&self) -> Value {
        let cpu_ms: serde_json::Map<String, Value> =
            self.cpu_ms.iter().map(|(group, ms)| ((*group).to_owned(), json!(ms))).collect();
        json!({
            "network": self.network, "first_seconds": self.first_seconds, "seconds": self.seconds,
            "p50_ms": self.quantile(0.5), "p99_ms": self.quantile(0.99), "cpu_ms_per_transaction": cpu_ms,
            "memory_mb": self.memory_mb,
        })
    }

    /// How long so great a part of the transactions took at most, in milliseconds.
    fn quantile(&self, part: f64) -> f64 {
        self.latencies_ms[((self.latencies_ms.len() - 1) as f64 * part) as usize]
    }
}

fn measure(runtime: &tokio::runtime::Runtime, options: &Options, fabric_bin: Option<&Path>) -> Result<Measurement> {
    let folder = tempfile::Builder::new().prefix("entrepot-bench-").tempdir().context("no temporary folder")?;
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let empty = Instant::now();
    let network = RunningNetwork::start(&Start {
        program: &program,
        folder: folder.path(),
        fabric_bin,
        keep: false,
        log_filter: Some("warn"),
    })?;
    let name = match fabric_bin {
        None => "embedded".to_owned(),
        Some(folder) => format!("Fabric {}", Binaries::find(Some(folder))?.version),
    };
    let consortium = Consortium::load(None)?;
    let layout = network.layout().clone();
    let measurement = runtime.block_on(async {
        demo::founding::found(&layout, network.addresses(), &consortium, &demo::members()).await?;
        let first_seconds = empty.elapsed().as_secs_f64();
        let organization = consortium.organization(ORGANIZATION)?;
        let peer = network.addresses().peer(ORGANIZATION)?;
        let connection = member::connect(&layout, organization, &peer.endpoint, PATIENCE).await?;
        let gateway = Gateway::new(connection, member::identity(&layout, organization, "User1")?);
        // Connections, caches and the peers' knowledge of one another are not what is measured.
        load(&gateway, &consortium, "warm-up", options.in_flight.min(options.transactions), options.in_flight).await?;

        let before = cpu_by_group(&network)?;
        let began = Instant::now();
        let latencies_ms = load(&gateway, &consortium, "measured", options.transactions, options.in_flight).await?;
        let seconds = began.elapsed().as_secs_f64();
        let after = cpu_by_group(&network)?;
        read_back(&gateway, &consortium, options.transactions).await?;
        let per_transaction = 1000.0 / f64::from(options.transactions);
        let cpu_ms = before
            .iter()
            .zip(&after)
            .map(|((group, before, _), (_, after, _))| (*group, (after - before) * per_transaction))
            .collect();
        let memory_mb = after.iter().map(|(_, _, memory)| memory).sum();
        anyhow::Ok(Measurement { network: name, first_seconds, seconds, cpu_ms, memory_mb, latencies_ms })
    })?;
    network.stop()?;
    Ok(measurement)
}

/// Commits so many transactions, and tells how long each took, in milliseconds.
async fn load(gateway: &Gateway, consortium: &Consortium, label: &str, count: u32, in_flight: u32) -> Result<Vec<f64>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = Vec::new();
    for _ in 0..in_flight {
        let contract = gateway.contract(&consortium.channel, &consortium.chaincode.name);
        let (next, label) = (Arc::clone(&next), label.to_owned());
        workers.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count as usize {
                    return anyhow::Ok(latencies);
                }
                let began = Instant::now();
                PATIENT.submit(|| contract.transaction("evidence:Deposit").json(&deposit(&label, number))).await?;
                latencies.push(began.elapsed().as_secs_f64() * 1000.0);
            }
        }));
    }
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await??);
    }
    latencies.sort_by(f64::total_cmp);
    Ok(latencies)
}

async fn read_back(gateway: &Gateway, consortium: &Consortium, count: u32) -> Result<()> {
    let contract = gateway.contract(&consortium.channel, &consortium.chaincode.name);
    for number in [0, count as usize / 2, count as usize - 1] {
        let sha256 = deposit("measured", number)["sha256"].clone();
        let answer = contract.transaction("evidence:ReadEvidence").json(&json!({"sha256": sha256})).evaluate().await;
        answer.with_context(|| format!("transaction {number} was acknowledged and cannot be read"))?;
    }
    Ok(())
}

/// Seconds of processor time and megabytes of memory by group: the network, the chaincode.
fn cpu_by_group(network: &RunningNetwork) -> Result<Vec<(&'static str, f64, f64)>> {
    let running = network.layout().running()?.context("the network wrote down no processes")?;
    let mut groups = vec![("network", 0.0, 0.0), ("chaincode", 0.0, 0.0)];
    for RunningProcess { name, id, .. } in &running.processes {
        let group = match name.as_str() {
            "gateway" => continue,
            "chaincode" => &mut groups[1],
            _ => &mut groups[0],
        };
        let used = usage(*id).with_context(|| format!("{name} has ended"))?;
        group.1 += used.cpu_seconds;
        group.2 += used.memory_mb;
    }
    ensure!(groups.iter().all(|(_, cpu, _)| *cpu >= 0.0), "processor time runs backwards");
    Ok(groups)
}

fn print(options: &Options, measured: &[Measurement]) -> Result<()> {
    say!(
        "{} transactions, {} in flight, {} endorsements, 6 organizations{}",
        options.transactions,
        options.in_flight,
        Consortium::load(None)?.endorsements(),
        options.core.map(|core| format!(", all on processor {core}")).unwrap_or_default()
    )?;
    say!(
        "{:<14} {:>8} {:>8} {:>9} {:>9} {:>14} {:>16} {:>11} {:>8}",
        "network",
        "first s",
        "tx/s",
        "p50 ms",
        "p99 ms",
        "network ms/tx",
        "chaincode ms/tx",
        "memory MB",
        "ratio"
    )?;
    let total = |one: &Measurement| one.cpu_ms.iter().map(|(_, ms)| ms).sum::<f64>();
    for one in measured {
        say!(
            "{:<14} {:>8.2} {:>8.0} {:>9.1} {:>9.1} {:>14.2} {:>16.2} {:>11.0} {:>8.2}",
            one.network,
            one.first_seconds,
            f64::from(options.transactions) / one.seconds,
            one.quantile(0.5),
            one.quantile(0.99),
            one.cpu_ms[0].1,
            one.cpu_ms[1].1,
            one.memory_mb,
            total(one) / total(&measured[0]),
        )?;
    }
    say!("first s: from an empty folder to the first committed transaction, on the clock.")?;
    say!(
        "ms/tx: processor time of all processes of the group for one committed transaction; ratio: their sum to the first row's."
    )
}
