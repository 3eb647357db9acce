//! Where an invoice stands: found from what seller, buyer and bank have said, of which only that counts which is
//! theirs.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::payment::{
    INVOICE_ANSWERS, INVOICE_WITHDRAWALS, Invoice, InvoiceAnswer, InvoiceState, InvoiceVerdict, InvoiceWithdrawal,
    Settlement, WITHDRAWAL_CONSENTS, WithdrawalConsent,
};
use trade_standards::time::UtcTime;

use super::find::is_invoice_opened;
use super::history;
use super::open::{self, Open};
use crate::authorship;

/// Where an invoice stands, and what makes it so.
pub(super) struct Condition {
    pub(super) state: InvoiceState,
    /// Whether seller and buyer hold the same opening of the total.
    pub(super) opened: bool,
    pub(super) answer: Option<InvoiceAnswer>,
    pub(super) withdrawal: Option<InvoiceWithdrawal>,
    /// The settlement that counts.
    pub(super) settlement: Option<Settlement>,
    /// How many there have been.
    pub(super) settlements: u32,
    /// What is open, as far as it is not settled.
    pub(super) open: Open,
    /// When the last of all this was said.
    pub(super) last_at: UtcTime,
}

/// Where the invoice stands at a moment.
pub(super) fn of(ctx: &mut Context<'_>, invoice: &Invoice, now: UtcTime) -> Result<Condition, Refusal> {
    let answer = answer(ctx, invoice)?;
    let withdrawal = withdrawal(ctx, invoice)?;
    let consent = match &withdrawal {
        Some(withdrawal) => consent(ctx, invoice, withdrawal)?,
        None => None,
    };
    let (settlement, settlements) = history::of(ctx, invoice)?;
    let opened = is_invoice_opened(ctx, invoice)?;
    let open = open::of(ctx, invoice)?;

    let said = [
        answer.as_ref().map(|answer| answer.answered.at),
        withdrawal.as_ref().map(|withdrawal| withdrawal.withdrawn.at),
        consent.as_ref().map(|consent| consent.consented.at),
        settlement.as_ref().map(|settlement| settlement.settled.at),
        open.last_at,
    ];
    let last_at = said.into_iter().flatten().fold(invoice.issued.at, UtcTime::max);
    let late = opened && invoice.answer_by < now;
    let state = match (answer.as_ref().map(|answer| answer.verdict), &withdrawal) {
        (Some(InvoiceVerdict::Accepted), Some(_)) if consent.is_some() => InvoiceState::Withdrawn,
        _ if settlement.is_some() => InvoiceState::Settled,
        (Some(InvoiceVerdict::Accepted), Some(_)) => InvoiceState::WithdrawalProposed,
        (_, Some(_)) => InvoiceState::Withdrawn,
        (Some(InvoiceVerdict::Accepted), None) => InvoiceState::Accepted,
        (Some(InvoiceVerdict::Disputed), None) => InvoiceState::Disputed,
        (None, None) if late => InvoiceState::Unanswered,
        (None, None) => InvoiceState::Issued,
    };
    Ok(Condition { state, opened, answer, withdrawal, settlement, settlements, open, last_at })
}

fn answer(ctx: &mut Context<'_>, invoice: &Invoice) -> Result<Option<InvoiceAnswer>, Refusal> {
    let Some(answer) = INVOICE_ANSWERS.find(ctx, &invoice.invoice_id)? else { return Ok(None) };
    let authentic = authorship::is_authentic(ctx, &INVOICE_ANSWERS, &invoice.invoice_id, &answer, &invoice.buyer)?;
    let counts = authentic && answer.invoice_sha256 == authorship::digest(invoice);
    Ok(counts.then_some(answer))
}

fn withdrawal(ctx: &mut Context<'_>, invoice: &Invoice) -> Result<Option<InvoiceWithdrawal>, Refusal> {
    let Some(withdrawal) = INVOICE_WITHDRAWALS.find(ctx, &invoice.invoice_id)? else { return Ok(None) };
    let authentic =
        authorship::is_authentic(ctx, &INVOICE_WITHDRAWALS, &invoice.invoice_id, &withdrawal, &invoice.seller)?;
    Ok(authentic.then_some(withdrawal))
}

fn consent(
    ctx: &mut Context<'_>,
    invoice: &Invoice,
    withdrawal: &InvoiceWithdrawal,
) -> Result<Option<WithdrawalConsent>, Refusal> {
    let Some(consent) = WITHDRAWAL_CONSENTS.find(ctx, &invoice.invoice_id)? else { return Ok(None) };
    let authentic = authorship::is_authentic(ctx, &WITHDRAWAL_CONSENTS, &invoice.invoice_id, &consent, &invoice.buyer)?;
    let counts = authentic && consent.withdrawal_sha256 == authorship::digest(withdrawal);
    Ok(counts.then_some(consent))
}
