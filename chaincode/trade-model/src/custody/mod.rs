//! Handing goods over: one side offers, the other accepts; until then the sender is responsible.

mod events;
mod records;
mod recovery;
mod rejections;
mod requests;
mod tables;

pub use events::CustodyEvent;
pub use records::{CustodyTransfer, TransferState};
pub use recovery::Recovery;
pub use rejections::CustodyRejection;
pub use requests::{Accept, Offer, ReadRecovery, ReadTransfer, Recover, Reject, Withdraw};
pub(crate) use tables::tables;
pub use tables::*;

use crate::common::{RecoveryId, Scoped, ScopedRef, TransferId};

/// The whole name of a custody transfer: the sender and its id.
pub type TransferName = Scoped<TransferId>;
/// The name of a custody transfer in a request.
pub type TransferRef = ScopedRef<TransferId>;

/// The whole name of a recovery: the owner and its id.
pub type RecoveryName = Scoped<RecoveryId>;
/// The name of a recovery in a request.
pub type RecoveryRef = ScopedRef<RecoveryId>;

/// Most items one offer, or one recovery, can name.
pub const TRANSFER_ITEMS_NAMED_MAX: usize = 100;
/// Most items, contents of units included, one transfer or recovery can move.
pub const TRANSFER_ITEMS_MOVED_MAX: usize = 2_000;
