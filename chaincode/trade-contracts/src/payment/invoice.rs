//! Invoices: issued by the seller under an agreement, answered by the buyer, and void when both say so.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::agreement::Agreement;
use trade_model::common::{Remark, Scoped};
use trade_model::payment::{
    AcceptInvoice, AcceptWithdrawal, DisputeInvoice, INVOICE_ANSWERS, INVOICE_WITHDRAWALS, INVOICES, Invoice,
    InvoiceAnswer, InvoiceRef, InvoiceStanding, InvoiceState, InvoiceVerdict, InvoiceWithdrawal, IssueInvoice,
    PaymentEvent, PaymentRejection, ReadInvoice, WITHDRAWAL_CONSENTS, WithdrawInvoice, WithdrawalConsent,
};

use super::find::{canonical_reference, find_invoice, is_invoice_authentic};
use super::standing::{self, Condition};
use crate::announce::announce;
use crate::caller::{self, Caller};
use crate::{agreement, authorship, ledger, private, rules};

/// Issues an invoice; the caller is the seller.
///
/// # Errors
/// Seller and buyer have an agreement in the currency that is in force; the number is new among the seller's, and so is
/// the commitment.
pub fn issue_invoice(ctx: &mut Context<'_>, request: IssueInvoice) -> Result<Invoice, Refusal> {
    let mut caller = Caller::of::<IssueInvoice>(ctx)?;
    check_request(&caller, &request)?;
    let invoice_id = Scoped::new(caller.msp_id().clone(), request.invoice_id.clone());
    ledger::must_be_new(ctx, &INVOICES, &invoice_id, |invoice_id| PaymentRejection::InvoiceExists { invoice_id })?;
    let parties = (caller.msp_id(), &request.buyer);
    let (agreement, agreed_at) =
        agreement::in_force(ctx, parties, &request.currency, caller.now)?.ok_or_else(|| {
            PaymentRejection::NoAgreement { buyer: request.buyer.clone(), currency: request.currency.clone() }
        })?;
    caller.follow(agreed_at);
    let answer_days = rules::current(ctx)?.payments.invoice_answer_days.get();
    let invoice = Invoice {
        due_on: due(&caller, &agreement, &request)?,
        seller: caller.msp_id().clone(),
        invoice_id,
        buyer: request.buyer,
        currency: request.currency,
        issued_on: request.issued_on,
        creditor_reference: request.creditor_reference.map(canonical_reference),
        document_digest: request.document_digest,
        tolerance_minor: agreement.terms.tolerance_minor,
        tolerance_basis_points: agreement.terms.tolerance_basis_points.get(),
        agreement_id: agreement.agreement_id,
        total_commitment: request.total_commitment,
        answer_by: caller.now.after_days(answer_days),
        issued: caller.stamp(),
    };
    let record = format!("invoice {}", invoice.invoice_id);
    private::claim(ctx, &invoice.seller, &invoice.total_commitment, "/total_commitment", &record)?;
    let owners = [&invoice.seller, &invoice.buyer];
    authorship::put(ctx, &caller, (&INVOICES, &invoice.invoice_id), &invoice, &owners)?;
    announce(ctx, PaymentEvent::InvoiceIssued { invoice_id: invoice.invoice_id.clone() })?;
    Ok(invoice)
}

/// The buyer owes the invoice.
///
/// # Errors
/// The buyer only, who must hold the opening of the total.
pub fn accept_invoice(ctx: &mut Context<'_>, request: AcceptInvoice) -> Result<InvoiceAnswer, Refusal> {
    let mut caller = Caller::of::<AcceptInvoice>(ctx)?;
    let (invoice, condition) = of_buyer(ctx, &mut caller, request.invoice_id)?;
    if !condition.opened {
        return Err(PaymentRejection::InvoiceNotOpened { invoice_id: invoice.invoice_id }.into());
    }
    let answer = answer(ctx, &caller, &invoice, InvoiceVerdict::Accepted, None)?;
    announce(ctx, PaymentEvent::InvoiceAccepted { invoice_id: invoice.invoice_id })?;
    Ok(answer)
}

