//! Invoices, booked payments and their settlement.
//!
//! No amount is here: invoice and payment are commitments, and proofs show that they agree within a tolerance.

mod account;
mod credit;
mod crediting;
mod entry;
mod events;
mod invoice;
mod names;
mod rejections;
mod requests;
mod settlement;
mod sharing;
mod tables;

pub use account::{Account, AccountAcceptance, AccountEnd, AccountStanding, AccountState};
pub use credit::{CREDITS_MAX, CreditAcceptance, CreditNote, CreditStanding};
pub use crediting::{AcceptCredit, IssueCredit, ReadCredit, ReadCreditOpening, ShareCreditOpening};
pub use entry::{BankEntry, EntryDirection, EntryReversal, EntryStanding, ReversalGround};
pub use events::PaymentEvent;
pub use invoice::{
    Invoice, InvoiceAnswer, InvoiceStanding, InvoiceState, InvoiceVerdict, InvoiceWithdrawal, WithdrawalConsent,
};
pub use names::{EntryName, EntryRef, InvoiceName, InvoiceRef};
pub use rejections::PaymentRejection;
pub use requests::{
    AcceptAccount, AcceptInvoice, AcceptWithdrawal, ApproveSettlement, DisputeInvoice, DisputeSettlement, EndAccount,
    IssueInvoice, NameBank, ReadAccount, ReadEntry, ReadInvoice, ReadSettlement, ReadSettlementLimit, RecordEntry,
    ReverseEntry, SetSettlementLimit, Settle, WithdrawInvoice,
};
pub use settlement::{
    MatchBasis, Settlement, SettlementBasis, SettlementDispute, SettlementLimit, SettlementStanding, SettlementState,
    ToleranceReason,
};
pub use sharing::{ReadEntryOpening, ReadInvoiceOpening, ShareEntryOpening, ShareInvoiceOpening};
pub(crate) use tables::tables;
pub use tables::*;

/// Most settlements that one invoice can have: each but the last was undone by a bank's reversal or the seller's
/// dispute.
pub const SETTLEMENTS_MAX: u32 = 40;
/// Of these, most by the seller, and most by the buyer: neither can use up what the other settles with.
pub const SETTLEMENTS_OF_ONE_MAX: u32 = 20;
