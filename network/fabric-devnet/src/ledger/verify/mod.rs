//! Whether a ledger at rest is what was written.
//!
//! The blocks are the truth: each must continue the chain, hold the data that its header names, and be signed by the
//! orderers as the configuration of its height demands. What follows from them is added up anew in memory and compared
//! row by row with the stored tables; private values must have the hashes that the blocks name. Signatures and policies
//! of transactions stand under the orderers' signatures, so looking at them again is left to [`Ledger::verify`].
//!
//! Completeness of private data is not looked at: an organization may lack values that it never got.

mod depth;
mod private;
mod replay;
mod tables;

use std::panic::{AssertUnwindSafe, catch_unwind};

use fabric_protos::common::Block;

pub(super) use self::depth::Depth;
use self::replay::Replay;
use super::chain::Ledger;
use crate::state::{error::LedgerError, finding::Finding};

/// What has been found to be in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The channel.
    pub channel_id: String,
    /// How many blocks there are.
    pub blocks: u64,
    /// How many transactions the blocks hold, valid or not.
    pub transactions: u64,
    /// How many private writes all organizations keep together.
    pub private_writes: u64,
}

/// Looks through a ledger that begins with a block.
///
/// Each block but the first is shown once it is found to be in order; what follows from it is compared at the end.
pub(super) fn verify(
    ledger: &Ledger,
    genesis: &Block,
    depth: Depth,
    seen: &mut dyn FnMut(&Block),
) -> Result<Verification, LedgerError> {
    // A damaged file makes the database panic where it finds what cannot be.
    catch_unwind(AssertUnwindSafe(|| look_through(ledger, genesis, depth, seen))).unwrap_or_else(|panic| {
        let cause = panic.downcast_ref::<String>().cloned();
        let cause = cause.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Finding::Unreadable(cause.unwrap_or_else(|| "the database failed".to_owned())).into())
    })
}

fn look_through(
    ledger: &Ledger,
    genesis: &Block,
    depth: Depth,
    seen: &mut dyn FnMut(&Block),
) -> Result<Verification, LedgerError> {
    let stored = ledger.snapshot()?;
    let mut replay = Replay::begin(&stored, genesis, depth)?;
    let height = stored.height()?;
    for number in 1..height {
        seen(replay.add(number)?);
    }
    let (rebuilt, named) = replay.end();
    tables::compare(&stored, &*rebuilt.snapshot()?)?;
    let mut private_writes = 0;
    for (msp_id, stores) in ledger.organizations.iter() {
        private_writes += private::check(msp_id, &stores.private.rows()?, &named)?;
    }
    let (channel_id, transactions) = (ledger.channel_id().to_owned(), named.transactions);
    Ok(Verification { channel_id, blocks: height, transactions, private_writes })
}
