//! A network for the story: `up` as a process of its own in a folder, stopped and removed at the end.

use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fabric_msp::private;
use fabric_operator::{
    layout::{Addresses, Layout, RunningProcess},
    process::{POLL, tail, tail_since},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// How long the network may take to come up.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long it may take to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// What to start, and where.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    /// The `entrepot` program.
    pub program: &'a Path,
    /// The network's folder.
    pub folder: &'a Path,
    /// Fabric's programs; the embedded network without.
    pub fabric_bin: Option<&'a Path>,
    /// Whether the network outlives this process.
    pub keep: bool,
    /// What to log, in the form of `tracing` filters; the usual when not given.
    pub log_filter: Option<&'a str>,
}

/// A running network and the folder it lies in.
pub struct RunningNetwork {
    supervisor: Child,
    layout: Layout,
    addresses: Addresses,
    keep: bool,
}

impl RunningNetwork {
    /// Starts `up` in a folder and waits until the gateway answers.
    ///
    /// # Errors
    /// The network does not come up; the error holds the end of the supervisor's log.
    pub fn start(start: &Start<'_>) -> Result<Self> {
        Self::start_with(start, &[])
    }

    /// As [`RunningNetwork::start`], with further arguments of `up`.
    ///
    /// # Errors
    /// As [`RunningNetwork::start`].
    pub fn start_with(start: &Start<'_>, further: &[OsString]) -> Result<Self> {
        let Start { program, folder, fabric_bin, keep, log_filter } = *start;
        let layout = Layout::at(folder)?;
        let log_path = layout.log("up")?;
        // Appended: the folder may be another network's that runs, which is for the supervisor to find out.
        let log = private::options().create(true).append(true).open(&log_path);
        let log = log.with_context(|| format!("cannot write {}", log_path.display()))?;
        let begin = log.metadata()?.len();
        // A network that is not kept must not outlive this process, even when that is killed.
        let mut command = Command::new(program);
        if !keep {
            command.arg("child").arg("--").arg(program);
        }
        command.arg("up").arg("--dir").arg(layout.root());
        if let Some(folder) = fabric_bin {
            command.arg("--fabric-bin").arg(folder);
        }
        command.args(further);
        if let Some(filter) = log_filter {
            command.env("ENTREPOT_LOG", filter);
        }
        let mut supervisor = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("cannot start the network")?;
        let ready = layout.path("run/up.ready");
        // What an earlier network left behind, or another one that runs, names another supervisor.
        let own = supervisor.id();
        // A mark that cannot be read was left behind, too; the supervisor clears it.
        let is_own = || layout.running().ok().flatten().is_some_and(|running| running.supervisor == own);
        let is_ready = || ready.is_file() && is_own();
        let deadline = Instant::now() + PATIENCE;
        while !is_ready() {
            if let Some(status) = supervisor.try_wait()? {
                bail!("the network did not come up ({status}):\n{}", tail_since(&log_path, begin, 30));
            }
            if Instant::now() > deadline {
                let _ = supervisor.kill();
                let told = tail_since(&log_path, begin, 30);
                bail!("the network was not up within {} s:\n{told}", PATIENCE.as_secs());
            }
            std::thread::sleep(POLL);
        }
        let addresses = layout.known_addresses()?.context("the network wrote no addresses")?;
        Ok(Self { supervisor, layout, addresses, keep })
    }

    /// Where things lie.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Where things listen.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Stops the network and waits until all of it has stopped.
    ///
    /// # Errors
    /// It does not stop in time, or ended with a failure.
    pub fn stop(mut self) -> Result<()> {
        self.terminate();
        let deadline = Instant::now() + STOP_PATIENCE;
        loop {
            if let Some(status) = self.supervisor.try_wait()? {
                if status.success() {
                    return Ok(());
                }
                bail!("the network ended with {status}:\n{}", tail(&self.layout.log("up")?, 30));
            }
            if Instant::now() > deadline {
                bail!("the network did not stop within {} s", STOP_PATIENCE.as_secs());
            }
            std::thread::sleep(POLL);
        }
    }

    /// Kills the supervisor, and with it every process, at once and without any order.
    ///
    /// # Errors
    /// The supervisor cannot be killed.
    pub fn kill(mut self) -> Result<()> {
        self.supervisor.kill().context("cannot kill the supervisor")?;
        self.supervisor.wait()?;
        let processes = self.layout.running()?.map(|running| running.processes).unwrap_or_default();
        let deadline = Instant::now() + STOP_PATIENCE;
        while processes.iter().any(RunningProcess::runs) {
            if Instant::now() > deadline {
                bail!("a process outlived its supervisor");
            }
            std::thread::sleep(POLL);
        }
        self.keep = true;
        Ok(())
    }

    fn terminate(&self) {
        // An error means that it has ended already.
        let _ = kill(Pid::from_raw(self.supervisor.id().cast_signed()), Signal::SIGTERM);
    }
}

impl Drop for RunningNetwork {
    fn drop(&mut self) {
        if !self.keep && matches!(self.supervisor.try_wait(), Ok(None)) {
            self.terminate();
            let _ = self.supervisor.wait();
        }
    }
}
