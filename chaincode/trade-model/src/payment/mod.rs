//! Invoices, booked payments and their settlement.
//!
//! No amount is here: invoice and payment are commitments, and a proof shows that they agree within a tolerance.

mod events;
mod records;
mod rejections;
mod requests;
mod tables;

pub use events::PaymentEvent;
pub use records::{BankEntry, EntryDirection, Invoice, InvoiceState, MatchBasis, Settlement, ToleranceReason};
pub use rejections::PaymentRejection;
pub use requests::{
    IssueInvoice, ReadEntry, ReadEntryOpening, ReadInvoice, ReadInvoiceOpening, ReadSettlement, RecordEntry, Settle,
    ShareEntryOpening, ShareInvoiceOpening,
};
pub(crate) use tables::tables;
pub use tables::*;
