//! Roles: what this program is when `up` starts it again. Each runs until it is asked to stop.

pub mod chaincode;
pub mod gateway;
pub mod network;

use std::path::Path;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Completes when the process is asked to stop.
///
/// # Errors
/// The signal handlers cannot be set up.
pub async fn asked_to_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Log lines go to standard error; `ENTREPOT_LOG` chooses them in the form of `tracing` filters.
pub fn start_log() {
    let filter = EnvFilter::try_from_env("ENTREPOT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call, as in tests, keeps the first log.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(trade_gateway::log::standard_error)
        .with_ansi(false)
        .try_init();
}

/// Tells the supervisor that this role is ready, by a file that appears at once with all of its content.
///
/// # Errors
/// The file cannot be written.
pub fn tell_ready(file: Option<&Path>, address: &str) -> Result<()> {
    match file {
        Some(file) => crate::layout::write_atomically(file, address.as_bytes()),
        None => Ok(()),
    }
}
