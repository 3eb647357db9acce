//! Traces of members' requests for an OpenTelemetry collector, sent by OTLP: a span for the request and one for each of
//! its steps on Fabric. With the feature `otlp` only; without it nothing here does anything.
//!
//! Spans hold names of routes and steps, codes, and the ids of transactions, which are on the ledger; never paths, ids
//! of records, organizations, persons or bodies. What a caller says about its own trace goes to the collector alone.

#[cfg(feature = "otlp")]
mod attribute;
#[cfg(feature = "otlp")]
mod exporter;
#[cfg(not(feature = "otlp"))]
mod off;
#[cfg(feature = "otlp")]
mod parent;
#[cfg(feature = "otlp")]
mod span;

#[cfg(not(feature = "otlp"))]
pub(crate) use self::off::{RequestSpan, Traces, step};
#[cfg(feature = "otlp")]
pub(crate) use self::span::{RequestSpan, Traces, step};

use std::time::Instant;

/// What the span of a request tells, once it is answered.
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "there are no spans that would tell it"))]
pub(crate) struct Ended<'a> {
    pub(crate) method: &'a str,
    /// The route's path, with its parameters as they are named.
    pub(crate) path: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) status: u16,
    /// `ok` or the code of the problem.
    pub(crate) outcome: &'a str,
    pub(crate) transaction_id: Option<&'a str>,
    pub(crate) began: Instant,
}

/// Why no traces can be sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The file of the authority.
    #[error("traces.tls_ca {path} cannot be read: {cause}")]
    Authority {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// What is in it, or the address.
    #[error("the collector {endpoint} cannot be called: {cause}")]
    Collector {
        /// The address.
        endpoint: String,
        /// Why.
        cause: fabric_msp::transport::TransportError,
    },
}
