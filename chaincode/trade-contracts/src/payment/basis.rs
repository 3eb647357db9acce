//! On what a settlement rests: whose bank says that was paid, and what connects the payment with the invoice.
//!
//! A credit on the seller's account is the seller's bank's word. A buyer that has paid must not depend on a seller that
//! stays silent, so after a time its own bank's word will do: about a debit that names the seller as paid and quotes
//! the invoice. That is less, as the seller's bank has not said it, so the seller can dispute it.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::payment::{
    BankEntry, DisputeSettlement, EntryDirection, Invoice, InvoiceAnswer, MatchBasis, PaymentEvent, PaymentRejection,
    SETTLEMENT_DISPUTES, Settlement, SettlementBasis, SettlementDispute,
};
use trade_standards::time::UtcTime;

use super::find::find_invoice;
use super::history;
use crate::announce::announce;
use crate::caller::Caller;
use crate::{authorship, rules};

/// Whose bank says that the invoice was paid.
pub(super) fn of(caller: &Caller, invoice: &Invoice, entry: &BankEntry) -> Result<SettlementBasis, PaymentRejection> {
    let by_buyer = *caller.msp_id() == invoice.buyer;
    if !by_buyer && *caller.msp_id() != invoice.seller {
        return Err(PaymentRejection::NotSellerOrBuyer { invoice_id: invoice.invoice_id.clone() });
    }
    let basis = if entry.account_holder == invoice.seller {
        check_credit(entry)?;
        SettlementBasis::Credit
    } else if by_buyer && entry.account_holder == invoice.buyer {
        check_debit(invoice, entry)?;
        SettlementBasis::Debit
    } else {
        return Err(PaymentRejection::EntryOfAnother { entry_id: entry.entry_id.clone() });
    };
    if entry.currency == invoice.currency { Ok(basis) } else { Err(PaymentRejection::PaymentCurrencyDiffers) }
}

fn check_credit(entry: &BankEntry) -> Result<(), PaymentRejection> {
    let is_credit = entry.direction == EntryDirection::Credit && !entry.reversal;
    if is_credit { Ok(()) } else { Err(PaymentRejection::EntryNotCredit { entry_id: entry.entry_id.clone() }) }
}

/// A debit by which another member, the buyer's bank, says that the seller was paid.
fn check_debit(invoice: &Invoice, entry: &BankEntry) -> Result<(), PaymentRejection> {
    let entry_id = entry.entry_id.clone();
    if entry.direction != EntryDirection::Debit || entry.reversal {
        return Err(PaymentRejection::EntryNotDebit { entry_id });
    }
    if entry.bank == invoice.buyer {
        return Err(PaymentRejection::OwnWord { entry_id });
    }
    if entry.counterparty.as_ref() != Some(&invoice.seller) {
        return Err(PaymentRejection::PayeeNotNamed { entry_id, seller: invoice.seller.clone() });
    }
    Ok(())
}

/// What connects the two. `NOTPROVIDED` is no reference.
pub(super) fn matched_by(invoice: &Invoice, entry: &BankEntry) -> Result<MatchBasis, PaymentRejection> {
    match (&invoice.creditor_reference, &entry.creditor_reference) {
        (Some(asked), Some(quoted)) if asked == quoted => return Ok(MatchBasis::CreditorReference),
        (Some(_), Some(_)) => return Err(PaymentRejection::ReferenceDiffers { entry_id: entry.entry_id.clone() }),
        _ => {}
    }
    let by_id = entry.end_to_end_id.as_ref().is_some_and(|id| id.as_str() == invoice.invoice_id.id.as_str());
    Ok(if by_id { MatchBasis::EndToEndId } else { MatchBasis::Manual })
}

/// A payment that quotes nothing of the invoice may be for anything: the seller may say that it is for this one, as it
/// is the seller that gives something up by it. A buyer, with a bank that tells it amounts, would otherwise settle by
/// what others have paid.
pub(super) fn check_reference(
    caller: &Caller,
    invoice: &Invoice,
    entry: &BankEntry,
    matched_by: MatchBasis,
) -> Result<(), PaymentRejection> {
    let is_quoted = matched_by != MatchBasis::Manual;
    if is_quoted || *caller.msp_id() == invoice.seller {
        return Ok(());
    }
    let (invoice_id, entry_id) = (invoice.invoice_id.clone(), entry.entry_id.clone());
    Err(PaymentRejection::ReferenceMissing { invoice_id, entry_id })
}

