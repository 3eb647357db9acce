//! Roles: what this program is when `up` starts it again. Each runs until it is asked to stop.

pub mod builder;
pub mod chaincode;
pub mod gateway;
pub mod network;
pub mod signer;

use std::{env, net::SocketAddr, path::Path};

use anyhow::{Context, Result};
use fabric_operator::signals::asked_to_stop;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// The environment variable that chooses log lines, see [`start_log`].
pub const LOG_VARIABLE: &str = "ENTREPOT_LOG";

/// Log lines go to standard error. `ENTREPOT_LOG` chooses them: a level (`error`, `warn`, `info`, `debug`, `trace`,
/// `off`), or levels by target, separated by commas, as in `warn,trade_gateway=debug`. Default: `info`, also for a text
/// that is none of these, which is said in the log.
pub fn start_log() {
    let wished = env::var(LOG_VARIABLE).unwrap_or_default();
    let filter = log_filter(&wished);
    let lines = tracing_subscriber::fmt::layer().with_writer(trade_gateway::log::standard_error).with_ansi(false);
    let everything = Targets::new().with_default(LevelFilter::INFO);
    let chosen = filter.as_ref().map_or(everything, Targets::clone);
    // A second call, as in tests, keeps the first log.
    let _ = tracing_subscriber::registry().with(lines).with(chosen).try_init();
    if let Err(reason) = filter {
        tracing::warn!(
            text = wished,
            reason,
            "{LOG_VARIABLE} cannot be read; lines of level info and above are written"
        );
    }
}

/// The lines that a text chooses.
fn log_filter(text: &str) -> Result<Targets, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Ok(Targets::new().with_default(LevelFilter::INFO));
    }
    // A misspelt level would be taken for a target, of which there are no lines, and nothing would be logged.
    for part in parts.iter().filter(|part| !part.contains('=')) {
        part.parse::<LevelFilter>().map_err(|_| format!("'{part}' is no level"))?;
    }
    parts.join(",").parse().map_err(|error: tracing_subscriber::filter::ParseError| error.to_string())
}

/// Runs what `start` starts, with so many threads, until this process is asked to stop.
///
/// # Errors
/// It does not start, or the file that says so cannot be written.
fn serve<T>(
    threads: usize,
    ready_file: Option<&Path>,
    start: impl AsyncFnOnce() -> Result<T>,
    address: impl FnOnce(&T) -> SocketAddr,
    stop: impl AsyncFnOnce(T),
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let running = start().await?;
        tell_ready(ready_file, &address(&running).to_string())?;
        asked_to_stop().await?;
        stop(running).await;
        Ok(())
    })
}

/// Does this whenever the process gets SIGHUP, which would end it otherwise. Must be called inside a runtime.
///
/// # Errors
/// The signal handler cannot be set up.
fn on_hangup(act: impl Fn() + Send + 'static) -> Result<()> {
    let mut hangup = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            act();
        }
    });
    Ok(())
}

/// Tells the supervisor that this role is ready, by a file that appears at once with all of its content.
///
/// # Errors
/// The file cannot be written.
pub fn tell_ready(file: Option<&Path>, address: &str) -> Result<()> {
    match file {
        Some(file) => fabric_operator::layout::write_atomically(file, address.as_bytes()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::log_filter;

    #[test]
    fn levels_choose_log_lines_by_target() -> Result<(), String> {
        let rows = [
            ("", "trade_gateway", Level::INFO, true),
            ("", "trade_gateway", Level::DEBUG, false),
            ("warn", "trade_gateway", Level::INFO, false),
            ("WARN", "trade_gateway", Level::WARN, true),
            ("warn,trade_gateway=debug", "trade_gateway::http", Level::DEBUG, true),
            ("warn,trade_gateway=debug", "fabric_devnet", Level::INFO, false),
            ("warn, trade_gateway=debug", "trade_gateway", Level::DEBUG, true),
            ("debug,", "trade_gateway", Level::DEBUG, true),
            ("off", "trade_gateway", Level::ERROR, false),
        ];
        for (text, target, level, expected) in rows {
            assert_eq!(log_filter(text)?.would_enable(target, &level), expected, "{text}: {target} {level}");
        }
        Ok(())
    }

    #[test]
    fn a_text_that_chooses_nothing_is_refused_with_its_part() {
        for text in ["loud", "info,trade_gateway", "trade_gateway=loud"] {
            assert!(log_filter(text).is_err(), "{text}");
        }
        assert_eq!(log_filter("info,loud"), Err("'loud' is no level".to_owned()));
    }
}
