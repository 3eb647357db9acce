//! `payment`: invoices with committed totals, entries from bank statements, and settlements that prove the two agree.
//!
//! Both amounts stay secret. An opening is shared between two parties, whose endorsers check that it opens the
//! commitment, so the committed numbers are known to be amounts; the settlement then proves their difference and shows
//! nothing else.

mod find;
mod sharing;

use fabric_contract::{Context, Contract, Part};
use trade_claims::{Claim, Deployment};
use trade_model::Refusal;
use trade_model::common::{AMOUNT_MAX, Committed, Malformed, MinorUnits, Text};
use trade_model::payment::{
    BankEntry, ENTRIES, ENTRIES_BY_REFERENCE, ENTRY_OPENINGS, EntryDirection, INVOICE_OPENINGS, INVOICES, Invoice,
    InvoiceState, IssueInvoice, MatchBasis, PaymentEvent, PaymentRejection, ReadEntry, ReadInvoice, ReadSettlement,
    RecordEntry, SETTLEMENTS, Settle, Settlement, ToleranceReason,
};
use trade_model::rejection::{Rejection, RequestRejection};
use trade_standards::identifier::CreditorReference;

use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::table::On;
use crate::{ledger, private};

use self::find::{find_entry, find_invoice};
pub use self::sharing::{read_entry_opening, read_invoice_opening, share_entry_opening, share_invoice_opening};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("payment")
        .on(issue_invoice)
        .on(share_invoice_opening)
        .on(record_entry)
        .on(share_entry_opening)
        .on(settle)
        .on(read_invoice)
        .on(read_invoice_opening)
        .on(read_entry)
        .on(read_entry_opening)
        .on(read_settlement)
}

/// Issues an invoice; the caller is the seller.
///
/// # Errors
/// Seller and buyer are two members that can trade; the id is new, and so is the commitment.
pub fn issue_invoice(ctx: &mut Context<'_>, request: IssueInvoice) -> Result<Invoice, Refusal> {
    let caller = Caller::of::<IssueInvoice>(ctx)?;
    check_invoice(&caller, &request)?;
    ledger::must_be_new(ctx, &INVOICES, &request.invoice_id, |invoice_id| PaymentRejection::InvoiceExists {
        invoice_id,
    })?;
    let invoice = Invoice {
        invoice_id: request.invoice_id,
        seller: caller.msp_id().clone(),
        buyer: request.buyer,
        currency: request.currency,
        issued_on: request.issued_on,
        due_on: request.due_on,
        creditor_reference: request.creditor_reference.map(canonical_reference),
        document_digest: request.document_digest,
        tolerance_minor: request.tolerance_minor,
        total_commitment: request.total_commitment,
        state: InvoiceState::Open,
        issued: caller.stamp(),
        settled_by_entry: None,
    };
    let record = format!("invoice {}", invoice.invoice_id);
    private::claim(ctx, &invoice.total_commitment, "/total_commitment", &record)?;
    let owners = [&invoice.seller, &invoice.buyer];
    authorship::put(ctx, &caller, (&INVOICES, &invoice.invoice_id), &invoice, &owners)?;
    announce(ctx, PaymentEvent::InvoiceIssued { invoice_id: invoice.invoice_id.clone() })?;
    Ok(invoice)
}

/// Records an entry of a customer's account; the caller is the bank.
///
/// # Errors
/// Banks only; a bank's reference can be recorded once, and so can the commitment.
pub fn record_entry(ctx: &mut Context<'_>, request: RecordEntry) -> Result<BankEntry, Refusal> {
    let caller = Caller::of::<RecordEntry>(ctx)?;
    if caller.partner(&request.account_holder).is_none() {
        return Err(PaymentRejection::PartnerNotEnrolled { msp_id: request.account_holder }.into());
    }
    ledger::must_be_new(ctx, &ENTRIES, &request.entry_id, |entry_id| PaymentRejection::EntryExists { entry_id })?;
    let bank = caller.msp_id().clone();
    let reference = (Part(bank.clone()), Part(request.account_servicer_reference.clone()), request.detail_number);
    if let Some(entry_id) = ENTRIES_BY_REFERENCE.find(ctx, &reference)? {
        return Err(PaymentRejection::EntryReportedBefore { entry_id }.into());
    }
    let entry = BankEntry {
        entry_id: request.entry_id,
        bank,
        account_holder: request.account_holder,
        account_servicer_reference: request.account_servicer_reference,
        detail_number: request.detail_number,
        end_to_end_id: request.end_to_end_id,
        creditor_reference: request.creditor_reference.map(canonical_reference),
        direction: request.direction,
        reversal: request.reversal,
        booked_on: request.booked_on,
        currency: request.currency,
        statement_digest: request.statement_digest,
        amount_commitment: request.amount_commitment,
        recorded: caller.stamp(),
        settles: None,
    };
    let record = format!("entry {}", entry.entry_id);
    private::claim(ctx, &entry.amount_commitment, "/amount_commitment", &record)?;
    let owners = [&entry.bank, &entry.account_holder];
    authorship::put(ctx, &caller, (&ENTRIES, &entry.entry_id), &entry, &owners)?;
    ENTRIES_BY_REFERENCE.put(ctx, &reference, &entry.entry_id)?;
    announce(ctx, PaymentEvent::EntryRecorded { entry_id: entry.entry_id.clone() })?;
    Ok(entry)
}

