//! Entries of accounts as their banks report them, and what banks take back.

use fabric_contract::{Context, Part};
use trade_claims::{Claim, Deployment, EntryAmount};
use trade_model::Refusal;
use trade_model::common::Scoped;
use trade_model::payment::{
    BankEntry, ENTRIES, ENTRIES_BY_REFERENCE, ENTRY_REVERSALS, EntryName, EntryReversal, EntryStanding, PaymentEvent,
    PaymentRejection, ReadEntry, RecordEntry, ReversalGround, ReverseEntry,
};

use super::account;
use super::find::{canonical_reference, find_entry, find_reversal, is_entry_authentic, is_entry_opened};
use super::history;
use crate::announce::announce;
use crate::caller::Caller;
use crate::{authorship, ledger, private};

/// Records an entry of a customer's account; the caller is the bank.
///
/// # Errors
/// The bank that the holder named; a bank's reference can be recorded once, and so can the commitment; the other side
/// is a member where one is named.
pub fn record_entry(ctx: &mut Context<'_>, request: RecordEntry) -> Result<BankEntry, Refusal> {
    let mut caller = Caller::of::<RecordEntry>(ctx)?;
    let bank = caller.msp_id().clone();
    if caller.partner(&request.account_holder).is_none() {
        return Err(PaymentRejection::PartnerNotEnrolled { msp_id: request.account_holder }.into());
    }
    if let Some(other) = &request.counterparty
        && caller.members.find(other).is_none()
    {
        return Err(PaymentRejection::PartnerNotEnrolled { msp_id: other.clone() }.into());
    }
    if let Some(since) = account::check_open(ctx, &request.account_holder, &bank)? {
        caller.follow(since);
    }
    let entry_id = Scoped::new(bank.clone(), request.entry_id.clone());
    ledger::must_be_new(ctx, &ENTRIES, &entry_id, |entry_id| PaymentRejection::EntryExists { entry_id })?;
    let reference = (Part(bank.clone()), Part(request.account_servicer_reference.clone()), request.detail_number);
    if let Some(entry_id) = ENTRIES_BY_REFERENCE.find(ctx, &reference)? {
        let reversal = find_reversal(ctx, &entry_id)?;
        if reversal.is_none_or(|reversal| reversal.ground != ReversalGround::ReportedInError) {
            return Err(PaymentRejection::EntryReportedBefore { entry_id }.into());
        }
    }
    check_amount(ctx, &entry_id, &request)?;
    let entry = BankEntry {
        entry_id,
        bank,
        account_holder: request.account_holder,
        account_servicer_reference: request.account_servicer_reference,
        detail_number: request.detail_number,
        end_to_end_id: request.end_to_end_id,
        creditor_reference: request.creditor_reference.map(canonical_reference),
        direction: request.direction,
        counterparty: request.counterparty,
        reversal: request.reversal,
        booked_on: request.booked_on,
        currency: request.currency,
        statement_digest: request.statement_digest,
        amount_commitment: request.amount_commitment,
        amount_proof: request.amount_proof,
        recorded: caller.stamp(),
    };
    let record = format!("entry {}", entry.entry_id);
    private::claim(ctx, &entry.bank, &entry.amount_commitment, "/amount_commitment", &record)?;
    let owners = [&entry.bank, &entry.account_holder];
    authorship::put(ctx, &caller, (&ENTRIES, &entry.entry_id), &entry, &owners)?;
    ENTRIES_BY_REFERENCE.put(ctx, &reference, &entry.entry_id)?;
    announce(ctx, PaymentEvent::EntryRecorded { entry_id: entry.entry_id.clone() })?;
    Ok(entry)
}

/// The bank takes an entry back. What it settled is open again by that: no other member's peer is asked.
///
/// # Errors
/// The bank only, and once; the entry that is said to reverse it must be one of the same account.
pub fn reverse_entry(ctx: &mut Context<'_>, request: ReverseEntry) -> Result<EntryReversal, Refusal> {
    let mut caller = Caller::of::<ReverseEntry>(ctx)?;
    let entry = find_entry(ctx, request.entry_id)?;
    let entry_id = entry.entry_id.clone();
    if entry.bank != *caller.msp_id() {
        return Err(PaymentRejection::NotTheBank { entry_id }.into());
    }
    if find_reversal(ctx, &entry_id)?.is_some() {
        return Err(PaymentRejection::EntryReversed { entry_id }.into());
    }
    caller.follow(entry.recorded.at);
    let reversed_by = match request.reversed_by {
        Some(other) => {
            let other = find_entry(ctx, other)?;
            check_reverses(&entry, &other)?;
            caller.follow(other.recorded.at);
            Some(other.entry_id)
        }
        None => None,
    };
    let (ground, remark) = (request.ground, request.remark);
    let reversal = EntryReversal { entry_id, ground, reversed_by, remark, reversed: caller.stamp() };
    authorship::put(ctx, &caller, (&ENTRY_REVERSALS, &reversal.entry_id), &reversal, &[&entry.bank])?;
    announce(ctx, PaymentEvent::EntryReversed { entry_id: reversal.entry_id.clone() })?;
    Ok(reversal)
}

/// A bank entry by its name, and what became of it.
///
/// # Errors
/// [`PaymentRejection::EntryUnknown`].
pub fn read_entry(ctx: &mut Context<'_>, request: ReadEntry) -> Result<EntryStanding, Refusal> {
    let record = find_entry(ctx, request.entry_id)?;
    let authenticated = is_entry_authentic(ctx, &record)?;
    let opening_shared = is_entry_opened(ctx, &record)?;
    let taken_back = find_reversal(ctx, &record.entry_id)?;
    let settles = history::settles(ctx, &record.entry_id)?;
    Ok(EntryStanding { record, authenticated, opening_shared, settles, taken_back })
}

/// On its own account the bank proves that the commitment is to an amount; on another's, the holder's peer checks that
/// when the opening is shared.
fn check_amount(ctx: &Context<'_>, entry_id: &EntryName, request: &RecordEntry) -> Result<(), Refusal> {
    let own = request.account_holder == entry_id.owner;
    match &request.amount_proof {
        Some(proof) if own => {
            let (currency, commitment) = (request.currency.clone(), request.amount_commitment.clone());
            let deployment = Deployment { channel: ctx.channel_id(), chaincode: ctx.chaincode() };
            Ok(EntryAmount { entry_id: entry_id.clone(), currency, commitment }.verify(deployment, proof)?)
        }
        None if !own => Ok(()),
        _ => Err(PaymentRejection::AmountProofUnfit.into()),
    }
}

fn check_reverses(entry: &BankEntry, other: &BankEntry) -> Result<(), PaymentRejection> {
    let reverses = other.reversal
        && other.bank == entry.bank
        && other.account_holder == entry.account_holder
        && other.currency == entry.currency;
    if reverses { Ok(()) } else { Err(PaymentRejection::NotAReversal { entry_id: other.entry_id.clone() }) }
}
