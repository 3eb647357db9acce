//! What the contract `agreement` announces.

use super::AgreementName;
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `agreement`.
    AgreementEvent {
        /// Terms were offered.
        "agreement.offered" Offered {
            /// The agreement.
            agreement_id: AgreementName,
        }
        /// The other member agreed.
        "agreement.accepted" Accepted {
            /// The agreement.
            agreement_id: AgreementName,
        }
        /// The other member did not agree.
        "agreement.refused" Refused {
            /// The agreement.
            agreement_id: AgreementName,
        }
        /// One of the two gave notice.
        "agreement.ended" Ended {
            /// The agreement.
            agreement_id: AgreementName,
        }
    }
}
