//! Intellectual property: rights, licences and the question whether an act is covered.
//!
//! Prices and royalty terms are not here: they are private to the parties of a licence.

mod events;
mod keys;
mod office;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::RightsEvent;
pub use keys::Whole;
pub use office::{OfficeRefusal, check_office};
pub use records::*;
pub use rejections::RightsRejection;
pub use requests::*;
pub(crate) use tables::tables;
pub use tables::*;

use crate::common::{LicenceId, RightId, Scoped, ScopedRef};

/// The whole name of a right: who registered it here, and what.
pub type RightName = Scoped<RightId>;
/// The whole name of a licence: its licensor, and the licensor's id for it.
pub type LicenceName = Scoped<LicenceId>;
/// The name of a right in a request.
pub type RightRef = ScopedRef<RightId>;
/// The name of a licence in a request.
pub type LicenceRef = ScopedRef<LicenceId>;

/// Longest chain from a licence to the right's owner.
pub const LICENCE_DEPTH_MAX: u32 = 8;
/// Most products one right, licence or assignment can list.
pub const PRODUCTS_MAX: usize = 500;
/// Most times a right can be passed on.
pub const FORMER_OWNERS_MAX: usize = 50;
/// Most originals that an opposition or an answer names.
pub const OPPOSITION_EVIDENCE_MAX: usize = 20;
/// Most licences in force directly under one right, or directly under one licence.
pub const LICENCES_UNDER_MAX: usize = 500;
