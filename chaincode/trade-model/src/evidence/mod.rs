//! Evidence by hash: the original stays with its keeper, the ledger keeps when, what and how it was captured.

mod events;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::EvidenceEvent;
pub use records::{Evidence, EvidenceCheck, EvidenceKind, EvidencePage, Subject};
pub use rejections::EvidenceRejection;
pub use requests::{Deposit, ReadEvidence, VerifyEvidence};
pub(crate) use tables::tables;
pub use tables::*;

/// Most subjects one deposit can name.
pub const SUBJECTS_MAX: usize = 20;