/// The buyer does not owe the invoice.
///
/// # Errors
/// The buyer only, and not what it has accepted.
pub fn dispute_invoice(ctx: &mut Context<'_>, request: DisputeInvoice) -> Result<InvoiceAnswer, Refusal> {
    let mut caller = Caller::of::<DisputeInvoice>(ctx)?;
    let (invoice, _) = of_buyer(ctx, &mut caller, request.invoice_id)?;
    let answer = answer(ctx, &caller, &invoice, InvoiceVerdict::Disputed, Some(request.reason))?;
    announce(ctx, PaymentEvent::InvoiceDisputed { invoice_id: invoice.invoice_id })?;
    Ok(answer)
}

/// The seller makes its invoice void, or proposes to where the buyer has accepted it.
///
/// # Errors
/// The seller only, once, and not what was paid.
pub fn withdraw_invoice(ctx: &mut Context<'_>, request: WithdrawInvoice) -> Result<InvoiceWithdrawal, Refusal> {
    let mut caller = Caller::of::<WithdrawInvoice>(ctx)?;
    let invoice = find_invoice(ctx, request.invoice_id)?;
    let invoice_id = invoice.invoice_id.clone();
    if invoice.seller != *caller.msp_id() {
        return Err(PaymentRejection::NotTheSeller { invoice_id }.into());
    }
    let condition = standing::of(ctx, &invoice, caller.now)?;
    caller.follow(condition.last_at);
    match condition.state {
        InvoiceState::Settled => return Err(PaymentRejection::InvoiceSettled { invoice_id }.into()),
        InvoiceState::Withdrawn | InvoiceState::WithdrawalProposed => {
            return Err(PaymentRejection::InvoiceWithdrawn { invoice_id }.into());
        }
        InvoiceState::Issued | InvoiceState::Unanswered | InvoiceState::Accepted | InvoiceState::Disputed => {}
    }
    let withdrawal = InvoiceWithdrawal { invoice_id, reason: request.reason, withdrawn: caller.stamp() };
    let place = (&INVOICE_WITHDRAWALS, &withdrawal.invoice_id);
    authorship::put(ctx, &caller, place, &withdrawal, &[&invoice.seller])?;
    announce(ctx, PaymentEvent::InvoiceWithdrawn { invoice_id: invoice.invoice_id })?;
    Ok(withdrawal)
}

/// The buyer consents to the withdrawal of what it has accepted.
///
/// # Errors
/// The buyer only, while the seller proposes it.
pub fn accept_withdrawal(ctx: &mut Context<'_>, request: AcceptWithdrawal) -> Result<WithdrawalConsent, Refusal> {
    let mut caller = Caller::of::<AcceptWithdrawal>(ctx)?;
    let invoice = find_invoice(ctx, request.invoice_id)?;
    let invoice_id = invoice.invoice_id.clone();
    if invoice.buyer != *caller.msp_id() {
        return Err(PaymentRejection::NotTheBuyer { invoice_id }.into());
    }
    let condition = standing::of(ctx, &invoice, caller.now)?;
    let proposed = condition.withdrawal.filter(|_| condition.state == InvoiceState::WithdrawalProposed);
    let Some(withdrawal) = proposed else {
        return Err(PaymentRejection::NothingToConsent { invoice_id }.into());
    };
    caller.follow(condition.last_at);
    let withdrawal_sha256 = authorship::digest(&withdrawal);
    let consent = WithdrawalConsent { invoice_id, withdrawal_sha256, consented: caller.stamp() };
    authorship::put(ctx, &caller, (&WITHDRAWAL_CONSENTS, &consent.invoice_id), &consent, &[&invoice.buyer])?;
    announce(ctx, PaymentEvent::WithdrawalAccepted { invoice_id: invoice.invoice_id })?;
    Ok(consent)
}

