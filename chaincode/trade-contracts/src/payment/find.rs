//! Invoices and entries by their ids.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{EntryId, InvoiceId};
use trade_model::payment::{BankEntry, ENTRIES, INVOICES, Invoice, PaymentRejection};

use crate::ledger;

pub(super) fn find_invoice(ctx: &mut Context<'_>, invoice_id: &InvoiceId) -> Result<Invoice, Refusal> {
    ledger::require(ctx, &INVOICES, invoice_id, |invoice_id| PaymentRejection::InvoiceUnknown { invoice_id })
}

pub(super) fn find_entry(ctx: &mut Context<'_>, entry_id: &EntryId) -> Result<BankEntry, Refusal> {
    ledger::require(ctx, &ENTRIES, entry_id, |entry_id| PaymentRejection::EntryUnknown { entry_id })
}
