//! Title: the owner offers what it owns, the buyer accepts; until then nothing is sold.

mod events;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::TitleEvent;
pub use records::{TitleState, TitleTransfer};
pub use rejections::TitleRejection;
pub use requests::{AcceptTitle, OfferTitle, ReadTitle, RefuseTitle, WithdrawTitle};
pub(crate) use tables::tables;
pub use tables::*;

use crate::common::{Scoped, ScopedRef, TitleTransferId};

/// The whole name of a title transfer: the seller and its id.
pub type TitleName = Scoped<TitleTransferId>;
/// The name of a title transfer in a request.
pub type TitleRef = ScopedRef<TitleTransferId>;

/// Most items one offer can name.
pub const TITLE_ITEMS_NAMED_MAX: usize = 100;
/// Most items, contents of units included, to which title can pass at once.
pub const TITLE_ITEMS_PASSED_MAX: usize = 2_000;
