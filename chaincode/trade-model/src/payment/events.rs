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
        /// The seller shared the opening of an invoice's total with the buyer.
        "payment.invoice_opening_shared" InvoiceOpeningShared {
            /// The invoice.
            invoice_id: InvoiceId,
        }
        /// A bank entry was recorded.
        "payment.entry_recorded" EntryRecorded {
            /// The entry.
            entry_id: EntryId,
        }
        /// The bank shared the opening of an entry's amount with the account holder.
        "payment.entry_opening_shared" EntryOpeningShared {
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
