//! What the contract `mandate` announces.

use trade_standards::identifier::MspId;

use super::MandateName;
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `mandate`.
    MandateEvent {
        /// A mandate was granted and waits for the holder.
        "mandate.granted" Granted {
            /// The mandate.
            mandate_id: MandateName,
            /// Who may act when it accepts.
            holder: MspId,
        }
        /// A mandate is in force.
        "mandate.accepted" Accepted {
            /// The mandate.
            mandate_id: MandateName,
            /// Who may act.
            holder: MspId,
        }
        /// The holder did not take it.
        "mandate.refused" Refused {
            /// The mandate.
            mandate_id: MandateName,
            /// Who was to act.
            holder: MspId,
        }
        /// Owner or holder ended it.
        "mandate.ended" Ended {
            /// The mandate.
            mandate_id: MandateName,
            /// Who could act.
            holder: MspId,
        }
    }
}