/// Settles an invoice with an entry, by a proof that the two amounts differ by at most the tolerance.
///
/// # Errors
/// The seller only; each invoice and each entry once; seller and bank themselves must have made the two and shared what
/// opens them; a matching reference never replaces the proof.
pub fn settle(ctx: &mut Context<'_>, request: Settle) -> Result<Settlement, Refusal> {
    let mut caller = Caller::of::<Settle>(ctx)?;
    let mut invoice = find_invoice(ctx, &request.invoice_id)?;
    let mut entry = find_entry(ctx, &request.entry_id)?;
    check_parties(&caller, &invoice, &entry)?;
    check_grounds(ctx, &invoice, &entry)?;
    caller.follow(invoice.issued.at);
    caller.follow(entry.recorded.at);
    check_tolerance(&invoice, &request)?;
    let matched_by = match_basis(&invoice, &entry)?;
    let deployment = Deployment { channel: ctx.channel_id(), chaincode: ctx.chaincode() };
    trade_claims::Settlement::of(&invoice, &entry, request.tolerance_minor).verify(deployment, &request.proof)?;

    invoice.state = InvoiceState::Settled;
    invoice.settled_by_entry = Some(entry.entry_id.clone());
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
        settled: caller.stamp(),
    };
    INVOICES.put(ctx, &invoice.invoice_id, &invoice)?;
    ENTRIES.put(ctx, &entry.entry_id, &entry)?;
    SETTLEMENTS.put(ctx, &invoice.invoice_id, &settlement)?;
    announce(ctx, PaymentEvent::Settled { invoice_id: invoice.invoice_id, entry_id: entry.entry_id })?;
    Ok(settlement)
}

/// An invoice by its id.
///
/// # Errors
/// [`PaymentRejection::InvoiceUnknown`].
pub fn read_invoice(ctx: &mut Context<'_>, request: ReadInvoice) -> Result<Committed<Invoice>, Refusal> {
    let record = find_invoice(ctx, &request.invoice_id)?;
    let authenticated = is_invoice_authentic(ctx, &record)?;
    let opening_shared = is_invoice_opened(ctx, &record)?;
    Ok(Committed { record, authenticated, opening_shared })
}

/// A bank entry by its id.
///
/// # Errors
/// [`PaymentRejection::EntryUnknown`].
pub fn read_entry(ctx: &mut Context<'_>, request: ReadEntry) -> Result<Committed<BankEntry>, Refusal> {
    let record = find_entry(ctx, &request.entry_id)?;
    let authenticated = is_entry_authentic(ctx, &record)?;
    let opening_shared = is_entry_opened(ctx, &record)?;
    Ok(Committed { record, authenticated, opening_shared })
}

/// The settlement of an invoice.
///
/// # Errors
/// [`PaymentRejection::SettlementUnknown`].
pub fn read_settlement(ctx: &mut Context<'_>, request: ReadSettlement) -> Result<Settlement, Refusal> {
    ledger::require(ctx, &SETTLEMENTS, &request.invoice_id, |invoice_id| PaymentRejection::SettlementUnknown {
        invoice_id,
    })
}

/// Refuses to settle on what the seller or the bank has not made, or not opened to the other side.
fn check_grounds(ctx: &mut Context<'_>, invoice: &Invoice, entry: &BankEntry) -> Result<(), Refusal> {
    let (invoice_id, entry_id) = (invoice.invoice_id.clone(), entry.entry_id.clone());
    if !is_invoice_authentic(ctx, invoice)? {
        return Err(PaymentRejection::InvoiceUnauthenticated { invoice_id }.into());
    }
    if !is_entry_authentic(ctx, entry)? {
        return Err(PaymentRejection::EntryUnauthenticated { entry_id }.into());
    }
    if !is_invoice_opened(ctx, invoice)? {
        return Err(PaymentRejection::InvoiceNotOpened { invoice_id }.into());
    }
    if is_entry_opened(ctx, entry)? { Ok(()) } else { Err(PaymentRejection::EntryNotOpened { entry_id }.into()) }
}

