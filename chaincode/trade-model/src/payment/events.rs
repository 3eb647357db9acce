//! What the contract `payment` announces.

use crate::common::{EntryId, InvoiceId};
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `payment`.
    PaymentEvent {
        /// An invoice was issued.
        "payment.invoice_issued" InvoiceIssued {
            /// The invoice.
            invoice_id: InvoiceId,
        }
        /// A bank entry was recorded.
        "payment.entry_recorded" EntryRecorded {
            /// The entry.
            entry_id: EntryId,
        }
        /// An entry settled an invoice.
        "payment.settled" Settled {
            /// The invoice.
            invoice_id: InvoiceId,
            /// The entry.
            entry_id: EntryId,
        }
    }
}
