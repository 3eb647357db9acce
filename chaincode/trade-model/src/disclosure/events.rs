//! What the contract `disclosure` announces.

use trade_standards::identifier::MspId;

use super::OrderName;
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `disclosure`.
    DisclosureEvent {
        /// An officer ordered a disclosure, which a second one has to approve.
        "disclosure.ordered" Ordered {
            /// The order.
            order_id: OrderName,
            /// Who is to disclose.
            from: MspId,
        }
        /// An order is in force.
        "disclosure.approved" Approved {
            /// The order.
            order_id: OrderName,
            /// Who is to disclose.
            from: MspId,
        }
        /// What was ordered is disclosed to the authority.
        "disclosure.disclosed" Disclosed {
            /// The order.
            order_id: OrderName,
        }
    }
}
