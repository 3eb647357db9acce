//! Disclosure: an authority orders a party of a private record to open it, and reads what is opened.

mod events;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::DisclosureEvent;
pub use records::{DisclosureOrder, DisclosureStanding, DisclosureSubject, OrderApproval};
pub use rejections::DisclosureRejection;
pub use requests::{ApproveOrder, Disclose, OrderDisclosure, ReadDisclosed, ReadOrder};
pub(crate) use tables::tables;
pub use tables::*;

use crate::common::{OrderId, Scoped, ScopedRef};

/// The whole name of an order: the authority and its id.
pub type OrderName = Scoped<OrderId>;
/// The name of an order in a request.
pub type OrderRef = ScopedRef<OrderId>;
