//! `payment`: invoices with committed totals, entries from bank statements, and settlements that prove the two agree.
//!
//! Both amounts stay secret. Whoever endorses an invoice or an entry sees its opening and checks the commitment, so
//! the committed numbers are known to be amounts; the settlement then proves their difference and shows nothing else.

mod keys;

use fabric_contract::{CompositeKey, Context, Contract};
use serde_json::json;
use trade_model::party::Role;
use trade_model::payment::{
    AmountOpening, Entry, EntryDirection, Invoice, InvoiceState, IssueInvoice, MatchBasis, ReadEntry, ReadInvoice,
    RecordEntry, Settle, Settlement, ToleranceReason,
};
use trade_model::rejection::Rejection;
use trade_standards::identifier::{CreditorReference, MspId};

use crate::announce::announce;
use crate::caller::{Caller, TRADERS};
use crate::proofs::{self, AMOUNT_MAX, Place};
use crate::{Refusal, form};

/// Longest reference of a bank message (ISO 20022 `Max35Text`).
const REFERENCE_MAX: usize = 35;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("payment")
        .submit("IssueInvoice", issue_invoice)
        .submit("RecordEntry", record_entry)
        .submit("Settle", settle)
        .evaluate("ReadInvoice", read_invoice)
        .evaluate("ReadEntry", read_entry)
        .evaluate("ReadSettlement", read_settlement)
}

/// Issues an invoice; the caller's enterprise is the seller.
///
/// # Errors
/// The opening must come along and open the commitment; it is stored for seller and buyer only.
pub fn issue_invoice(ctx: &mut Context<'_>, request: IssueInvoice) -> Result<Invoice, Refusal> {
    let caller = Caller::with_role(ctx, TRADERS)?;
    check_invoice(&caller, &request)?;
    let key = keys::invoice(&request.invoice_id)?;
    if ctx.get(&key)?.is_some() {
        return Err(Rejection::InvoiceExists { invoice_id: request.invoice_id }.into());
    }
    let parties = [caller.msp_id(), &request.buyer];
    let opening_key = keys::invoice_opening(&request.invoice_id)?;
    share_opening(ctx, "total_commitment", &request.total_commitment, &opening_key, parties)?;

    let invoice = Invoice {
        invoice_id: request.invoice_id,
        seller: caller.msp_id().clone(),
        buyer: request.buyer,
        currency: request.currency,
        issued_on: request.issued_on,
        due_on: request.due_on,
        creditor_reference: request.creditor_reference.as_deref().map(canonical_reference),
        document_sha256: request.document_sha256,
        tolerance_minor: request.tolerance_minor,
        total_commitment: request.total_commitment,
        state: InvoiceState::Open,
        recorded_at: caller.now,
        transaction_id: caller.tx_id,
        settled_by: None,
    };
    ctx.put_json(&key, &invoice)?;
    announce(ctx, "payment.invoice_issued", &json!({ "invoice_id": invoice.invoice_id }))?;
    Ok(invoice)
}

/// Records an entry of a customer's account; the caller's enterprise is the bank.
///
/// # Errors
/// Banks only; a bank's reference can be recorded once; the opening is stored for bank and account holder only.
pub fn record_entry(ctx: &mut Context<'_>, request: RecordEntry) -> Result<Entry, Refusal> {
    let caller = Caller::with_role(ctx, &[Role::Bank])?;
    check_entry(&caller, &request)?;
    let key = keys::entry(&request.entry_id)?;
    if ctx.get(&key)?.is_some() {
        return Err(Rejection::EntryExists { entry_id: request.entry_id }.into());
    }
    let bank = caller.msp_id();
    let reference_key =
        keys::entry_by_reference(bank.as_str(), &request.account_servicer_reference, request.detail_number)?;
    if let Some(entry_id) = ctx.get_json::<String>(&reference_key)? {
        return Err(Rejection::EntryReportedBefore { entry_id }.into());
    }
    let opening_key = keys::entry_opening(&request.entry_id)?;
    share_opening(ctx, "amount_commitment", &request.amount_commitment, &opening_key, [bank, &request.account_holder])?;

    let entry = Entry {
        entry_id: request.entry_id,
        bank: bank.clone(),
        account_holder: request.account_holder,
        account_servicer_reference: request.account_servicer_reference,
        detail_number: request.detail_number,
        end_to_end_id: request.end_to_end_id,
        creditor_reference: request.creditor_reference.as_deref().map(canonical_reference),
        direction: request.direction,
        reversal: request.reversal,
        booked_on: request.booked_on,
        currency: request.currency,
        statement_sha256: request.statement_sha256,
        amount_commitment: request.amount_commitment,
        recorded_at: caller.now,
        transaction_id: caller.tx_id,
        settles: None,
    };
    ctx.put_json(&key, &entry)?;
    ctx.put_json(&reference_key, &entry.entry_id)?;
    announce(ctx, "payment.entry_recorded", &json!({ "entry_id": entry.entry_id }))?;
    Ok(entry)
}

