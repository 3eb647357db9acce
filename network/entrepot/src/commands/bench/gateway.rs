//! `bench gateway`: the processor time that a request costs the gateway's process, beside a REST server on express and
//! the official SDK, in one run.
//!
//! Both stand before the same peer of the embedded network and answer the same requests: a deposit of evidence,
//! answered after its commit, and the reading of one. The gateway is called as its callers do, with a client
//! certificate over TLS; the other server as its samples are, over plain HTTP and without a login. They take turns, so
//! that a busy minute of the machine meets both. Connections are kept, and no two requests ask for the same record at a
//! time.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use fabric_msp::private;
use fabric_operator::{consortium::Consortium, layout::Layout};
use serde_json::{Value, json};
use trade_gateway::client::Client;

use super::deposit::{ORGANIZATION, deposit};
use crate::{
    commands::status::usage,
    demo::{
        self,
        rest::only_file,
        running::{RunningNetwork, Start},
    },
    output::{Form, print_json, say},
};

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Also measure a server on express and the official SDK: the folder `tests/benches/express`, after `npm ci` in it
    #[arg(long, value_name = "DIR")]
    express: Option<PathBuf>,
    /// How many requests of each kind are measured in a round
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests: u32,
    /// How many connections send requests at once
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=256))]
    in_flight: u32,
    /// How many times each server is measured; the median is told
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

/// A request that is measured.
#[derive(Clone, Copy)]
enum Kind {
    Submit,
    Evaluate,
}

/// A server under measurement.
struct Contender {
    name: &'static str,
    process: u32,
    door: Door,
}

/// How it is reached.
enum Door {
    Tls(Box<Client>),
    Plain(SocketAddr),
}

/// What one server needed for one kind of request: milliseconds of processor time per request of each round, and how
/// long each request took.
struct Row {
    server: &'static str,
    kind: Kind,
    cpu_ms: Vec<f64>,
    seconds: f64,
    latencies_ms: Vec<f64>,
    memory_mb: f64,
    astray: Astray,
}

/// Measures and prints a table.
///
/// # Errors
/// The network or the other server does not come up, or a request fails.
pub fn run(options: &Options, form: Form) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("entrepot-bench-").tempdir().context("no temporary folder")?;
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let start =
        Start { program: &program, folder: folder.path(), fabric_bin: None, keep: false, log_filter: Some("warn") };
    let network = RunningNetwork::start(&start)?;
    let consortium = Consortium::load(None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let members = demo::members();
    runtime.block_on(demo::founding::found(network.layout(), network.addresses(), &consortium, &members))?;
    let mut contenders = vec![gateway(&network, &consortium)?];
    let other = options.express.as_deref().map(|folder| Express::start(folder, &network, &consortium)).transpose()?;
    contenders.extend(other.as_ref().map(|other| Contender {
        name: "express",
        process: other.child.id(),
        door: Door::Plain(other.address),
    }));
    let rows = measure(options, &contenders)?;
    drop(other);
    network.stop()?;
    match form {
        Form::Text => print(options, &rows),
        Form::Json => print_json(&json!({
            "requests": options.requests, "in_flight": options.in_flight, "rounds": options.rounds,
            "endorsements": consortium.endorsements(),
            "rows": rows.iter().map(Row::document).collect::<Vec<_>>(),
        })),
    }
}

fn gateway(network: &RunningNetwork, consortium: &Consortium) -> Result<Contender> {
    let layout = network.layout();
    let running = layout.running()?.context("the network wrote down no processes")?;
    let process = running.processes.iter().find(|one| one.name == "gateway").context("no gateway runs")?.id;
    let (certificate, key) = user(layout, consortium)?;
    let first = consortium.organizations.first().context("a consortium without organizations")?;
    let address = network.addresses().gateway;
    let client = Client::new(
        &[address],
        &address.ip().to_string(),
        &read(&layout.tls_authority(&first.domain))?,
        Some((&read(&certificate)?, &private::read_key(&key)?)),
    )?;
    Ok(Contender { name: "gateway", process, door: Door::Tls(Box::new(client)) })
}

