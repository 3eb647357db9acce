//! The ledger of a channel, shared by all peers of this process, with a private store for each organization.
//!
//! Blocks come in through [`Ledger::commit`] only; everything else is derived from them. Reading happens on snapshots
//! and never waits for a block. Calls that touch the disk block the thread they run on: from asynchronous code, commit
//! through the orderer's thread and keep long reads off the executor.

mod block_checks;
mod chain;
mod changes;
mod crash;
mod genesis;
mod halt;
mod next_block;
mod opening;
mod organization;
mod private_data;
mod readable;
mod reader;
mod reading;
#[cfg(test)]
mod tests;
mod verify;
mod view;

pub use self::{chain::Ledger, crash::CrashPoint, reading::TransactionRecord, verify::Verification};
pub use crate::{
    simulation::{
        BATCH_ROWS, Batch, CallerInfo, Page, PrivateFields, PublicFields, QUERY_ROWS_MAX, RangeCursor, SimulationError,
        SimulationResults, Simulator,
    },
    state::{
        block_metadata::{envelopes, validation_codes},
        error::LedgerError,
        finding::Finding,
        rwset::{Metadata, VALIDATION_PARAMETER},
        store::StateEntry,
        version::Version,
    },
    validation::VerifiedSignatures,
};
