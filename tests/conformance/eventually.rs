//! Patience with what a network of Fabric does in its own time.

use std::{fmt::Display, time::Duration};

use anyhow::{Result, bail};

/// Tries until it succeeds, at most 20 seconds.
pub async fn eventually<T, E: Display>(what: &str, attempt: impl AsyncFn() -> Result<T, E>) -> Result<T> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) if tokio::time::Instant::now() > deadline => {
                bail!("not within 20 s: {what}; at last: {error:#}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
}
