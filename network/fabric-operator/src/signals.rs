//! SIGTERM and Ctrl-C (SIGINT): how a process is asked to stop in order.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

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

/// A flag that is set when the process is asked to stop.
///
/// # Errors
/// The thread that waits for signals cannot be started.
pub fn stop_flag() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // The handlers must stand before anything is started, so that an early Ctrl-C stops in order, too.
    let (armed, wait) = std::sync::mpsc::channel();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async move {
            let listening = asked_to_stop();
            let _ = armed.send(());
            if listening.await.is_ok() {
                seen.store(true, Ordering::Relaxed);
            }
        });
    })?;
    wait.recv().context("the signal thread ended")?;
    Ok(flag)
}
