//! `payment`: invoices with committed totals, accounts and the entries that their banks report, and settlements that
//! prove that the two agree.
//!
//! All amounts stay secret. An opening is shared between two parties, whose endorsers check that it opens the
//! commitment, so the committed numbers are known to be amounts; the settlement then proves their difference and shows
//! nothing else.
//!
//! Each record is one member's word, and only that member's: an invoice the seller's, the answer to it the buyer's, an
//! entry and its reversal the bank's. Where an invoice stands is never written down but found from all of them, so
//! nobody's peer is needed for what another member has to say.

mod account;
mod basis;
mod committed;
mod credit;
mod entry;
mod find;
mod history;
mod invoice;
mod limit;
mod open;
mod settling;
mod sharing;
mod standing;

use fabric_contract::Contract;

use crate::table::On;

pub use self::account::{accept_account, end_account, name_bank, read_account};
pub use self::basis::dispute_settlement;
pub(crate) use self::committed::committed;
pub use self::credit::{accept_credit, issue_credit, read_credit, read_credit_opening, share_credit_opening};
pub use self::entry::{read_entry, record_entry, reverse_entry};
pub use self::history::read_settlement;
pub use self::invoice::{
    accept_invoice, accept_withdrawal, dispute_invoice, issue_invoice, read_invoice, withdraw_invoice,
};
pub use self::limit::{read_settlement_limit, set_settlement_limit};
pub use self::settling::{approve_settlement, settle};
pub use self::sharing::{read_entry_opening, read_invoice_opening, share_entry_opening, share_invoice_opening};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("payment")
        .on(issue_invoice)
        .on(share_invoice_opening)
        .on_seen(accept_invoice, read_invoice)
        .on_seen(dispute_invoice, read_invoice)
        .on_seen(withdraw_invoice, read_invoice)
        .on_seen(accept_withdrawal, read_invoice)
        .on(issue_credit)
        .on(share_credit_opening)
        .on_seen(accept_credit, read_credit)
        .on(name_bank)
        .on(accept_account)
        .on_seen(end_account, read_account)
        .on(record_entry)
        .on(share_entry_opening)
        .on_seen(reverse_entry, read_entry)
        .on(settle)
        .on_seen(approve_settlement, read_settlement)
        .on_seen(dispute_settlement, read_settlement)
        .on(set_settlement_limit)
        .on(read_invoice)
        .on(read_invoice_opening)
        .on(read_credit)
        .on(read_credit_opening)
        .on(read_account)
        .on(read_entry)
        .on(read_entry_opening)
        .on(read_settlement)
        .on(read_settlement_limit)
}
