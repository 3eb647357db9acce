//! Handing goods over: one side offers, the other accepts; until then the sender is responsible.

mod events;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::CustodyEvent;
pub use records::{CustodyTransfer, TransferState};
pub use rejections::CustodyRejection;
pub use requests::{Accept, Offer, ReadTransfer, Reject, Withdraw};
pub(crate) use tables::tables;
pub use tables::*;

use crate::common::{Scoped, ScopedRef, TransferId};

/// The whole name of a custody transfer: the sender and its id.
pub type TransferName = Scoped<TransferId>;
/// The name of a custody transfer in a request.
pub type TransferRef = ScopedRef<TransferId>;

/// Most items one offer can name.
pub const TRANSFER_ITEMS_NAMED_MAX: usize = 100;
/// Most items, contents of units included, one transfer can move.
pub const TRANSFER_ITEMS_MOVED_MAX: usize = 2_000;
