//! What is open of an invoice: its total, less the credit notes that the buyer has accepted.
//!
//! Commitments subtract, so what is open is committed to without a record of its own. A credit note is proved against
//! what is open when it is issued and names it; one that is accepted later, after another, counts for nothing.

use fabric_contract::Context;
use trade_claims::OpenTotal;
use trade_model::Refusal;
use trade_model::common::Commitment;
use trade_model::payment::{CREDIT_ACCEPTANCES, CREDITS, CREDITS_MAX, CreditAcceptance, CreditNote, Invoice};
use trade_standards::time::UtcTime;

use super::history::key;
use crate::authorship;

/// What is open of an invoice.
pub(super) struct Open {
    pub(super) commitment: Commitment,
    /// The credit notes that lowered it, in their order.
    pub(super) credits: Vec<CreditNote>,
    /// The number of the last one, accepted or not.
    pub(super) last: u32,
    /// When the last one was accepted.
    pub(super) last_at: Option<UtcTime>,
}

/// What is open of the invoice now.
pub(super) fn of(ctx: &mut Context<'_>, invoice: &Invoice) -> Result<Open, Refusal> {
    let commitment = invoice.total_commitment.clone();
    let mut open = Open { commitment, credits: Vec::new(), last: 0, last_at: None };
    for number in 1..=CREDITS_MAX {
        let Some(credit) = CREDITS.find(ctx, &key(&invoice.invoice_id, number))? else { break };
        open.last = number;
        if credit.open_commitment != open.commitment || !is_sellers(ctx, invoice, &credit)? {
            continue;
        }
        let Some(acceptance) = acceptance(ctx, invoice, &credit)? else { continue };
        // The proof of a credit note is about this very difference, so there is one.
        let Some(rest) = OpenTotal::less(&open.commitment, &credit.amount_commitment) else { continue };
        open.commitment = rest;
        open.last_at = open.last_at.max(Some(acceptance.accepted.at));
        open.credits.push(credit);
    }
    Ok(open)
}

/// Whether the seller has made the credit note, for this very invoice.
pub(super) fn is_sellers(ctx: &mut Context<'_>, invoice: &Invoice, credit: &CreditNote) -> Result<bool, Refusal> {
    let key = key(&invoice.invoice_id, credit.number);
    let authentic = authorship::is_authentic(ctx, &CREDITS, &key, credit, &invoice.seller)?;
    Ok(authentic && credit.invoice_sha256 == authorship::digest(invoice))
}

/// The buyer's own consent to the credit note.
pub(super) fn acceptance(
    ctx: &mut Context<'_>,
    invoice: &Invoice,
    credit: &CreditNote,
) -> Result<Option<CreditAcceptance>, Refusal> {
    let key = key(&invoice.invoice_id, credit.number);
    let Some(given) = CREDIT_ACCEPTANCES.find(ctx, &key)? else { return Ok(None) };
    let authentic = authorship::is_authentic(ctx, &CREDIT_ACCEPTANCES, &key, &given, &invoice.buyer)?;
    Ok((authentic && given.credit_sha256 == authorship::digest(credit)).then_some(given))
}
