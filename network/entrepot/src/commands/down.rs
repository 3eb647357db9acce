//! `down`: stops the network of a folder and waits until it has stopped.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fabric_operator::{
    layout::Layout,
    process::{POLL, started},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use serde_json::json;

use crate::output::Form;

const PATIENCE: Duration = Duration::from_secs(60);

/// Stops the network of this folder.
///
/// # Errors
/// No network runs there, or it does not stop within a minute.
pub fn run(folder: &Path, form: Form) -> Result<()> {
    let layout = Layout::existing(folder)?;
    let running = layout.running()?.with_context(|| format!("no network runs in {}", layout.root().display()))?;
    // The program's file may be another one by now, so the process is known by when it started.
    let runs = || started(running.supervisor) == Some(running.supervisor_started);
    if !runs() {
        layout.clear_running();
        bail!("the network in {} is not running any more; `up` starts it again", layout.root().display());
    }
    kill(Pid::from_raw(running.supervisor.cast_signed()), Signal::SIGTERM).context("cannot signal the supervisor")?;
    let deadline = Instant::now() + PATIENCE;
    while runs() {
        if Instant::now() > deadline {
            bail!(
                "the network in {} did not stop within {} s; its supervisor is process {}",
                layout.root().display(),
                PATIENCE.as_secs(),
                running.supervisor
            );
        }
        std::thread::sleep(POLL);
    }
    let root = layout.root();
    let lines = format_args!("The network in {} has stopped; its data is kept.", root.display());
    form.answer(lines, &json!({"folder": root, "running": false}))
}