/// Settles an invoice with an entry, by a proof that the two amounts differ by at most the tolerance.
///
/// # Errors
/// The seller only; each invoice and each entry once; a matching reference never replaces the proof.
pub fn settle(ctx: &mut Context<'_>, request: Settle) -> Result<Settlement, Refusal> {
    let mut caller = Caller::with_role(ctx, TRADERS)?;
    let mut invoice = find_invoice(ctx, &request.invoice_id)?;
    let mut entry = find_entry(ctx, &request.entry_id)?;
    check_parties(&caller, &invoice, &entry)?;
    caller.follow(invoice.recorded_at);
    caller.follow(entry.recorded_at);
    let tolerance = check_tolerance(&invoice, &request)?;
    let matched_by = match_basis(&invoice, &entry)?;
    let place = Place { channel: ctx.channel_id(), chaincode: ctx.chaincode() };
    let context = proofs::settlement(place, &invoice.seller, &invoice.invoice_id, &entry.entry_id, &invoice.currency)
        .map_err(proofs::place_error("proof"))?;
    let total = proofs::commitment("total_commitment", &invoice.total_commitment)?;
    let amount = proofs::commitment("amount_commitment", &entry.amount_commitment)?;
    let proof = proofs::proof("proof", &request.proof)?;
    proofs::check_match("proof", &context, total, amount, tolerance, &proof)?;

    invoice.state = InvoiceState::Settled;
    invoice.settled_by = Some(entry.entry_id.clone());
    entry.settles = Some(invoice.invoice_id.clone());
    let settlement = Settlement {
        invoice_id: invoice.invoice_id.clone(),
        entry_id: entry.entry_id.clone(),
        currency: invoice.currency.clone(),
        matched_by,
        tolerance_minor: request.tolerance_minor,
        tolerance_reason: request.tolerance_reason,
        total_commitment: invoice.total_commitment.clone(),
        amount_commitment: entry.amount_commitment.clone(),
        proof: request.proof,
        settled_by: caller.msp_id().clone(),
        settled_at: caller.now,
        transaction_id: caller.tx_id,
    };
    ctx.put_json(&keys::invoice(&invoice.invoice_id)?, &invoice)?;
    ctx.put_json(&keys::entry(&entry.entry_id)?, &entry)?;
    ctx.put_json(&keys::settlement(&invoice.invoice_id)?, &settlement)?;
    announce(ctx, "payment.settled", &json!({ "invoice_id": invoice.invoice_id, "entry_id": entry.entry_id }))?;
    Ok(settlement)
}

/// An invoice by its id.
///
/// # Errors
/// [`Rejection::InvoiceUnknown`].
pub fn read_invoice(ctx: &mut Context<'_>, request: ReadInvoice) -> Result<Invoice, Refusal> {
    find_invoice(ctx, &request.invoice_id)
}

/// An entry by its id.
///
/// # Errors
/// [`Rejection::EntryUnknown`].
pub fn read_entry(ctx: &mut Context<'_>, request: ReadEntry) -> Result<Entry, Refusal> {
    find_entry(ctx, &request.entry_id)
}

/// The settlement of an invoice.
///
/// # Errors
/// [`Rejection::SettlementUnknown`].
pub fn read_settlement(ctx: &mut Context<'_>, request: ReadInvoice) -> Result<Settlement, Refusal> {
    let settlement = ctx.get_json::<Settlement>(&keys::settlement(&request.invoice_id)?)?;
    Ok(settlement.ok_or(Rejection::SettlementUnknown { invoice_id: request.invoice_id })?)
}

pub(crate) fn exists(ctx: &mut Context<'_>, invoice_id: &str) -> Result<bool, Refusal> {
    Ok(ctx.get(&keys::invoice(invoice_id)?)?.is_some())
}

fn find_invoice(ctx: &mut Context<'_>, invoice_id: &str) -> Result<Invoice, Refusal> {
    let invoice = ctx.get_json::<Invoice>(&keys::invoice(invoice_id)?)?;
    Ok(invoice.ok_or_else(|| Rejection::InvoiceUnknown { invoice_id: invoice_id.to_owned() })?)
}

fn find_entry(ctx: &mut Context<'_>, entry_id: &str) -> Result<Entry, Refusal> {
    let entry = ctx.get_json::<Entry>(&keys::entry(entry_id)?)?;
    Ok(entry.ok_or_else(|| Rejection::EntryUnknown { entry_id: entry_id.to_owned() })?)
}

