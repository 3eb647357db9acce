//! What the contract `evidence` announces.

use crate::common::Digest256;
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `evidence`.
    EvidenceEvent {
        /// An original was deposited by its digest.
        "evidence.deposited" Deposited {
            /// SHA-256 of the original.
            sha256: Digest256,
        }
    }
}
