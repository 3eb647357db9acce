//! A server process and what it uses.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    time::{clock_getcpuclockid, clock_gettime},
    unistd::Pid,
};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// A child that ends with its measurement.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a server on a free port and waits until it listens.
    pub fn start(command: fn(SocketAddr) -> Result<Command>) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = command(address)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self { child: command.spawn().context("cannot be started")?, address };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if server.child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("does not listen");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    /// The processor time of all its threads, ended ones too, by the system's own clock of the process (nanoseconds).
    pub fn cpu_micros(&self) -> Result<f64> {
        let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(self.child.id())?)).context("it has ended")?;
        let time = clock_gettime(clock).context("it has ended")?;
        Ok(time.tv_sec() as f64 * 1e6 + time.tv_nsec() as f64 / 1e3)
    }

    /// Its resident memory in megabytes.
    pub fn rss_mb(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no memory figure")?;
        Ok(line.split_whitespace().next().context("no memory figure")?.parse::<f64>()? * 1024.0 / 1e6)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
