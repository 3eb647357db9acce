//! `up`: starts network, chaincode and gateway as processes, watches them, and stops them in order.
//!
//! Every step looks first whether it was done before, so that a second `up` on the same folder goes on where the last
//! one ended, however it ended.

use std::{
    fs::{File, TryLockError},
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fabric_msp::private;

use crate::{
    channel,
    consortium::Consortium,
    deploy,
    fabric::{self, Binaries},
    gateway, generate,
    layout::{Addresses, Kind, Layout, Running, RunningProcess, write_atomically},
    network::Network,
    nodes::{Nodes, Restarts},
    package::Packages,
    process::{self, POLL, Process, Program, this_program, wait_until},
    signals::stop_flag,
};

/// How long a process of ours may take until it is ready.
const OUR_PATIENCE: Duration = Duration::from_secs(20);
/// How long a process may take to stop before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// How long a gateway may take to stop when its network is gone: what it waits for never comes.
const ORPHAN_PATIENCE: Duration = Duration::from_millis(500);
/// How long the processes of a supervisor that was killed may take to end.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(20);
/// How long a supervisor that is just ending may hold the lock.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// What to start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The network's folder.
    pub folder: PathBuf,
    /// The folder of Fabric's `peer` and `orderer`; the embedded network when not given.
    pub fabric_bin: Option<PathBuf>,
    /// The consortium file; the folder's own when not given, and the demo's in a new folder.
    pub consortium: Option<PathBuf>,
    /// Where the REST gateway listens. Default: a free port, chosen when the folder is first used.
    pub gateway: Option<SocketAddr>,
}

/// What is told which step of a start is under way, and `None` before anything is printed; a step may follow.
pub type Told<'a> = &'a dyn Fn(Option<&str>);

/// Starts everything, says where it is, and stays until it is asked to stop.
///
/// # Errors
/// A step fails; or by themselves end the chaincode, the gateway, the embedded network, or the last peer or orderer of
/// Fabric.
pub fn up(options: &Options, gateway: &gateway::Settings, told: Told<'_>) -> Result<()> {
    let stop = stop_flag()?;
    let layout = Layout::at(&options.folder)?;
    let _lock = hold(&layout)?;
    layout.clear_running();
    let consortium = generate::consortium(&layout, options.consortium.as_deref())?;
    let binaries = binaries(options, &layout)?;
    if let Some(binaries) = &binaries {
        binaries.check(&consortium)?;
    }
    let began = Instant::now();
    let started = RunningNetwork::start(&layout, &consortium, options, gateway, binaries.as_ref(), told);
    told(None);
    let mut network = started.map_err(fabric::explain)?;
    let seconds = began.elapsed().as_secs_f32();
    write_atomically(&layout.ready_file("up")?, b"ready")?;
    // A network does not end because nobody reads where it is.
    let _ = network.describe(&layout, &consortium, seconds);
    let ended = network.watch(&layout, &stop).map_err(fabric::explain);
    network.stop(if ended.is_ok() { STOP_PATIENCE } else { ORPHAN_PATIENCE });
    layout.clear_running();
    ended
}

/// The processes of a network.
struct RunningNetwork {
    /// Processes of this program in the order in which they were started; the gateway is the last.
    roles: Vec<Process>,
    /// Processes of Fabric; none on the embedded network.
    nodes: Nodes,
    addresses: Addresses,
}

impl RunningNetwork {
    fn start(
        layout: &Layout,
        consortium: &Consortium,
        options: &Options,
        gateway: &gateway::Settings,
        binaries: Option<&Binaries>,
        told: Told<'_>,
    ) -> Result<Self> {
        told(Some("making keys and channels"));
        let kind = if binaries.is_some() { Kind::Fabric } else { Kind::Embedded };
        let addresses = layout.addresses(kind, consortium, options.gateway)?;
        generate::crypto(layout, consortium)?;
        generate::genesis_blocks(layout, consortium, &addresses, binaries.map(|binaries| binaries.version))?;
        let package = generate::package(layout, consortium, &addresses)?;
        let mut network = Self { roles: Vec::new(), nodes: Nodes::default(), addresses };

        told(Some("starting chaincode, peers and orderers"));
        // The chaincode is first: peers dial it when they start.
        network.start_role(
            layout,
            "chaincode",
            generate::chaincode_arguments(layout, &network.addresses, &package.id),
        )?;
        match binaries {
            None => {
                let arguments = ["run", "--dir", &layout.root().display().to_string()].map(str::to_owned).to_vec();
                network.start_role(layout, "network", arguments)?;
            }
            Some(binaries) => network.start_fabric(layout, consortium, binaries)?,
        }
        told(Some("deploying the chaincode"));
        let packages = Packages::shared(&package, consortium.endorsing().map(|one| one.msp_id.as_str()));
        let doubts = deploy::run(layout, consortium, &network.addresses, &packages)?;
        // What follows may print.
        told(None);
        doubts.iter().for_each(|doubt| tell(doubt));
        let of = Network { layout, consortium, addresses: &network.addresses };
        let settings = gateway(&of, &layout.folder("gateway/data")?)?;
        let settings_file = layout.folder("gateway")?.join("settings.yaml");
        write_atomically(&settings_file, settings.as_bytes())?;
        told(Some("starting the gateway"));
        network.start_role(layout, "gateway", vec!["--settings".into(), settings_file.display().to_string()])?;
        Ok(network)
    }

