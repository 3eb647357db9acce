//! Mandates: an owner lets who holds its goods sell, repair, repack or end them. In force only when both have signed.

mod events;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::MandateEvent;
pub use records::{Mandate, MandateEnd, MandateState, Purpose};
pub use rejections::MandateRejection;
pub use requests::{AcceptMandate, EndMandate, GrantMandate, ReadMandate, RefuseMandate};
pub(crate) use tables::tables;
pub use tables::*;

use crate::common::{MandateId, Scoped, ScopedRef};

/// The whole name of a mandate: the owner that grants it and its id.
pub type MandateName = Scoped<MandateId>;
/// The name of a mandate in a request.
pub type MandateRef = ScopedRef<MandateId>;

/// Most trade items a mandate can list.
pub const MANDATE_PRODUCTS_MAX: usize = 100;
/// Most mandates of one owner for one holder that are not over.
pub const MANDATES_BETWEEN_MAX: usize = 50;
