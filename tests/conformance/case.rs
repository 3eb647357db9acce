//! What a conformance case is: a rule of Fabric and the function that asks a network about it.

use std::{future::Future, pin::Pin};

use anyhow::Result;

use crate::net;

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