/// Certificate and key of the user that both servers know.
fn user(layout: &Layout, consortium: &Consortium) -> Result<(PathBuf, PathBuf)> {
    let msp = layout.user(&consortium.organization(ORGANIZATION)?.domain, "User1").join("msp");
    Ok((only_file(&msp.join("signcerts"))?, only_file(&msp.join("keystore"))?))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The other server; it ends with its measurement.
struct Express {
    child: Child,
    address: SocketAddr,
}

impl Express {
    fn start(folder: &Path, network: &RunningNetwork, consortium: &Consortium) -> Result<Self> {
        let script = folder.join("server.mjs");
        ensure!(script.is_file(), "{} is not the folder of the server on express", folder.display());
        ensure!(folder.join("node_modules").is_dir(), "`npm ci` was not run in {}", folder.display());
        let (layout, organization) = (network.layout(), consortium.organization(ORGANIZATION)?);
        let (certificate, key) = user(layout, consortium)?;
        let mut command = Command::new("node");
        command.arg(script).env("NODE_ENV", "production").stdin(Stdio::null()).stdout(Stdio::piped());
        command.arg("--endpoint").arg(network.addresses().peer(ORGANIZATION)?.endpoint.to_string());
        command.arg("--tls-ca").arg(layout.tls_authority(&organization.domain));
        command.arg("--certificate").arg(certificate).arg("--key").arg(key);
        command.args(["--msp", ORGANIZATION, "--channel", &consortium.channel]);
        command.args(["--chaincode", &consortium.chaincode.name]);
        let mut child = command.spawn().context("`node` cannot be started")?;
        let output = child.stdout.take().context("it was started with a pipe")?;
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line).context("what the server on express says");
        let address =
            read.and_then(|_| line.trim().parse().context("the server on express did not say where it listens"));
        match address {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }
}

impl Drop for Express {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Measures each server with each kind of request, by turns.
fn measure(options: &Options, contenders: &[Contender]) -> Result<Vec<Row>> {
    let kinds = [Kind::Submit, Kind::Evaluate];
    let mut rows: Vec<Row> =
        kinds.iter().flat_map(|kind| contenders.iter().map(|contender| Row::of(contender.name, *kind))).collect();
    // Round 0 warms up: connections, caches, and a compiler that learns which code is hot.
    for round in 0..=options.rounds {
        for (number, contender) in contenders.iter().enumerate() {
            for (at, kind) in kinds.into_iter().enumerate() {
                let label = format!("{} {round}", contender.name);
                let measured = contender.round(kind, &label, options)?;
                if round > 0 {
                    rows[at * contenders.len() + number].add(measured);
                }
            }
        }
    }
    Ok(rows)
}

/// What one round needed.
struct Round {
    cpu_ms: f64,
    seconds: f64,
    latencies_ms: Vec<f64>,
    memory_mb: f64,
    astray: Astray,
}

impl Contender {
    /// Sends so many requests over kept connections.
    fn round(&self, kind: Kind, label: &str, options: &Options) -> Result<Round> {
        let next = AtomicU32::new(0);
        let mut connections = (0..options.in_flight).map(|_| self.door.open()).collect::<Result<Vec<_>>>()?;
        let before = usage(self.process).with_context(|| format!("{} has ended", self.name))?;
        let began = Instant::now();
        let told = std::thread::scope(|scope| {
            let workers = connections.iter_mut().map(|connection| {
                let next = &next;
                scope.spawn(move || {
                    let (mut latencies, mut astray) = (Vec::new(), Astray::default());
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= options.requests {
                            return anyhow::Ok((latencies, astray));
                        }
                        let sent = Instant::now();
                        send(connection, kind, label, number, &mut astray)?;
                        latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
                    }
                })
            });
            let workers: Vec<_> = workers.collect();
            workers
                .into_iter()
                .map(|worker| worker.join().map_err(|_| anyhow::anyhow!("a sender of requests panicked"))?)
                .collect::<Result<Vec<_>>>()
        })?;
        let seconds = began.elapsed().as_secs_f64();
        let after = usage(self.process).with_context(|| format!("{} has ended", self.name))?;
        let (mut latencies_ms, mut astray) = (Vec::new(), Astray::default());
        for (latencies, more) in told {
            latencies_ms.extend(latencies);
            astray.add(more);
        }
        Ok(Round {
            cpu_ms: (after.cpu_seconds - before.cpu_seconds) * 1000.0 / f64::from(options.requests),
            seconds,
            latencies_ms,
            memory_mb: after.memory_mb,
            astray,
        })
    }
}

/// A kept connection.
trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

impl Door {
    fn open(&self) -> Result<BufReader<Box<dyn Wire>>> {
        let stream: Box<dyn Wire> = match self {
            Self::Tls(client) => Box::new(client.connect()?),
            Self::Plain(address) => {
                let stream = TcpStream::connect(address).context("the server on express")?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        };
        Ok(BufReader::new(stream))
    }
}

/// How many answers were not what was asked for.
#[derive(Default)]
struct Astray {
    /// "Not now": 429 or 503 that says when to come again. The request was sent again then.
    busy: u32,
    /// Any other answer, such as a failure, or 202 because the commit took too long.
    others: u32,
    /// The first of the others.
    first: Option<String>,
}

impl Astray {
    fn add(&mut self, more: Self) {
        self.busy += more.busy;
        self.others += more.others;
        self.first = self.first.take().or(more.first);
    }
}

/// Sends one request until it is taken. An answer of the right status must be what was asked for.
fn send(
    connection: &mut BufReader<Box<dyn Wire>>,
    kind: Kind,
    label: &str,
    number: u32,
    astray: &mut Astray,
) -> Result<()> {
    let body = deposit(label, number as usize);
    let sha256 = body["sha256"].as_str().unwrap_or_default().to_owned();
    let request = match kind {
        Kind::Submit => {
            let body = body.to_string();
            format!(
                "POST /v1/evidence HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
                 Idempotency-Key: {sha256}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        }
        Kind::Evaluate => format!("GET /v1/evidence/{sha256} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    };
    let expected = if matches!(kind, Kind::Submit) { 201 } else { 200 };
    loop {
        connection.get_mut().write_all(request.as_bytes())?;
        connection.get_mut().flush()?;
        let answer = Answer::read(connection)?;
        let text = String::from_utf8_lossy(&answer.body);
        match (answer.status, answer.retry_after) {
            (status, _) if status == expected => {
                ensure!(text.contains(&sha256), "request {number} of {label} was answered with another record: {text}");
                return Ok(());
            }
            (429 | 503, Some(seconds)) => {
                astray.busy += 1;
                std::thread::sleep(Duration::from_secs(seconds));
            }
            (status, _) => {
                astray.others += 1;
                astray.first.get_or_insert_with(|| format!("{status}: {text}"));
                return Ok(());
            }
        }
    }
}

/// An answer that says its length.
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Vec<u8>,
}

impl Answer {
    fn read(connection: &mut BufReader<Box<dyn Wire>>) -> Result<Self> {
        let mut line = String::new();
        connection.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("an answer without a status: {line:?}"))?;
        let (mut length, mut retry_after) = (None, None);
        loop {
            line.clear();
            if connection.read_line(&mut line)? == 0 {
                bail!("the connection ended within an answer");
            }
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse::<usize>().ok(),
                "retry-after" => retry_after = value.trim().parse().ok(),
                _ => {}
            }
        }
        let length = length.filter(|length| *length <= ANSWER_BYTES_MAX);
        let mut body = vec![0; length.context("an answer without a length, or too long")?];
        connection.read_exact(&mut body)?;
        Ok(Self { status, retry_after, body })
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Evaluate => "evaluate",
        }
    }
}

impl Row {
    fn of(server: &'static str, kind: Kind) -> Self {
        let astray = Astray::default();
        Self { server, kind, cpu_ms: Vec::new(), seconds: 0.0, latencies_ms: Vec::new(), memory_mb: 0.0, astray }
    }

    fn add(&mut self, round: Round) {
        self.cpu_ms.push(round.cpu_ms);
        self.cpu_ms.sort_by(f64::total_cmp);
        self.seconds += round.seconds;
        self.latencies_ms.extend(round.latencies_ms);
        self.latencies_ms.sort_by(f64::total_cmp);
        self.memory_mb = round.memory_mb;
        self.astray.add(round.astray);
    }

    fn cpu_median(&self) -> f64 {
        self.cpu_ms[self.cpu_ms.len() / 2]
    }

    fn quantile(&self, part: f64) -> f64 {
        self.latencies_ms[((self.latencies_ms.len() - 1) as f64 * part) as usize]
    }

    fn per_second(&self) -> f64 {
        self.latencies_ms.len() as f64 / self.seconds
    }

    fn document(&self) -> Value {
        json!({
            "server": self.server, "request": self.kind.name(), "cpu_ms": self.cpu_median(), "rounds_cpu_ms": self.cpu_ms,
            "per_second": self.per_second(), "p50_ms": self.quantile(0.5), "p99_ms": self.quantile(0.99),
            "memory_mb": self.memory_mb, "busy": self.astray.busy, "others": self.astray.others,
        })
    }
}

fn print(options: &Options, rows: &[Row]) -> Result<()> {
    say!(
        "{} requests a round, {} connections, {} rounds, embedded network",
        options.requests,
        options.in_flight,
        options.rounds
    )?;
    say!(
        "{:<10} {:<10} {:>9} {:>15} {:>9} {:>8} {:>8} {:>10} {:>7} {:>7} {:>7}",
        "request",
        "server",
        "CPU ms",
        "least-most",
        "a second",
        "p50 ms",
        "p99 ms",
        "memory MB",
        "busy",
        "others",
        "ratio"
    )?;
    for row in rows {
        let first = rows.iter().find(|first| first.kind.name() == row.kind.name()).unwrap_or(row);
        let (least, most) = (row.cpu_ms[0], row.cpu_ms[row.cpu_ms.len() - 1]);
        say!(
            "{:<10} {:<10} {:>9.3} {:>15} {:>9.0} {:>8.1} {:>8.1} {:>10.0} {:>7} {:>7} {:>7.2}",
            row.kind.name(),
            row.server,
            row.cpu_median(),
            format!("{least:.3}-{most:.3}"),
            row.per_second(),
            row.quantile(0.5),
            row.quantile(0.99),
            row.memory_mb,
            row.astray.busy,
            row.astray.others,
            row.cpu_median() / first.cpu_median()
        )?;
    }
    say!(
        "CPU ms: processor time of the server's process for one request, median of the rounds; ratio: to the gateway's."
    )
}
