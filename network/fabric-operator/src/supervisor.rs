//! `up`: starts network, chaincode and gateway as processes, watches them, and stops them in order.
//!
//! Every step looks first whether it was done before, so that a second `up` on the same folder goes on where the last one
//! ended, however it ended.

use std::{
    fs::File,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    channel,
    consortium::Consortium,
    deploy,
    fabric::{self, Binaries},
    gateway, generate,
    layout::{Addresses, Kind, Layout, Running, write_atomically},
    network::Network,
    process::{self, POLL, Process, Program, wait_until},
    signals::stop_flag,
};

/// How long a process of ours may take until it is ready.
const OUR_PATIENCE: Duration = Duration::from_secs(20);
/// How long a process may take to stop before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

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

/// Starts everything, says where it is, and stays until it is asked to stop.
///
/// # Errors
/// A step fails, or a process ends by itself.
pub fn up(options: &Options, gateway: &gateway::Settings) -> Result<()> {
    let stop = stop_flag()?;
    let layout = Layout::at(&options.folder)?;
    let _lock = lock(&layout)?;
    layout.clear_running();
    let consortium = generate::consortium(&layout, options.consortium.as_deref())?;
    let binaries = binaries(options, &layout)?;
    if let Some(binaries) = &binaries {
        binaries.check(&consortium)?;
    }
    let began = Instant::now();
    let mut network =
        RunningNetwork::start(&layout, &consortium, options, gateway, binaries.as_ref()).map_err(fabric::explain)?;
    let seconds = began.elapsed().as_secs_f32();
    write_atomically(&layout.ready_file("up")?, b"ready")?;
    // A network does not end because nobody reads where it is.
    let _ = network.describe(&layout, &consortium, seconds);
    let ended = network.watch(&stop).map_err(fabric::explain);
    network.stop();
    layout.clear_running();
    ended
}

/// The processes of a network, in the order in which they were started.
struct RunningNetwork {
    processes: Vec<Process>,
    addresses: Addresses,
}

impl RunningNetwork {
    fn start(
        layout: &Layout,
        consortium: &Consortium,
        options: &Options,
        gateway: &gateway::Settings,
        binaries: Option<&Binaries>,
    ) -> Result<Self> {
        let kind = if binaries.is_some() { Kind::Fabric } else { Kind::Embedded };
        let addresses = layout.addresses(kind, consortium, options.gateway)?;
        generate::crypto(layout, consortium)?;
        generate::genesis_blocks(layout, consortium, &addresses, binaries.map(|binaries| binaries.version))?;
        let package = generate::package(layout, consortium, &addresses)?;
        let mut network = Self { processes: Vec::new(), addresses };

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
        network.remember(layout)?;
        deploy::run(layout, consortium, &network.addresses, &package)?;
        let of = Network { layout, consortium, addresses: &network.addresses };
        let settings = gateway(&of, &layout.folder("gateway/data")?)?;
        let settings_file = layout.folder("gateway")?.join("settings.yaml");
        write_atomically(&settings_file, settings.as_bytes())?;
        network.start_role(layout, "gateway", vec!["--settings".into(), settings_file.display().to_string()])?;
        network.remember(layout)?;
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
            executable: None,
            arguments: all,
            environment: Vec::new(),
            working_directory: layout.root().to_owned(),
            log: layout.log(role)?,
        };
        self.processes.push(program.start()?);
        wait_until(&format!("the {role}"), OUR_PATIENCE, &mut self.processes, || Ok(ready.is_file()))
    }

    fn start_fabric(&mut self, layout: &Layout, consortium: &Consortium, binaries: &Binaries) -> Result<()> {
        for program in fabric::programs(layout, consortium, &self.addresses, binaries)? {
            self.processes.push(program.start()?);
        }
        let mut silent = fabric::listening(&self.addresses);
        wait_until("Fabric's processes", fabric::PATIENCE, &mut self.processes, || {
            silent.retain(|endpoint| !endpoint.listens());
            Ok(silent.is_empty())
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(channel::join(&Network { layout, consortium, addresses: &self.addresses }))
    }

    /// Writes the processes down for `status` and `down`.
    fn remember(&self, layout: &Layout) -> Result<()> {
        let processes = self.processes.iter().map(|process| (process.name().to_owned(), process.id())).collect();
        let supervisor = std::process::id();
        let supervisor_started = process::started(supervisor).context("the system does not tell when this began")?;
        layout.set_running(&Running { supervisor, supervisor_started, processes })
    }

    /// Stays until it is asked to stop, or until a process ends by itself.
    fn watch(&mut self, stop: &AtomicBool) -> Result<()> {
        while !stop.load(Ordering::Relaxed) {
            for process in &mut self.processes {
                process.check()?;
            }
            std::thread::sleep(POLL * 5);
        }
        Ok(())
    }

    /// Stops the processes, the last one first, so that nobody calls into what is gone.
    fn stop(&mut self) {
        while let Some(mut process) = self.processes.pop() {
            if !process.stop(STOP_PATIENCE) {
                tell(&format!("{} did not stop within {} s and was killed", process.name(), STOP_PATIENCE.as_secs()));
            }
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
    let peers: usize = consortium.organizations.iter().map(|organization| organization.peers).sum();
    let fewer = addresses.kind == Kind::Embedded && (orderers > 1 || peers > consortium.organizations.len());
    fewer.then(|| {
        format!(
            "It has one orderer and one peer of each organization; the {orderers} orderers ({}) and {peers} peers of \
             the consortium file run on real Fabric, with --fabric-bin.",
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

/// Keeps a second supervisor away from the folder. The lock ends with the process, however it ends.
fn lock(layout: &Layout) -> Result<File> {
    let path: &Path = &layout.path("lock");
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("a network is running in {} already; stop it with `entrepot down`", layout.root().display())
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}