/// Whether the seller has made the invoice.
fn is_invoice_authentic(ctx: &mut Context<'_>, invoice: &Invoice) -> Result<bool, Refusal> {
    let issued = invoice.as_issued();
    authorship::is_authentic(ctx, &INVOICES, &invoice.invoice_id, (&issued, &invoice.issued), &invoice.seller)
}

/// Whether the bank has made the entry.
fn is_entry_authentic(ctx: &mut Context<'_>, entry: &BankEntry) -> Result<bool, Refusal> {
    let recorded = entry.as_recorded();
    authorship::is_authentic(ctx, &ENTRIES, &entry.entry_id, (&recorded, &entry.recorded), &entry.bank)
}

fn is_invoice_opened(ctx: &mut Context<'_>, invoice: &Invoice) -> Result<bool, Refusal> {
    private::is_shared(ctx, &INVOICE_OPENINGS, &invoice.invoice_id, [&invoice.seller, &invoice.buyer])
}

fn is_entry_opened(ctx: &mut Context<'_>, entry: &BankEntry) -> Result<bool, Refusal> {
    private::is_shared(ctx, &ENTRY_OPENINGS, &entry.entry_id, [&entry.bank, &entry.account_holder])
}

/// An ISO 11649 reference in its canonical form; any other text as it is. A text that only looks like one is not one.
fn canonical_reference(text: Text<35>) -> Text<35> {
    let canonical = CreditorReference::parse(text.as_str()).ok();
    canonical.and_then(|reference| Text::parse(reference.as_str()).ok()).unwrap_or(text)
}

fn check_invoice(caller: &Caller, request: &IssueInvoice) -> Result<(), Rejection> {
    if request.tolerance_minor.get() > AMOUNT_MAX {
        let malformed = Malformed::new("request.number_malformed", "must be at most 2^48 - 1");
        return Err(RequestRejection::of("/tolerance_minor", &malformed).into());
    }
    if request.due_on.is_some_and(|due| due < request.issued_on) {
        return Err(PaymentRejection::DueBeforeIssue.into());
    }
    if request.buyer == *caller.msp_id() {
        return Err(PaymentRejection::BuyerIsSeller.into());
    }
    match caller.partner(&request.buyer) {
        Some(_) => Ok(()),
        None => Err(PaymentRejection::PartnerNotEnrolled { msp_id: request.buyer.clone() }.into()),
    }
}

fn check_parties(caller: &Caller, invoice: &Invoice, entry: &BankEntry) -> Result<(), PaymentRejection> {
    if invoice.seller != *caller.msp_id() {
        return Err(PaymentRejection::NotTheSeller { invoice_id: invoice.invoice_id.clone() });
    }
    if entry.account_holder != invoice.seller {
        return Err(PaymentRejection::EntryOfAnother { entry_id: entry.entry_id.clone() });
    }
    if invoice.state == InvoiceState::Settled {
        return Err(PaymentRejection::InvoiceSettled { invoice_id: invoice.invoice_id.clone() });
    }
    if entry.settles.is_some() {
        return Err(PaymentRejection::EntryUsed { entry_id: entry.entry_id.clone() });
    }
    if entry.direction != EntryDirection::Credit || entry.reversal {
        return Err(PaymentRejection::EntryNotCredit { entry_id: entry.entry_id.clone() });
    }
    if entry.currency == invoice.currency { Ok(()) } else { Err(PaymentRejection::PaymentCurrencyDiffers) }
}

/// The tolerance is at most the invoice's, and has a reason exactly when it is not 0.
fn check_tolerance(invoice: &Invoice, request: &Settle) -> Result<(), PaymentRejection> {
    if request.tolerance_minor > invoice.tolerance_minor {
        return Err(PaymentRejection::ToleranceExceedsInvoice { invoice_id: invoice.invoice_id.clone() });
    }
    let exact = request.tolerance_minor == MinorUnits::default();
    let reason_fits = exact == (request.tolerance_reason == ToleranceReason::None);
    if reason_fits { Ok(()) } else { Err(PaymentRejection::ToleranceWithoutReason) }
}

/// What connects the two. `NOTPROVIDED` is no reference.
fn match_basis(invoice: &Invoice, entry: &BankEntry) -> Result<MatchBasis, PaymentRejection> {
    match (&invoice.creditor_reference, &entry.creditor_reference) {
        (Some(asked), Some(quoted)) if asked == quoted => return Ok(MatchBasis::CreditorReference),
        (Some(_), Some(_)) => return Err(PaymentRejection::ReferenceDiffers { entry_id: entry.entry_id.clone() }),
        _ => {}
    }
    let by_id = entry.end_to_end_id.as_ref().is_some_and(|id| id.as_str() == invoice.invoice_id.as_str());
    Ok(if by_id { MatchBasis::EndToEndId } else { MatchBasis::Manual })
}