    /// Starts a role of this program and waits until it says that it is ready.
    fn start_role(&mut self, layout: &Layout, role: &str, arguments: Vec<String>) -> Result<()> {
        let ready = layout.ready_file(role)?;
        let mut all = vec![role.to_owned()];
        all.extend(arguments);
        all.extend(["--ready-file".to_owned(), ready.display().to_string()]);
        let program = Program {
            name: role.to_owned(),
            launcher: this_program(),
            executable: None,
            arguments: all,
            environment: Vec::new(),
            working_directory: layout.root().to_owned(),
            log: layout.log(role)?,
        };
        self.roles.push(program.start()?);
        self.remember(layout)?;
        wait_until(&format!("the {role}"), OUR_PATIENCE, || self.check(), || Ok(ready.is_file()))
    }

    fn start_fabric(&mut self, layout: &Layout, consortium: &Consortium, binaries: &Binaries) -> Result<()> {
        let programs = fabric::programs(layout, consortium, &self.addresses, binaries)?;
        self.nodes = Nodes::start(programs, consortium.orderer.quorum(), Restarts::default())?;
        self.remember(layout)?;
        let mut silent = fabric::listening(&self.addresses);
        let all_listen = || {
            silent.retain(|endpoint| !endpoint.listens());
            Ok(silent.is_empty())
        };
        wait_until("Fabric's processes", fabric::PATIENCE, || self.check(), all_listen)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(channel::join(&Network { layout, consortium, addresses: &self.addresses }))
    }

    /// Writes the processes down for `status` and `down`.
    fn remember(&self, layout: &Layout) -> Result<()> {
        let processes = self.roles.iter().chain(self.nodes.processes()).map(|process| RunningProcess {
            name: process.name().to_owned(),
            id: process.id(),
            started: process.started(),
        });
        let processes = processes.collect();
        let supervisor = std::process::id();
        let supervisor_started = process::started(supervisor).context("the system does not tell when this began")?;
        layout.set_running(&Running { supervisor, supervisor_started, processes })
    }

    /// Fails when any process has ended, as none must while the network comes up.
    fn check(&mut self) -> Result<()> {
        self.roles.iter_mut().try_for_each(Process::check)?;
        self.nodes.check()
    }

    /// Stays until it is asked to stop, or until the network cannot go on. A node of Fabric that ends is started again
    /// as long as others of its kind run.
    fn watch(&mut self, layout: &Layout, stop: &AtomicBool) -> Result<()> {
        while !stop.load(Ordering::Relaxed) {
            self.roles.iter_mut().try_for_each(Process::check)?;
            // Nodes do not change because nobody can read who is to stand still.
            let stopped = layout.stopped().ok();
            let mut news = stopped.map_or_else(Vec::new, |stopped| self.nodes.stand_still(&stopped, STOP_PATIENCE));
            news.extend(self.nodes.look()?);
            if !news.is_empty() {
                news.iter().for_each(|line| tell(line));
                self.remember(layout)?;
            }
            std::thread::sleep(POLL * 5);
        }
        Ok(())
    }

    /// Stops the processes, the last one first, so that nobody calls into what is gone.
    fn stop(&mut self, gateway_patience: Duration) {
        let mut killed = Vec::new();
        let mut end = |mut process: Process, patience| {
            if !process.stop(patience) {
                killed.push(process.name().to_owned());
            }
        };
        let gateway = self.roles.pop();
        gateway.into_iter().for_each(|process| end(process, gateway_patience));
        let nodes = self.nodes.stop(STOP_PATIENCE);
        self.roles.drain(..).rev().for_each(|process| end(process, STOP_PATIENCE));
        for name in killed.iter().chain(&nodes) {
            tell(&format!("{name} did not stop in time and was killed"));
        }
    }

