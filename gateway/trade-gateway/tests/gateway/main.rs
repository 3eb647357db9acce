//! The gateway over real TLS and HTTP, in front of a ledger double that records every step.
//!
//! What the double cannot show (that Fabric takes the bytes) is shown by `fabric` against a gRPC server, and on whole
//! networks by the suite of the workspace.

mod audit;
mod certificates;
mod conditions;
mod doors;
mod double;
#[path = "../../../trade-index/tests/envelope/mod.rs"]
mod envelope;
mod fabric;
mod failover;
mod hostile;
mod idempotency;
mod imports;
mod lists;
mod logs;
mod matrix;
mod middle;
mod operators;
mod organizations;
mod proofs;
mod reading;
mod receiver;
mod references;
mod reload;
mod shares;
mod signer;
mod signer_local;
mod signer_token;
mod signing;
mod streams;
mod tokens;
#[cfg(feature = "otlp")]
mod traces;
mod waiting;
mod ways;
mod webhooks;
mod writing;

/// What tests return.
type TestResult = Result<(), Box<dyn std::error::Error>>;
