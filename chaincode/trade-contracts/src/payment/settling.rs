//! Settling: an entry pays an invoice, by proofs that the two agree, and by as many persons as it takes.

use fabric_contract::Context;
use trade_claims::{Claim, Deployment, OpenTotal};
use trade_model::Refusal;
use trade_model::common::Commitment;
use trade_model::payment::{
    ApproveSettlement, BankEntry, ENTRY_USES, EntryRef, Invoice, InvoiceRef, InvoiceState, MatchBasis, PaymentEvent,
    PaymentRejection, SETTLEMENT_PROPOSALS, SETTLEMENTS, SETTLEMENTS_MAX, SETTLEMENTS_OF_ONE_MAX, Settle, Settlement,
    SettlementBasis, SettlementState, ToleranceReason,
};
use trade_standards::time::UtcTime;

use super::find::{
    find_entry, find_invoice, find_reversal, is_entry_authentic, is_entry_opened, is_invoice_authentic,
    is_invoice_opened,
};
use super::limit::{self, Alone};
use super::{basis, history, standing};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// Settles an invoice with an entry, by a proof that the two amounts agree as far as was agreed; or proposes to.
///
/// # Errors
/// Seller and buyer only; an invoice that the buyer owes, and an entry that settled nothing, both opened; a matching
/// reference never replaces the proof. A buyer settles by its own bank's entry only after the seller's time.
pub fn settle(ctx: &mut Context<'_>, request: Settle) -> Result<Settlement, Refusal> {
    let mut caller = Caller::of::<Settle>(ctx)?;
    let names = (request.invoice_id.clone(), request.entry_id.clone());
    let pair = pair(ctx, &mut caller, names, request.tolerance_reason)?;
    check_reason(&pair.invoice, &request)?;
    let open = OpenTotal::committed(pair.open.clone());
    let claim = trade_claims::Settlement::of(&pair.invoice, open, &pair.entry, request.tolerance_reason);
    verify(ctx, &claim, &request)?;
    let alone = limit::alone(ctx, &caller, &claim, request.limit_proof.as_ref())?;

    let settlement = settlement(&caller, &pair, &claim, request, &alone);
    match alone {
        Alone::Yes(_) => conclude(ctx, &caller, &pair.invoice, settlement),
        Alone::No => propose(ctx, &caller, settlement),
    }
}

/// Approves what another person of the organization proposed, and settles.
///
/// # Errors
/// As for settling, at this moment; another person than the one that proposed.
pub fn approve_settlement(ctx: &mut Context<'_>, request: ApproveSettlement) -> Result<Settlement, Refusal> {
    let mut caller = Caller::of::<ApproveSettlement>(ctx)?;
    let invoice = find_invoice(ctx, request.invoice_id.clone())?;
    let entry = find_entry(ctx, request.entry_id.clone())?;
    let proposal = history::proposal(ctx, &invoice, caller.msp_id())?;
    let is_about_them = |proposal: &Settlement| {
        proposal.entry_id == entry.entry_id
            && proposal.entry_sha256 == authorship::digest(&entry)
            && proposal.invoice_sha256 == authorship::digest(&invoice)
    };
    let Some(proposal) = proposal.filter(is_about_them) else {
        return Err(PaymentRejection::NothingToApprove { invoice_id: invoice.invoice_id }.into());
    };
    let names = (request.invoice_id, request.entry_id);
    let pair = pair(ctx, &mut caller, names, proposal.tolerance_reason)?;
    if proposal.total_commitment != pair.open {
        return Err(PaymentRejection::NothingToApprove { invoice_id: pair.invoice.invoice_id }.into());
    }
    caller.follow(proposal.settled.at);
    caller.acting.check_second(&proposal.person, &caller.me)?;

    let (state, approved) = (SettlementState::Settled, Some(caller.stamp()));
    let disputable_until = pair.disputable_until;
    let settlement = Settlement { number: pair.number, disputable_until, state, approved, ..proposal };
    conclude(ctx, &caller, &pair.invoice, settlement)
}

/// An invoice that is owed and an entry that can pay it.
struct Pair {
    invoice: Invoice,
    entry: BankEntry,
    /// What is open of the invoice.
    open: Commitment,
    matched_by: MatchBasis,
    basis: SettlementBasis,
    /// Until when the seller could dispute the settlement.
    disputable_until: Option<UtcTime>,
    /// The number that the settlement would have.
    number: u32,
}

