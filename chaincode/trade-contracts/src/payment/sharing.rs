//! Sharing what opens a commitment: a transaction of its own, which the peers of the two parties endorse and nobody
//! else.
//!
//! The record comes first and is endorsed by a majority, as every record, so that no two organizations can write it in
//! another's name. Its endorsers see nothing secret. The opening follows and goes to the parties' collections alone.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{DocumentedOpening, Shared};
use trade_model::payment::{
    ENTRY_OPENINGS, INVOICE_OPENINGS, PaymentEvent, PaymentRejection, ReadEntryOpening, ReadInvoiceOpening,
    ShareEntryOpening, ShareInvoiceOpening,
};

use super::find::{find_entry, find_invoice};
use crate::announce::announce;
use crate::caller::Caller;
use crate::private;

/// Gives the buyer what opens the total; the caller is the seller.
///
/// # Errors
/// The seller only; the private input must open the invoice's commitment, and hold the document that the invoice names.
pub fn share_invoice_opening(ctx: &mut Context<'_>, request: ShareInvoiceOpening) -> Result<Shared, Refusal> {
    let mut caller = Caller::of::<ShareInvoiceOpening>(ctx)?;
    let invoice = find_invoice(ctx, request.invoice_id)?;
    if invoice.seller != *caller.msp_id() {
        return Err(PaymentRejection::NotTheSeller { invoice_id: invoice.invoice_id }.into());
    }
    caller.follow(invoice.issued.at);
    let input = private::input::<ShareInvoiceOpening>(ctx)?;
    private::check_opens_with_document(&input, &invoice.total_commitment, invoice.document_digest.as_ref())?;
    private::share(ctx, &INVOICE_OPENINGS, &invoice.invoice_id, &input, [&invoice.seller, &invoice.buyer])?;
    announce(ctx, PaymentEvent::InvoiceOpeningShared { invoice_id: invoice.invoice_id })?;
    Ok(Shared { with: invoice.buyer, shared: caller.stamp() })
}

/// Gives the account holder what opens the amount; the caller is the bank.
///
/// # Errors
/// The bank only; the private input must open the entry's commitment, and hold the message that the entry names.
pub fn share_entry_opening(ctx: &mut Context<'_>, request: ShareEntryOpening) -> Result<Shared, Refusal> {
    let mut caller = Caller::of::<ShareEntryOpening>(ctx)?;
    let entry = find_entry(ctx, request.entry_id)?;
    if entry.bank != *caller.msp_id() {
        return Err(PaymentRejection::NotTheBank { entry_id: entry.entry_id }.into());
    }
    if entry.account_holder == entry.bank {
        return Err(PaymentRejection::OwnAccount { entry_id: entry.entry_id }.into());
    }
    caller.follow(entry.recorded.at);
    let input = private::input::<ShareEntryOpening>(ctx)?;
    private::check_opens_with_document(&input, &entry.amount_commitment, entry.statement_digest.as_ref())?;
    private::share(ctx, &ENTRY_OPENINGS, &entry.entry_id, &input, [&entry.bank, &entry.account_holder])?;
    announce(ctx, PaymentEvent::EntryOpeningShared { entry_id: entry.entry_id })?;
    Ok(Shared { with: entry.account_holder, shared: caller.stamp() })
}

/// What opens the total of an invoice, for its seller and its buyer.
///
/// # Errors
/// The two parties only; [`PaymentRejection::InvoiceNotOpened`] before the seller has shared it.
pub fn read_invoice_opening(ctx: &mut Context<'_>, request: ReadInvoiceOpening) -> Result<DocumentedOpening, Refusal> {
    let invoice = find_invoice(ctx, request.invoice_id)?;
    let parties = [&invoice.seller, &invoice.buyer];
    let shared = private::own(ctx, &INVOICE_OPENINGS, &invoice.invoice_id, parties)?;
    Ok(shared.ok_or(PaymentRejection::InvoiceNotOpened { invoice_id: invoice.invoice_id })?)
}

/// What opens the amount of an entry, for its bank and the account holder.
///
/// # Errors
/// The two parties only; [`PaymentRejection::EntryNotOpened`] before the bank has shared it.
pub fn read_entry_opening(ctx: &mut Context<'_>, request: ReadEntryOpening) -> Result<DocumentedOpening, Refusal> {
    let entry = find_entry(ctx, request.entry_id)?;
    let parties = [&entry.bank, &entry.account_holder];
    let shared = private::own(ctx, &ENTRY_OPENINGS, &entry.entry_id, parties)?;
    Ok(shared.ok_or(PaymentRejection::EntryNotOpened { entry_id: entry.entry_id })?)
}
