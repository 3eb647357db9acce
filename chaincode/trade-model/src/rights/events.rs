//! What the contract `rights` announces.

use crate::common::{LicenceId, RightId};
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `rights`.
    RightsEvent {
        /// A right was registered.
        "rights.right_registered" RightRegistered {
            /// The right.
            right_id: RightId,
        }
        /// A licence was granted.
        "rights.licence_granted" LicenceGranted {
            /// The licence.
            licence_id: LicenceId,
            /// The right it is for.
            right_id: RightId,
        }
        /// A licence was revoked.
        "rights.licence_revoked" LicenceRevoked {
            /// The licence.
            licence_id: LicenceId,
            /// The right it is for.
            right_id: RightId,
        }
    }
}
