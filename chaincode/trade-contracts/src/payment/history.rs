//! The settlements of an invoice: at most one counts, and each before it was undone by a bank's reversal or the
//! seller's dispute.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::InvoiceId;
use trade_model::payment::{
    ENTRIES, ENTRY_USES, EntryName, Invoice, InvoiceName, PaymentRejection, ReadSettlement, SETTLEMENT_DISPUTES,
    SETTLEMENT_PROPOSALS, SETTLEMENTS, SETTLEMENTS_MAX, Settlement, SettlementDispute, SettlementStanding,
};
use trade_standards::identifier::MspId;

use super::find::{find_invoice, find_reversal};
use crate::authorship;

/// The settlement that counts, and the number of the last one.
pub(super) fn of(ctx: &mut Context<'_>, invoice: &Invoice) -> Result<(Option<Settlement>, u32), Refusal> {
    let mut last = 0;
    for number in 1..=SETTLEMENTS_MAX {
        let Some(settlement) = SETTLEMENTS.find(ctx, &key(&invoice.invoice_id, number))? else { break };
        last = number;
        if is_authentic(ctx, invoice, &settlement)? && counts(ctx, invoice, &settlement)? {
            return Ok((Some(settlement), last));
        }
    }
    Ok((None, last))
}

/// What came before a settlement that a member wants to make now.
pub(super) struct Before {
    /// How often this member has settled the invoice.
    pub(super) by_it: u32,
    /// Whether the seller has disputed a settlement by the buyer's own bank.
    pub(super) disputed: bool,
}

/// What there was of settlements before one by `by`.
pub(super) fn before(ctx: &mut Context<'_>, invoice: &Invoice, last: u32, by: &MspId) -> Result<Before, Refusal> {
    let mut before = Before { by_it: 0, disputed: false };
    for number in 1..=last.min(SETTLEMENTS_MAX) {
        let Some(settlement) = SETTLEMENTS.find(ctx, &key(&invoice.invoice_id, number))? else { break };
        before.by_it += u32::from(settlement.settled.by == *by);
        before.disputed |= dispute_of(ctx, &settlement)?.is_some();
    }
    Ok(before)
}

/// Whether the settlement is about this very invoice and entry, the bank has not taken the entry back, and the seller
/// does not dispute what the buyer settled by itself.
fn counts(ctx: &mut Context<'_>, invoice: &Invoice, settlement: &Settlement) -> Result<bool, Refusal> {
    let Some(entry) = ENTRIES.find(ctx, &settlement.entry_id)? else { return Ok(false) };
    let is_about_them = settlement.invoice_sha256 == authorship::digest(invoice)
        && settlement.entry_sha256 == authorship::digest(&entry);
    Ok(is_about_them && find_reversal(ctx, &settlement.entry_id)?.is_none() && dispute_of(ctx, settlement)?.is_none())
}

/// What the seller itself says against a settlement.
fn dispute_of(ctx: &mut Context<'_>, settlement: &Settlement) -> Result<Option<SettlementDispute>, Refusal> {
    let key = key(&settlement.invoice_id, settlement.number);
    let Some(dispute) = SETTLEMENT_DISPUTES.find(ctx, &key)? else { return Ok(None) };
    let seller = &settlement.invoice_id.owner;
    let authentic = authorship::is_authentic(ctx, &SETTLEMENT_DISPUTES, &key, &dispute, seller)?;
    let counts = authentic && dispute.settlement_sha256 == authorship::digest(settlement);
    Ok(counts.then_some(dispute))
}

/// The invoice that the entry settles.
pub(super) fn settles(ctx: &mut Context<'_>, entry_id: &EntryName) -> Result<Option<InvoiceName>, Refusal> {
    let Some((invoice, settlement)) = use_of(ctx, entry_id)? else { return Ok(None) };
    Ok(counts(ctx, &invoice, &settlement)?.then_some(invoice.invoice_id))
}

