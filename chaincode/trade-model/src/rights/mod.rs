//! Intellectual property: rights, licences and the question whether an act is covered.
//!
//! Prices and royalty terms are not here: they are private to the parties of a licence.

mod events;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::RightsEvent;
pub use records::{
    Act, Exclusivity, Licence, LicenceCheck, LicenceReason, LicenceVerdict, Revocation, Right, RightKind, SalesChannel,
};
pub use rejections::RightsRejection;
pub use requests::{CheckLicence, GrantLicence, ReadLicence, ReadRight, RegisterRight, RevokeLicence};
pub(crate) use tables::tables;
pub use tables::*;

/// Longest chain from a licence to the right's owner.
pub const LICENCE_DEPTH_MAX: u32 = 8;
/// Most products one right or licence can list.
pub const PRODUCTS_MAX: usize = 500;
