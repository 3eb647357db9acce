//! Invoices and entries by their names, and whether they are what they say.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::Text;
use trade_model::payment::{
    BankEntry, ENTRIES, ENTRY_OPENINGS, ENTRY_REVERSALS, EntryName, EntryRef, EntryReversal, INVOICE_OPENINGS,
    INVOICES, Invoice, InvoiceRef, PaymentRejection,
};
use trade_standards::identifier::CreditorReference;

use crate::named::whole;
use crate::{authorship, ledger, private};

pub(super) fn find_invoice(ctx: &mut Context<'_>, invoice_id: InvoiceRef) -> Result<Invoice, Refusal> {
    let name = whole(ctx, invoice_id)?;
    ledger::require(ctx, &INVOICES, &name, |invoice_id| PaymentRejection::InvoiceUnknown { invoice_id })
}

pub(super) fn find_entry(ctx: &mut Context<'_>, entry_id: EntryRef) -> Result<BankEntry, Refusal> {
    let name = whole(ctx, entry_id)?;
    ledger::require(ctx, &ENTRIES, &name, |entry_id| PaymentRejection::EntryUnknown { entry_id })
}

/// What the bank itself has said to take the entry back.
pub(super) fn find_reversal(ctx: &mut Context<'_>, entry_id: &EntryName) -> Result<Option<EntryReversal>, Refusal> {
    let Some(reversal) = ENTRY_REVERSALS.find(ctx, entry_id)? else { return Ok(None) };
    let authentic = authorship::is_authentic(ctx, &ENTRY_REVERSALS, entry_id, &reversal, &entry_id.owner)?;
    Ok(authentic.then_some(reversal))
}

/// Whether the seller has made the invoice.
pub(super) fn is_invoice_authentic(ctx: &mut Context<'_>, invoice: &Invoice) -> Result<bool, Refusal> {
    let author = &invoice.invoice_id.owner;
    authorship::is_authentic(ctx, &INVOICES, &invoice.invoice_id, invoice, author)
}

/// Whether the bank has made the entry.
pub(super) fn is_entry_authentic(ctx: &mut Context<'_>, entry: &BankEntry) -> Result<bool, Refusal> {
    let author = &entry.entry_id.owner;
    authorship::is_authentic(ctx, &ENTRIES, &entry.entry_id, entry, author)
}

/// Whether seller and buyer hold the same opening of the total.
pub(super) fn is_invoice_opened(ctx: &mut Context<'_>, invoice: &Invoice) -> Result<bool, Refusal> {
    private::is_shared(ctx, &INVOICE_OPENINGS, &invoice.invoice_id, [&invoice.seller, &invoice.buyer])
}

/// Whether bank and account holder hold the same opening of the amount, which on a bank's own account is one holder.
pub(super) fn is_entry_opened(ctx: &mut Context<'_>, entry: &BankEntry) -> Result<bool, Refusal> {
    if entry.bank == entry.account_holder {
        return Ok(true);
    }
    private::is_shared(ctx, &ENTRY_OPENINGS, &entry.entry_id, [&entry.bank, &entry.account_holder])
}

/// An ISO 11649 reference in its canonical form; any other text as it is. A text that only looks like one is not one.
pub(super) fn canonical_reference(text: Text<35>) -> Text<35> {
    let canonical = CreditorReference::parse(text.as_str()).ok();
    canonical.and_then(|reference| Text::parse(reference.as_str()).ok()).unwrap_or(text)
}