/// An invoice by its name, and where it stands now.
///
/// # Errors
/// [`PaymentRejection::InvoiceUnknown`].
pub fn read_invoice(ctx: &mut Context<'_>, request: ReadInvoice) -> Result<InvoiceStanding, Refusal> {
    let record = find_invoice(ctx, request.invoice_id)?;
    let authenticated = is_invoice_authentic(ctx, &record)?;
    let now = caller::now(ctx)?;
    let condition = standing::of(ctx, &record, now)?;
    let Condition { state, opened, answer, withdrawal, settlement, settlements, open, .. } = condition;
    Ok(InvoiceStanding {
        record,
        authenticated,
        opening_shared: opened,
        state,
        answer,
        withdrawal,
        settled_by_entry: settlement.map(|settlement| settlement.entry_id),
        open_commitment: open.commitment,
        credits: open.credits,
        credits_issued: open.last,
        settlements,
    })
}

fn check_request(caller: &Caller, request: &IssueInvoice) -> Result<(), PaymentRejection> {
    if request.due_on.is_some_and(|due| due < request.issued_on) {
        return Err(PaymentRejection::DueBeforeIssue);
    }
    if request.buyer == *caller.msp_id() {
        return Err(PaymentRejection::BuyerIsSeller);
    }
    match caller.partner(&request.buyer) {
        Some(_) => Ok(()),
        None => Err(PaymentRejection::PartnerNotEnrolled { msp_id: request.buyer.clone() }),
    }
}

/// The day on which the invoice is due: by ledger time, the buyer has the days that were agreed.
fn due(
    caller: &Caller,
    agreement: &Agreement,
    request: &IssueInvoice,
) -> Result<trade_standards::time::Date, PaymentRejection> {
    let earliest = caller.now.after_days(agreement.terms.payment_days.get()).date();
    match request.due_on {
        Some(due) if due < earliest => Err(PaymentRejection::DueTooSoon { earliest }),
        Some(due) => Ok(due),
        None => Ok(earliest),
    }
}

/// An invoice that the caller, its buyer, can answer.
fn of_buyer(
    ctx: &mut Context<'_>,
    caller: &mut Caller,
    invoice_id: InvoiceRef,
) -> Result<(Invoice, Condition), Refusal> {
    let invoice = find_invoice(ctx, invoice_id)?;
    let invoice_id = invoice.invoice_id.clone();
    if invoice.buyer != *caller.msp_id() {
        return Err(PaymentRejection::NotTheBuyer { invoice_id }.into());
    }
    if !is_invoice_authentic(ctx, &invoice)? {
        return Err(PaymentRejection::InvoiceUnauthenticated { invoice_id }.into());
    }
    let condition = standing::of(ctx, &invoice, caller.now)?;
    caller.follow(condition.last_at);
    match condition.state {
        InvoiceState::Issued | InvoiceState::Unanswered | InvoiceState::Disputed => Ok((invoice, condition)),
        InvoiceState::Accepted | InvoiceState::WithdrawalProposed => {
            Err(PaymentRejection::InvoiceAccepted { invoice_id }.into())
        }
        InvoiceState::Withdrawn => Err(PaymentRejection::InvoiceWithdrawn { invoice_id }.into()),
        InvoiceState::Settled => Err(PaymentRejection::InvoiceSettled { invoice_id }.into()),
    }
}

fn answer(
    ctx: &mut Context<'_>,
    caller: &Caller,
    invoice: &Invoice,
    verdict: InvoiceVerdict,
    reason: Option<Remark>,
) -> Result<InvoiceAnswer, Refusal> {
    let answer = InvoiceAnswer {
        invoice_id: invoice.invoice_id.clone(),
        // The agreement, the tolerance and the commitment stand in the invoice, so the buyer signs them as well.
        invoice_sha256: authorship::digest(invoice),
        verdict,
        reason,
        answered: caller.stamp(),
    };
    authorship::put(ctx, caller, (&INVOICE_ANSWERS, &answer.invoice_id), &answer, &[&invoice.buyer])?;
    Ok(answer)
}
