//! What the contract `custody` announces.

use trade_standards::identifier::MspId;

use super::{RecoveryName, TransferName};
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `custody`.
    CustodyEvent {
        /// Items were offered.
        "custody.offered" Offered {
            /// The transfer.
            transfer_id: TransferName,
            /// Who offered.
            from: MspId,
            /// Who was to take the items.
            to: MspId,
        }
        /// The items changed hands.
        "custody.accepted" Accepted {
            /// The transfer.
            transfer_id: TransferName,
            /// Who offered.
            from: MspId,
            /// Who was to take the items.
            to: MspId,
        }
        /// The items were not taken.
        "custody.rejected" Rejected {
            /// The transfer.
            transfer_id: TransferName,
            /// Who offered.
            from: MspId,
            /// Who was to take the items.
            to: MspId,
        }
        /// An owner took items from a suspended holder.
        "custody.recovered" Recovered {
            /// The recovery.
            recovery_id: RecoveryName,
            /// Who held them.
            from: MspId,
        }
        /// The offer was taken back.
        "custody.withdrawn" Withdrawn {
            /// The transfer.
            transfer_id: TransferName,
            /// Who offered.
            from: MspId,
            /// Who was to take the items.
            to: MspId,
        }
    }
}