fn pair(
    ctx: &mut Context<'_>,
    caller: &mut Caller,
    (invoice_id, entry_id): (InvoiceRef, EntryRef),
    reason: ToleranceReason,
) -> Result<Pair, Refusal> {
    let invoice = find_invoice(ctx, invoice_id)?;
    let entry = find_entry(ctx, entry_id)?;
    let basis = basis::of(caller, &invoice, &entry)?;
    check_grounds(ctx, &invoice, &entry)?;
    caller.follow(entry.recorded.at);
    let matched_by = basis::matched_by(&invoice, &entry)?;
    basis::check_reference(caller, &invoice, &entry, matched_by)?;
    let condition = standing::of(ctx, &invoice, caller.now)?;
    caller.follow(condition.last_at);
    check_owed(&invoice, condition.state, reason, matched_by)?;
    if find_reversal(ctx, &entry.entry_id)?.is_some() {
        return Err(PaymentRejection::EntryReversed { entry_id: entry.entry_id }.into());
    }
    if history::use_of(ctx, &entry.entry_id)?.is_some() {
        return Err(PaymentRejection::EntryUsed { entry_id: entry.entry_id }.into());
    }
    let before = history::before(ctx, &invoice, condition.settlements, caller.msp_id())?;
    if condition.settlements >= SETTLEMENTS_MAX || before.by_it >= SETTLEMENTS_OF_ONE_MAX {
        return Err(PaymentRejection::TooManySettlements { invoice_id: invoice.invoice_id }.into());
    }
    let disputable_until = match basis {
        SettlementBasis::Credit => None,
        SettlementBasis::Debit if before.disputed => {
            return Err(PaymentRejection::DebitDisputed { invoice_id: invoice.invoice_id }.into());
        }
        SettlementBasis::Debit => {
            let owed = (&invoice, condition.answer.as_ref());
            Some(basis::disputable_until(ctx, caller, owed, &entry)?)
        }
    };
    let (open, number) = (condition.open.commitment, condition.settlements + 1);
    Ok(Pair { invoice, entry, open, matched_by, basis, disputable_until, number })
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

/// What is accepted is owed. What its buyer left unanswered is not, but the payer of exactly what is open who quotes it
/// has meant it: so a buyer's silence holds up nobody, and binds the buyer to nothing that was not paid.
fn check_owed(
    invoice: &Invoice,
    state: InvoiceState,
    reason: ToleranceReason,
    matched_by: MatchBasis,
) -> Result<(), PaymentRejection> {
    let invoice_id = invoice.invoice_id.clone();
    let meant = reason == ToleranceReason::None && matched_by != MatchBasis::Manual;
    match state {
        InvoiceState::Accepted | InvoiceState::WithdrawalProposed => Ok(()),
        InvoiceState::Unanswered if meant => Ok(()),
        InvoiceState::Settled => Err(PaymentRejection::InvoiceSettled { invoice_id }),
        InvoiceState::Withdrawn => Err(PaymentRejection::InvoiceWithdrawn { invoice_id }),
        InvoiceState::Issued | InvoiceState::Unanswered | InvoiceState::Disputed => {
            Err(PaymentRejection::InvoiceNotAccepted { invoice_id })
        }
    }
}

/// A difference needs a tolerance that was agreed on, and both proofs.
fn check_reason(invoice: &Invoice, request: &Settle) -> Result<(), PaymentRejection> {
    let differs = request.tolerance_reason != ToleranceReason::None;
    if differs && invoice.tolerance_basis_points == 0 {
        return Err(PaymentRejection::NoTolerance { invoice_id: invoice.invoice_id.clone() });
    }
    if differs == request.share_proof.is_some() { Ok(()) } else { Err(PaymentRejection::ShareProofUnfit) }
}

fn verify(ctx: &Context<'_>, claim: &trade_claims::Settlement, request: &Settle) -> Result<(), Refusal> {
    let deployment = Deployment { channel: ctx.channel_id(), chaincode: ctx.chaincode() };
    claim.verify(deployment, &request.proof)?;
    if let (Some(share), Some(proof)) = (claim.share(), &request.share_proof) {
        share.verify(deployment, proof)?;
    }
    Ok(())
}

fn settlement(
    caller: &Caller,
    pair: &Pair,
    claim: &trade_claims::Settlement,
    request: Settle,
    alone: &Alone,
) -> Settlement {
    let (within_limit_minor, state) = match alone {
        Alone::Yes(limit) => (*limit, SettlementState::Settled),
        Alone::No => (None, SettlementState::Proposed),
    };
    Settlement {
        invoice_id: pair.invoice.invoice_id.clone(),
        number: pair.number,
        invoice_sha256: authorship::digest(&pair.invoice),
        entry_id: pair.entry.entry_id.clone(),
        entry_sha256: authorship::digest(&pair.entry),
        currency: pair.invoice.currency.clone(),
        matched_by: pair.matched_by,
        basis: pair.basis,
        disputable_until: pair.disputable_until,
        tolerance_minor: claim.tolerance,
        tolerance_basis_points: claim.share,
        tolerance_reason: request.tolerance_reason,
        total_commitment: claim.total.open.clone(),
        amount_commitment: claim.amount.clone(),
        proof: request.proof,
        share_proof: request.share_proof,
        within_limit_minor,
        limit_proof: request.limit_proof,
        state,
        settled: caller.stamp(),
        person: caller.acting.person.clone(),
        approved: None,
    }
}

/// Keeps a settlement for a second person, in place of an earlier one of the organization that nobody approved.
fn propose(ctx: &mut Context<'_>, caller: &Caller, proposal: Settlement) -> Result<Settlement, Refusal> {
    let key = history::proposal_key(&proposal.invoice_id, caller.msp_id());
    authorship::put(ctx, caller, (&SETTLEMENT_PROPOSALS, &key), &proposal, &[caller.msp_id()])?;
    let (invoice_id, entry_id) = (proposal.invoice_id.clone(), proposal.entry_id.clone());
    announce(ctx, PaymentEvent::SettlementProposed { invoice_id, entry_id })?;
    Ok(proposal)
}

/// Settles: the invoice is paid and the entry is used.
fn conclude(
    ctx: &mut Context<'_>,
    caller: &Caller,
    invoice: &Invoice,
    settlement: Settlement,
) -> Result<Settlement, Refusal> {
    let key = history::key(&settlement.invoice_id, settlement.number);
    let owners = [&invoice.seller, &invoice.buyer];
    authorship::put(ctx, caller, (&SETTLEMENTS, &key), &settlement, &owners)?;
    ENTRY_USES.put(ctx, &settlement.entry_id, &(settlement.invoice_id.clone(), settlement.number))?;
    let (invoice_id, entry_id) = (settlement.invoice_id.clone(), settlement.entry_id.clone());
    announce(ctx, PaymentEvent::Settled { invoice_id, entry_id })?;
    Ok(settlement)
}
