//! What can be asked of the contract `rights`.

mod assignment;
mod licence;
mod opposition;
mod question;
mod right;
mod transfer;

pub use assignment::{AcceptProducts, AssignProducts, EndAssignment, RefuseProducts};
pub use licence::{AcceptLicence, EndLicence, GrantLicence, RefuseLicence, RevokeLicence};
pub use opposition::{AnswerOpposition, DecideOpposition, OpposeRight, WithdrawOpposition};
pub use question::{CheckLicence, FindRights, ReadLicence, ReadLicenceOffers, ReadLicences, ReadRight};
pub use right::{AttestRight, EndRight, RegisterRight, RenewRight, WithdrawAttestation};
pub use transfer::{AcceptRight, OfferRight, RefuseRight, WithdrawRightOffer};
