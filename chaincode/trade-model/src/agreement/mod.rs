//! *Agreements*: the terms on which two members trade, each in force only when both have signed.
//!
//! A settlement takes its tolerance from here and from nowhere else: what one side says in a request binds one side.

mod events;
mod names;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::AgreementEvent;
pub use names::{AgreementName, AgreementRef};
pub use records::{
    Agreement, AgreementAnswer, AgreementEnd, AgreementStanding, AgreementState, Answer, TOLERANCE_BASIS_POINTS_MAX,
    Terms,
};
pub use rejections::AgreementRejection;
pub use requests::{AcceptAgreement, EndAgreement, OfferAgreement, ReadAgreement, RefuseAgreement};
pub(crate) use tables::tables;
pub use tables::*;

/// Most agreements in one currency that two members can have for now and for later.
pub const AGREEMENTS_OF_PAIR_MAX: usize = 8;
