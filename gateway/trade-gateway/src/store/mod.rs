//! What survives a crash of the gateway: operations and the idempotency keys that lead to them, and imports.
//!
//! A write goes through three records. The key is taken in memory-speed commits; the signed transaction is forced to
//! disk once, before it is submitted to the orderer; the outcome may be lost in a crash, because the signed transaction
//! can be submitted again and its outcome asked again. A signed transaction holds no private input, a proposal does:
//! proposals are never stored.

mod database;
mod error;
mod imports;
mod listing;
mod mappings;
mod operation;
mod operations;
mod tables;
#[cfg(test)]
mod tests;

pub use self::{
    database::Store,
    error::StoreError,
    listing::{OperationsPage, PLACE_FIRST, Place},
    operation::{Begin, KeyDigest, Operation, State, Turn},
};
pub(crate) use self::{
    imports::{AddImport, Concluded, IMPORTS_MAX},
    mappings::{MAPPINGS_MAX, PutMapping, VERSIONS_MAX},
};
