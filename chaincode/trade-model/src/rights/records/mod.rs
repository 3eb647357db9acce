//! Rights, licences and what is said about them, as the ledger holds it.
//!
//! Each statement is a record of its own, of the member that makes it: nobody's peer is needed for what another member
//! says, so no owner can stop an office, and no licensee a licensor.

mod assignment;
mod check;
mod found;
mod licence;
mod opposition;
mod right;
mod transfer;

pub use assignment::{AssignmentReply, ProductAssignment};
pub use check::{LicenceCheck, LicenceReason, LicenceVerdict};
pub use found::{FoundRight, ProductBasis, RightsFound, Weight};
pub use licence::{
    Act, Exclusivity, Licence, LicenceEnd, LicenceEndKind, LicenceFacts, LicencePage, LicenceReply, LicenceState,
    LicenceView, SalesChannel, Suspension,
};
pub use opposition::{Opposition, OppositionAnswer, OppositionDecision, OppositionFile, OppositionGround, Verdict};
pub use right::{
    Attestation, AttestationBasis, FormerOwner, Right, RightEnd, RightEndKind, RightFacts, RightKind, RightStanding,
    RightView, Withdrawal,
};
pub use transfer::{RightOffer, RightOfferReply};
