//! Conformance: what a Fabric network does, case by case, asked of the embedded network and of Fabric itself.
//!
//! Each case is one function, written once against [`net::Net`]; its name is its number and the rule, and [`table`] names
//! them all. A number stays with its rule for good. `C` numbers are those of the list that the cases began with, `E`
//! numbers are of our own: configuration updates, membership, a regulator, several channels. C150, a crash between two
//! stores of one peer, is asked of the embedded network only, because nobody else's can be made to crash there. Nothing here asserts addresses, heights,
//! retries, or texts beyond what clients rely on. Where Fabric 2 differs from Fabric 3, the case says how.

#![allow(missing_docs, clippy::missing_errors_doc, reason = "cases and their tools; nothing here is used from outside")]

pub mod ask;
pub mod block;
pub mod cases;
pub mod chaincode;
pub mod deliver;
pub mod embedded;
pub mod fabric;
pub mod inside;
pub mod lifecycle;
pub mod net;
pub mod network;
pub mod own;
pub mod run;
pub mod script;
pub mod table;

use std::{fmt::Display, future::Future, pin::Pin, time::Duration};

use anyhow::{Result, bail};

/// What a case comes to.
pub type CaseResult = Pin<Box<dyn Future<Output = Result<()>>>>;

/// A rule and the function that asks a network about it.
#[derive(Clone, Copy)]
pub struct Case {
    /// The function's name: `c001_what_holds`.
    pub name: &'static str,
    /// The function.
    pub run: fn(net::N) -> CaseResult,
    /// Whether it concerns ordering, so that several orderers are asked, too.
    pub orders: bool,
    /// Whether only the embedded network can be asked, because it takes a switch that Fabric does not have.
    pub switched: bool,
    /// Whether it makes channels of its own, of which a network makes few at a time.
    pub own: bool,
    /// Whether no other case may run meanwhile.
    pub alone: bool,
}

impl Case {
    /// The number, as in `C001`.
    pub fn number(&self) -> String {
        self.name.split('_').next().unwrap_or_default().to_uppercase()
    }

    /// The rule as a sentence.
    pub fn rule(&self) -> String {
        self.name.split_once('_').map_or(self.name, |(_, rule)| rule).replace('_', " ")
    }
}

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
