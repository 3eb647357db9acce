//! `down`: stops the network of a folder and waits until it has stopped.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    layout::Layout,
    process::{POLL, runs},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Stops the network of this folder.
///
/// # Errors
/// No network runs there, or it does not stop within a minute.
pub fn run(folder: &Path) -> Result<()> {
    let layout = Layout::at(folder)?;
    let running = layout.running()?.with_context(|| format!("no network runs in {}", layout.root().display()))?;
    let this = std::env::current_exe().context("cannot find this program's own file")?;
    if !runs(running.supervisor, &this) {
        layout.clear_running();
        bail!("the network in {} is not running any more; `up` starts it again", layout.root().display());
    }
    kill(Pid::from_raw(running.supervisor.cast_signed()), Signal::SIGTERM).context("cannot signal the supervisor")?;
    let deadline = Instant::now() + PATIENCE;
    while runs(running.supervisor, &this) {
        if Instant::now() > deadline {
            bail!("the network in {} did not stop within {} s", layout.root().display(), PATIENCE.as_secs());
        }
        std::thread::sleep(POLL);
    }
    println!("The network in {} has stopped; its data is kept.", layout.root().display());
    Ok(())
}
