#![doc = include_str!("../README.md")]

pub mod blinding;
mod commitment;
mod context;
mod error;
mod opening;
pub mod parameters;
mod part;
mod proof;
mod prover;
mod schnorr;
mod statement;
mod statements;
mod transcript;
mod verifier;
mod weighted;
mod window;

pub use blinding::{CommitmentName, MasterKey};
pub use commitment::Commitment;
pub use context::{ProofContext, ProofContextBuilder};
pub use error::{CommitmentError, ContextError, OpeningError, ProveError, StatementError, VerifyError};
pub use opening::{Opening, OpeningText};
pub use proof::{PROOF_BYTES_MAX, Proof};
pub use prover::Prover;
pub use statement::{PublicInputs, Statement, StatementKind};
pub use statements::{Close, Equal, Open, Range, SUM_LINES_MAX, Sum};
pub use verifier::Verifier;

/// The random number traits that [`Prover`] and [`Opening::random`] ask for, in the version the curve needs.
pub use rand_core;

/// A deterministic generator that callers seed with 32 bytes of the operating system's randomness.
pub use rand_chacha::ChaCha20Rng;
