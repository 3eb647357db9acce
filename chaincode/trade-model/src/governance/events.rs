//! What the contract `governance` announces.

use trade_standards::identifier::MspId;

use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `governance`.
    GovernanceEvent {
        /// The members were named.
        "governance.established" Established {
            /// Their MSP ids.
            members: Vec<MspId>,
        }
    }
}