/// Until when the seller can dispute what the buyer settles now by its own bank's entry.
///
/// # Errors
/// [`PaymentRejection::SellerHasTime`]: its time counts from when it could settle itself, with the entry on the ledger,
/// and the invoice accepted or its time to answer over. [`PaymentRejection::PartnerNotEnrolled`] for a seller that is
/// suspended: it could neither settle nor dispute.
pub(super) fn disputable_until(
    ctx: &mut Context<'_>,
    caller: &Caller,
    (invoice, answer): (&Invoice, Option<&InvoiceAnswer>),
    entry: &BankEntry,
) -> Result<UtcTime, Refusal> {
    if caller.partner(&invoice.seller).is_none() {
        return Err(PaymentRejection::PartnerNotEnrolled { msp_id: invoice.seller.clone() }.into());
    }
    let rules = rules::current(ctx)?.payments;
    let owed_since = answer.map_or(invoice.answer_by, |answer| answer.answered.at);
    let until = entry.recorded.at.max(owed_since).after_days(rules.seller_settles_days.get());
    if caller.now <= until {
        return Err(PaymentRejection::SellerHasTime { until }.into());
    }
    Ok(caller.now.after_days(rules.settlement_dispute_days.get()))
}

/// Until when the caller can dispute a settlement, when it was suspended meanwhile: its time begins anew when it is
/// reinstated, as it could say nothing before.
fn after_suspension(
    ctx: &mut Context<'_>,
    caller: &Caller,
    settlement: &Settlement,
    until: UtcTime,
) -> Result<UtcTime, Refusal> {
    let days = rules::current(ctx)?.payments.settlement_dispute_days.get();
    let exclusion = caller.members.exclusions.iter().find(|exclusion| exclusion.msp_id == *caller.msp_id());
    let meanwhile = exclusion.filter(|exclusion| exclusion.at <= until).and_then(|exclusion| exclusion.ended);
    let reinstated = meanwhile.filter(|ended| *ended >= settlement.settled.at);
    Ok(reinstated.map_or(until, |ended| until.max(ended.after_days(days))))
}

/// The seller says that it was not paid by what the buyer settled with by itself.
///
/// # Errors
/// The seller only, in time, and not what its own bank has reported.
pub fn dispute_settlement(ctx: &mut Context<'_>, request: DisputeSettlement) -> Result<SettlementDispute, Refusal> {
    let mut caller = Caller::of::<DisputeSettlement>(ctx)?;
    let invoice = find_invoice(ctx, request.invoice_id)?;
    let invoice_id = invoice.invoice_id.clone();
    if invoice.seller != *caller.msp_id() {
        return Err(PaymentRejection::NotTheSeller { invoice_id }.into());
    }
    let (counts, _) = history::of(ctx, &invoice)?;
    let disputable = counts.and_then(|settlement| settlement.disputable_until.map(|until| (settlement, until)));
    let Some((settlement, until)) = disputable else {
        return Err(PaymentRejection::NothingToDispute { invoice_id }.into());
    };
    caller.follow(settlement.approved.as_ref().unwrap_or(&settlement.settled).at);
    let until = after_suspension(ctx, &caller, &settlement, until)?;
    if until < caller.now {
        return Err(PaymentRejection::DisputeTooLate { until }.into());
    }

    let dispute = SettlementDispute {
        invoice_id,
        number: settlement.number,
        settlement_sha256: authorship::digest(&settlement),
        reason: request.reason,
        disputed: caller.stamp(),
    };
    let key = history::key(&dispute.invoice_id, dispute.number);
    authorship::put(ctx, &caller, (&SETTLEMENT_DISPUTES, &key), &dispute, &[&invoice.seller])?;
    announce(ctx, PaymentEvent::SettlementDisputed { invoice_id: invoice.invoice_id })?;
    Ok(dispute)
}
