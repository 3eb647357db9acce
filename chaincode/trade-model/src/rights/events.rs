//! What the contract `rights` announces.

use trade_standards::identifier::MspId;

use super::{LicenceName, RightName};
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `rights`.
    RightsEvent {
        /// A right was registered by its owner's word.
        "rights.right_registered" RightRegistered {
            /// The right.
            right_id: RightName,
        }
        /// A right was renewed by its owner's word.
        "rights.right_renewed" RightRenewed {
            /// The right.
            right_id: RightName,
        }
        /// A right was attested.
        "rights.right_attested" RightAttested {
            /// The right.
            right_id: RightName,
            /// The attester.
            by: MspId,
        }
        /// An attestation was taken back.
        "rights.attestation_withdrawn" AttestationWithdrawn {
            /// The right.
            right_id: RightName,
            /// The attester.
            by: MspId,
        }
        /// A right was surrendered or cancelled.
        "rights.right_ended" RightEnded {
            /// The right.
            right_id: RightName,
        }
        /// A right was opposed.
        "rights.right_opposed" RightOpposed {
            /// The right.
            right_id: RightName,
            /// Who opposes.
            opponent: MspId,
        }
        /// An opposition was taken back.
        "rights.opposition_withdrawn" OppositionWithdrawn {
            /// The right.
            right_id: RightName,
            /// Who opposes.
            opponent: MspId,
        }
        /// The owner answered an opposition.
        "rights.opposition_answered" OppositionAnswered {
            /// The right.
            right_id: RightName,
            /// Who opposes.
            opponent: MspId,
        }
        /// An opposition was decided.
        "rights.opposition_decided" OppositionDecided {
            /// The right.
            right_id: RightName,
            /// Who opposes.
            opponent: MspId,
        }
        /// A right was offered to another member.
        "rights.right_offered" RightOffered {
            /// The right.
            right_id: RightName,
            /// Which offer of it.
            number: u32,
        }
        /// The offer of a right was taken back.
        "rights.right_offer_withdrawn" RightOfferWithdrawn {
            /// The right.
            right_id: RightName,
            /// Which offer of it.
            number: u32,
        }
        /// The offer of a right was refused.
        "rights.right_offer_refused" RightOfferRefused {
            /// The right.
            right_id: RightName,
            /// Which offer of it.
            number: u32,
        }
        /// A right has a new owner.
        "rights.right_passed_on" RightPassedOn {
            /// The right.
            right_id: RightName,
            /// Which offer of it.
            number: u32,
        }
        /// A company assigned products to another member's rights.
        "rights.products_assigned" ProductsAssigned {
            /// The company that owns the prefix.
            from: MspId,
            /// The member whose rights may cover the products.
            to: MspId,
        }
        /// A member accepted the products of another company for its rights.
        "rights.products_accepted" ProductsAccepted {
            /// The company that owns the prefix.
            from: MspId,
            /// The member whose rights may cover the products.
            to: MspId,
        }
        /// A member refused or gave back the products of another company.
        "rights.products_refused" ProductsRefused {
            /// The company that owns the prefix.
            from: MspId,
            /// The member whose rights may cover the products.
            to: MspId,
        }
        /// A company ended an assignment of its products.
        "rights.assignment_ended" AssignmentEnded {
            /// The company that owns the prefix.
            from: MspId,
            /// The member whose rights may cover the products.
            to: MspId,
        }
        /// A licence was granted.
        "rights.licence_granted" LicenceGranted {
            /// The licence.
            licence_id: LicenceName,
            /// The right it is for.
            right_id: RightName,
        }
        /// A licence was accepted by its licensee.
        "rights.licence_accepted" LicenceAccepted {
            /// The licence.
            licence_id: LicenceName,
            /// The right it is for.
            right_id: RightName,
        }
        /// A licence was refused by its licensee.
        "rights.licence_refused" LicenceRefused {
            /// The licence.
            licence_id: LicenceName,
            /// The right it is for.
            right_id: RightName,
        }
        /// A licence was revoked, or withdrawn before it was accepted.
        "rights.licence_revoked" LicenceRevoked {
            /// The licence.
            licence_id: LicenceName,
            /// The right it is for.
            right_id: RightName,
        }
        /// A licence was given up by its licensee.
        "rights.licence_given_up" LicenceGivenUp {
            /// The licence.
            licence_id: LicenceName,
            /// The right it is for.
            right_id: RightName,
        }
    }
}