/// Checks the opening that must come along and stores it in the implicit collections of both parties.
fn share_opening(
    ctx: &mut Context<'_>,
    field: &'static str,
    commitment: &str,
    key: &CompositeKey,
    parties: [&MspId; 2],
) -> Result<(), Refusal> {
    let commitment = proofs::commitment(field, commitment)?;
    let opening: Option<AmountOpening> = proofs::opening(ctx, field, &commitment)?;
    let opening = opening.ok_or(Rejection::OpeningMissing)?;
    for party in parties {
        ctx.private(&party.implicit_collection()).put_json(key, &opening)?;
    }
    Ok(())
}

/// An ISO 11649 reference in its canonical form; any other text as it is. A text that only looks like one is not one.
fn canonical_reference(text: &str) -> String {
    CreditorReference::parse(text).map_or_else(|_| text.to_owned(), String::from)
}

fn check_invoice(caller: &Caller, request: &IssueInvoice) -> Result<(), Rejection> {
    form::id("invoice_id", &request.invoice_id)?;
    form::currency("currency", &request.currency)?;
    form::optional_text("creditor_reference", request.creditor_reference.as_deref(), REFERENCE_MAX)?;
    form::optional_digest("document_sha256", request.document_sha256.as_deref())?;
    if form::minor_units("tolerance_minor", &request.tolerance_minor)? > AMOUNT_MAX {
        return Err(Rejection::NumberMalformed { field: "tolerance_minor" });
    }
    if request.due_on.is_some_and(|due| due < request.issued_on) {
        return Err(Rejection::DueBeforeIssue);
    }
    if request.buyer == *caller.msp_id() {
        return Err(Rejection::BuyerIsSeller);
    }
    match caller.partner(&request.buyer) {
        Some(_) => Ok(()),
        None => Err(Rejection::PartnerNotEnrolled { msp_id: request.buyer.clone() }),
    }
}

fn check_entry(caller: &Caller, request: &RecordEntry) -> Result<(), Rejection> {
    form::id("entry_id", &request.entry_id)?;
    form::currency("currency", &request.currency)?;
    form::text("account_servicer_reference", &request.account_servicer_reference, REFERENCE_MAX)?;
    form::optional_text("end_to_end_id", request.end_to_end_id.as_deref(), REFERENCE_MAX)?;
    form::optional_text("creditor_reference", request.creditor_reference.as_deref(), REFERENCE_MAX)?;
    form::optional_digest("statement_sha256", request.statement_sha256.as_deref())?;
    match caller.partner(&request.account_holder) {
        Some(_) => Ok(()),
        None => Err(Rejection::PartnerNotEnrolled { msp_id: request.account_holder.clone() }),
    }
}

fn check_parties(caller: &Caller, invoice: &Invoice, entry: &Entry) -> Result<(), Rejection> {
    if invoice.seller != *caller.msp_id() {
        return Err(Rejection::NotTheSeller { invoice_id: invoice.invoice_id.clone() });
    }
    if entry.account_holder != invoice.seller {
        return Err(Rejection::EntryOfAnother { entry_id: entry.entry_id.clone() });
    }
    if invoice.state == InvoiceState::Settled {
        return Err(Rejection::InvoiceSettled { invoice_id: invoice.invoice_id.clone() });
    }
    if entry.settles.is_some() {
        return Err(Rejection::EntryUsed { entry_id: entry.entry_id.clone() });
    }
    if entry.direction != EntryDirection::Credit || entry.reversal {
        return Err(Rejection::EntryNotCredit { entry_id: entry.entry_id.clone() });
    }
    if entry.currency == invoice.currency { Ok(()) } else { Err(Rejection::PaymentCurrencyDiffers) }
}

/// The tolerance in minor units: at most the invoice's, and with a reason exactly when it is not 0.
fn check_tolerance(invoice: &Invoice, request: &Settle) -> Result<u64, Rejection> {
    let tolerance = form::minor_units("tolerance_minor", &request.tolerance_minor)?;
    if tolerance > form::minor_units("tolerance_minor", &invoice.tolerance_minor)? {
        return Err(Rejection::ToleranceExceedsInvoice { invoice_id: invoice.invoice_id.clone() });
    }
    let reason_fits = (tolerance == 0) == (request.tolerance_reason == ToleranceReason::None);
    if reason_fits { Ok(tolerance) } else { Err(Rejection::ToleranceWithoutReason) }
}

/// What connects the two. `NOTPROVIDED` is no reference.
fn match_basis(invoice: &Invoice, entry: &Entry) -> Result<MatchBasis, Rejection> {
    match (&invoice.creditor_reference, &entry.creditor_reference) {
        (Some(asked), Some(quoted)) if asked == quoted => return Ok(MatchBasis::CreditorReference),
        (Some(_), Some(_)) => return Err(Rejection::ReferenceDiffers { entry_id: entry.entry_id.clone() }),
        _ => {}
    }
    let by_id = entry.end_to_end_id.as_deref() == Some(&invoice.invoice_id);
    Ok(if by_id { MatchBasis::EndToEndId } else { MatchBasis::Manual })
}
