//! What the contract `payment` announces.

use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use super::{EntryName, InvoiceName};
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `payment`.
    PaymentEvent {
        /// An invoice was issued.
        "payment.invoice_issued" InvoiceIssued {
            /// The invoice.
            invoice_id: InvoiceName,
        }
        /// The seller shared the opening of an invoice's total with the buyer.
        "payment.invoice_opening_shared" InvoiceOpeningShared {
            /// The invoice.
            invoice_id: InvoiceName,
        }
        /// The buyer accepted an invoice.
        "payment.invoice_accepted" InvoiceAccepted {
            /// The invoice.
            invoice_id: InvoiceName,
        }
        /// The buyer disputed an invoice.
        "payment.invoice_disputed" InvoiceDisputed {
            /// The invoice.
            invoice_id: InvoiceName,
        }
        /// The seller withdrew an invoice, or proposed to.
        "payment.invoice_withdrawn" InvoiceWithdrawn {
            /// The invoice.
            invoice_id: InvoiceName,
        }
        /// The buyer consented to the withdrawal of an invoice that it had accepted.
        "payment.withdrawal_accepted" WithdrawalAccepted {
            /// The invoice.
            invoice_id: InvoiceName,
        }
        /// The seller issued a credit note.
        "payment.credit_issued" CreditIssued {
            /// The invoice.
            invoice_id: InvoiceName,
            /// Which of its credit notes.
            number: u32,
        }
        /// The seller shared the opening of a credit note's amount with the buyer.
        "payment.credit_opening_shared" CreditOpeningShared {
            /// The invoice.
            invoice_id: InvoiceName,
            /// Which of its credit notes.
            number: u32,
        }
        /// The buyer accepted a credit note.
        "payment.credit_accepted" CreditAccepted {
            /// The invoice.
            invoice_id: InvoiceName,
            /// Which of its credit notes.
            number: u32,
        }
        /// A holder named its bank.
        "payment.bank_named" BankNamed {
            /// The holder.
            holder: MspId,
            /// The bank.
            bank: MspId,
        }
        /// A bank accepted an account.
        "payment.account_accepted" AccountAccepted {
            /// The holder.
            holder: MspId,
            /// The bank.
            bank: MspId,
        }
        /// Holder or bank ended an account.
        "payment.account_ended" AccountEnded {
            /// The holder.
            holder: MspId,
            /// The bank.
            bank: MspId,
        }
        /// A bank entry was recorded.
        "payment.entry_recorded" EntryRecorded {
            /// The entry.
            entry_id: EntryName,
        }
        /// The bank shared the opening of an entry's amount with the account holder.
        "payment.entry_opening_shared" EntryOpeningShared {
            /// The entry.
            entry_id: EntryName,
        }
        /// The bank took an entry back.
        "payment.entry_reversed" EntryReversed {
            /// The entry.
            entry_id: EntryName,
        }
        /// One person would settle an invoice, and a second one has to approve.
        "payment.settlement_proposed" SettlementProposed {
            /// The invoice.
            invoice_id: InvoiceName,
            /// The entry.
            entry_id: EntryName,
        }
        /// An entry settled an invoice.
        "payment.settled" Settled {
            /// The invoice.
            invoice_id: InvoiceName,
            /// The entry.
            entry_id: EntryName,
        }
        /// The seller disputed what the buyer had settled by itself.
        "payment.settlement_disputed" SettlementDisputed {
            /// The invoice.
            invoice_id: InvoiceName,
        }
        /// An organization set up to which total one person settles alone.
        "payment.settlement_limit_set" SettlementLimitSet {
            /// The organization.
            organization: MspId,
            /// The currency.
            currency: CurrencyCode,
        }
    }
}