    fn describe(&self, layout: &Layout, consortium: &Consortium, seconds: f32) -> Result<()> {
        let mut out = std::io::stdout().lock();
        let kind = match self.addresses.kind {
            Kind::Embedded => "embedded network",
            Kind::Fabric => "network of Fabric peers",
        };
        writeln!(out, "The {kind} of {} organizations is up after {seconds:.1} s.", consortium.organizations.len())?;
        if let Some(less) = less_than_asked(&self.addresses, consortium) {
            writeln!(out, "{less}")?;
        }
        writeln!(out, "  gateway    https://{}", self.addresses.gateway)?;
        for organization in &consortium.organizations {
            for peer in self.addresses.peers_of(&organization.msp_id) {
                writeln!(out, "  peer       {}  {}", peer.endpoint, organization.msp_id)?;
            }
        }
        for orderer in &self.addresses.orderers {
            writeln!(out, "  orderer    {}  {}", orderer.endpoint, orderer.node)?;
        }
        writeln!(out, "  chaincode  {}", self.addresses.chaincode)?;
        writeln!(out, "  data       {}", layout.root().display())?;
        writeln!(out, "  identities {}", layout.user("<domain>", "User1").join("msp").display())?;
        writeln!(out, "Stop with Ctrl-C or `entrepot down --dir {}`.", layout.root().display())?;
        out.flush().context("cannot write to standard output")
    }
}

/// Tells what happens while the network runs. It goes on when nobody reads that.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Says so when the embedded network runs fewer nodes than the consortium file describes.
fn less_than_asked(addresses: &Addresses, consortium: &Consortium) -> Option<String> {
    let orderers = consortium.orderer.nodes.len();
    (addresses.kind == Kind::Embedded && orderers > 1).then(|| {
        format!(
            "It has one orderer; the {orderers} orderers ({}) of the consortium file run on real Fabric, with --fabric-bin.",
            consortium.orderer.consensus
        )
    })
}

/// Which Fabric programs to use: those named, or none for the embedded network. A folder that holds a network of Fabric
/// peers finds its programs again by itself.
fn binaries(options: &Options, layout: &Layout) -> Result<Option<Binaries>> {
    let laid_out_for_fabric = layout.known_addresses()?.is_some_and(|addresses| addresses.kind == Kind::Fabric);
    match &options.fabric_bin {
        Some(folder) => Binaries::find(Some(folder)).map(Some),
        None if laid_out_for_fabric => Binaries::find(None).map(Some),
        None => Ok(None),
    }
}

/// Keeps supervisors away from a folder in which nothing runs any more, until the file is closed.
pub(crate) fn hold(layout: &Layout) -> Result<File> {
    let lock = lock(layout)?;
    wait_for_leftovers(layout, LEFTOVER_PATIENCE)?;
    Ok(lock)
}

/// Keeps a second supervisor away from the folder. The lock ends with the process, however it ends.
fn lock(layout: &Layout) -> Result<File> {
    let path: &Path = &layout.path("lock");
    let file = private::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // A supervisor that was killed lets go when it has ended, which takes a moment.
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(POLL),
            Err(TryLockError::WouldBlock) => {
                let root = layout.root().display();
                bail!("a network is running in {root}; stop it with `entrepot down --dir {root}`")
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
    }
}

/// Waits until the processes of the last supervisor have ended. When it was killed, the kernel ends them, but not in
/// the same moment, and until then they hold their ports and ledgers.
fn wait_for_leftovers(layout: &Layout, patience: Duration) -> Result<()> {
    // A mark that cannot be read, such as one of an older version, names nobody to wait for.
    let left = layout.running().ok().flatten().map(|running| running.processes).unwrap_or_default();
    let deadline = Instant::now() + patience;
    while let Some(process) = left.iter().find(|process| process.runs()) {
        if Instant::now() > deadline {
            bail!("{} of the last run still runs as process {}; stop it first", process.name, process.id);
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_a_killed_supervisor_left_behind_is_waited_for_and_named_when_it_stays() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let layout = Layout::at(folder.path())?;
        let mut child = Command::new("sleep").arg("60").spawn()?;
        let started = process::started(child.id()).context("the child runs")?;
        let left = RunningProcess { name: "peer0.north.example".into(), id: child.id(), started };
        let other = RunningProcess { started: started + 1, ..left.clone() };
        layout.set_running(&Running { supervisor: 1, supervisor_started: 0, processes: vec![other] })?;
        // Another process has the id by now.
        wait_for_leftovers(&layout, Duration::ZERO)?;
        layout.set_running(&Running { supervisor: 1, supervisor_started: 0, processes: vec![left] })?;
        let error = wait_for_leftovers(&layout, Duration::ZERO).expect_err("it runs").to_string();
        assert!(error.contains("peer0.north.example of the last run still runs"), "{error}");
        child.kill()?;
        wait_for_leftovers(&layout, Duration::from_secs(60))?;
        child.wait()?;
        Ok(())
    }
}