/// The invoice that the entry was used for, with the settlement. A use that no settlement by seller or buyer bears out
/// is none; one that does stays a use, whatever became of the invoice.
pub(super) fn use_of(ctx: &mut Context<'_>, entry_id: &EntryName) -> Result<Option<(Invoice, Settlement)>, Refusal> {
    let Some((invoice_id, number)) = ENTRY_USES.find(ctx, entry_id)? else { return Ok(None) };
    let Some(settlement) = SETTLEMENTS.find(ctx, &key(&invoice_id, number))? else { return Ok(None) };
    let invoice = find_invoice(ctx, invoice_id.into())?;
    let used = settlement.entry_id == *entry_id && is_authentic(ctx, &invoice, &settlement)?;
    Ok(used.then_some((invoice, settlement)))
}

/// A settlement of an invoice: the one with the number; without one, that which counts, else what is proposed, by the
/// reader's organization before the other one, else the last.
///
/// # Errors
/// [`PaymentRejection::SettlementUnknown`].
pub fn read_settlement(ctx: &mut Context<'_>, request: ReadSettlement) -> Result<SettlementStanding, Refusal> {
    let invoice = find_invoice(ctx, request.invoice_id)?;
    let record = match request.number {
        Some(number) => SETTLEMENTS.find(ctx, &key(&invoice.invoice_id, number))?,
        None => newest(ctx, &invoice)?,
    };
    let invoice_id = invoice.invoice_id.clone();
    let record = record.ok_or(PaymentRejection::SettlementUnknown { invoice_id })?;
    let authenticated = is_authentic(ctx, &invoice, &record)? || is_proposal_authentic(ctx, &invoice, &record)?;
    let reopened = find_reversal(ctx, &record.entry_id)?;
    let disputed = dispute_of(ctx, &record)?;
    Ok(SettlementStanding { record, authenticated, reopened, disputed })
}

fn newest(ctx: &mut Context<'_>, invoice: &Invoice) -> Result<Option<Settlement>, Refusal> {
    let (counts, last) = of(ctx, invoice)?;
    if counts.is_some() {
        return Ok(counts);
    }
    // Each side approves its own proposal only, so that is the one which it has to see.
    let own = &ctx.creator().msp_id;
    let mut sides = [&invoice.seller, &invoice.buyer];
    sides.sort_by_key(|by| by.as_str() != own);
    for by in sides {
        if let Some(proposal) = proposal(ctx, invoice, by)? {
            return Ok(Some(proposal));
        }
    }
    Ok(SETTLEMENTS.find(ctx, &key(&invoice.invoice_id, last))?)
}

/// What an organization has proposed to settle the invoice with.
pub(super) fn proposal(ctx: &mut Context<'_>, invoice: &Invoice, by: &MspId) -> Result<Option<Settlement>, Refusal> {
    let key = proposal_key(&invoice.invoice_id, by);
    let Some(proposal) = SETTLEMENT_PROPOSALS.find(ctx, &key)? else { return Ok(None) };
    Ok(is_proposal_authentic(ctx, invoice, &proposal)?.then_some(proposal))
}

/// Whether seller or buyer have made the settlement.
fn is_authentic(ctx: &mut Context<'_>, invoice: &Invoice, settlement: &Settlement) -> Result<bool, Refusal> {
    let by = &settlement.settled.by;
    let key = key(&invoice.invoice_id, settlement.number);
    Ok((*by == invoice.seller || *by == invoice.buyer)
        && settlement.invoice_id == invoice.invoice_id
        && authorship::is_authentic(ctx, &SETTLEMENTS, &key, settlement, by)?)
}

fn is_proposal_authentic(ctx: &mut Context<'_>, invoice: &Invoice, proposal: &Settlement) -> Result<bool, Refusal> {
    let by = &proposal.settled.by;
    let key = proposal_key(&invoice.invoice_id, by);
    authorship::is_authentic(ctx, &SETTLEMENT_PROPOSALS, &key, proposal, by)
}

pub(super) fn key(invoice_id: &InvoiceName, number: u32) -> (Part<MspId>, InvoiceId, u32) {
    let (seller, id) = invoice_id.parts();
    (seller, id, number)
}

pub(super) fn proposal_key(invoice_id: &InvoiceName, by: &MspId) -> (Part<MspId>, InvoiceId, Part<MspId>) {
    let (seller, id) = invoice_id.parts();
    (seller, id, Part(by.clone()))
}
