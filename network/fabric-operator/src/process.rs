//! Child processes: started in a folder of their own, logged to a file, and stopped in order.
//!
//! Every child, ours or Fabric's, is started through this program's hidden `child` command, which asks the kernel to
//! end the child when its parent dies and then becomes the program. So a killed supervisor leaves nothing behind.

use std::{
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fabric_msp::private;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// How often a condition is looked at while waiting for it.
pub const POLL: Duration = Duration::from_millis(10);

/// What to start.
#[derive(Debug, Clone)]
pub struct Program {
    /// The name in messages, of the log file and of the pid file.
    pub name: String,
    /// The program whose command `child` ties the process to its parent; [`this_program`] but in tests.
    pub launcher: PathBuf,
    /// The executable; the launcher itself when not given.
    pub executable: Option<PathBuf>,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment, apart from `PATH`, `HOME` and `TMPDIR`.
    pub environment: Vec<(String, String)>,
    /// Where it runs.
    pub working_directory: PathBuf,
    /// Where its standard output and error go.
    pub log: PathBuf,
}

/// A running child.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    started: u64,
    log: PathBuf,
}

impl Program {
    /// Starts the program.
    ///
    /// # Errors
    /// The log file cannot be opened or the program cannot be started.
    pub fn start(&self) -> Result<Process> {
        let log = open_log(&self.log)?;
        let target = self.executable.as_ref().unwrap_or(&self.launcher);
        let mut command = Command::new(&self.launcher);
        command
            .arg("child")
            .arg("--")
            .arg(target)
            .args(&self.arguments)
            .current_dir(&self.working_directory)
            .env_clear()
            .envs(inherited_environment())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot share the log file")?)
            .stderr(log)
            // A group of its own, so that Ctrl-C at the terminal reaches the supervisor only, which stops in order.
            .process_group(0);
        let child = command.spawn().with_context(|| format!("cannot start {} ({})", self.name, target.display()))?;
        let started = started(child.id()).unwrap_or_default();
        Ok(Process { name: self.name.clone(), child, started, log: self.log.clone() })
    }
}

impl Process {
    /// The name it was started under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// When it started, as [`started`] tells.
    #[must_use]
    pub fn started(&self) -> u64 {
        self.started
    }

    /// Fails when the process has ended, with the last lines of its log.
    ///
    /// # Errors
    /// The process has ended.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait().context("cannot ask for the state of a child")? {
            bail!("{} ended with {status}; the end of {}:\n{}", self.name, self.log.display(), tail(&self.log, 20));
        }
        Ok(())
    }

    /// Asks the process to stop, waits, and kills it when it does not. Returns whether it stopped by itself.
    pub fn stop(&mut self, patience: Duration) -> bool {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        // An error means that the process is gone already, which the wait below finds out.
        let _ = kill(pid, Signal::SIGTERM);
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return true;
            }
            std::thread::sleep(POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(5));
    }
}

/// Becomes the given program, after asking the kernel to end it when the present parent dies.
///
/// # Errors
/// The program cannot be executed. On success this function does not return.
pub fn become_child(program: &Path, arguments: &[String]) -> Result<std::convert::Infallible> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).context("cannot tie this process to its parent")?;
    if nix::unistd::getppid().as_raw() == 1 {
        bail!("the parent process died before the child began");
    }
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot execute {}", program.display()))
}

/// Waits until `ready` answers true, and fails when `alive` does or time runs out.
///
/// # Errors
/// `alive` or `ready` failed, or the time ran out; `what` names what was waited for.
pub fn wait_until(
    what: &str,
    patience: Duration,
    mut alive: impl FnMut() -> Result<()>,
    mut ready: impl FnMut() -> Result<bool>,
) -> Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        if ready()? {
            return Ok(());
        }
        alive()?;
        if Instant::now() >= deadline {
            bail!("{what} was not ready within {} s", patience.as_secs());
        }
        std::thread::sleep(POLL);
    }
}

/// When a running process started, in clock ticks since the system did; `None` when none has this id.
#[must_use]
pub fn started(id: u32) -> Option<u64> {
    // The program's name in brackets may hold anything; the start time is the 20th field after it.
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    if rest.starts_with('Z') {
        return None;
    }
    rest.split(' ').nth(19)?.parse().ok()
}

/// This program's file, also when another one has taken its place since it was started.
#[must_use]
pub fn this_program() -> PathBuf {
    let named = std::env::current_exe().ok().filter(|path| path.is_file());
    named.unwrap_or_else(|| PathBuf::from("/proc/self/exe"))
}

/// The last lines of a text file, or an empty text when it cannot be read.
#[must_use]
pub fn tail(path: &Path, lines: usize) -> String {
    tail_since(path, 0, lines)
}

/// As [`tail`], of what stands behind the first `begin` bytes.
#[must_use]
pub fn tail_since(path: &Path, begin: u64, lines: usize) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(usize::try_from(begin).ok().and_then(|begin| bytes.get(begin..)).unwrap_or(&[]));
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn open_log(path: &Path) -> Result<File> {
    private::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open the log file {}", path.display()))
}

fn inherited_environment() -> impl Iterator<Item = (String, String)> {
    ["PATH", "HOME", "TMPDIR", "ENTREPOT_LOG"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_when_it_started_and_not_after_its_end() -> Result<()> {
        let own = started(std::process::id()).context("this process runs")?;
        assert_eq!(started(std::process::id()), Some(own));
        let mut child = Command::new("sleep").arg("60").spawn()?;
        assert!(started(child.id()).is_some_and(|later| later >= own));
        child.kill()?;
        while started(child.id()).is_some() {
            std::thread::yield_now();
        }
        child.wait()?;
        Ok(())
    }

    #[test]
    fn the_tail_of_a_log_is_its_last_lines() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("log");
        std::fs::write(&path, "one\ntwo\nthree\n")?;
        assert_eq!(tail(&path, 2), "two\nthree");
        assert_eq!([tail_since(&path, 8, 2), tail_since(&path, 99, 2)], ["three", ""]);
        assert_eq!(tail(&folder.path().join("absent"), 2), "");
        Ok(())
    }
}
