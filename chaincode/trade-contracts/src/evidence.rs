//! `evidence`: depositing originals by hash, reading and verifying them.
//!
//! A deposit proves that the original existed unchanged since then and who said what about its capture; it does not
//! prove that what the original shows is true, nor that it is the depositor's. So deposits of one original stand side
//! by side in the order of ledger time.

use fabric_contract::{Context, Contract, Part};
use trade_model::Refusal;
use trade_model::common::{Attested, Cursor, Digest256, Moment, PageSize, Stamp, TransactionId};
use trade_model::custody::TRANSFERS;
use trade_model::customs::DECLARATIONS;
use trade_model::evidence::{
    Deposit, EVIDENCE, Evidence, EvidenceCheck, EvidenceEvent, EvidenceKind, EvidencePage, EvidenceRejection,
    FIRST_DEPOSITS, ReadEvidence, Subject, VerifyEvidence,
};
use trade_model::item::{ALARMS, EVENTS, ITEMS};
use trade_model::payment::INVOICES;
use trade_model::rights::{LICENCES, RIGHTS};
use trade_standards::identifier::MspId;

use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::table::On;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("evidence").on(deposit).on(read_evidence).on(verify)
}

/// Deposits the hash of an original with its capture record. Others may have deposited it before, so nobody takes an
/// original, and the first deposit stays the first one: a later one has a later ledger time, whatever its client's
/// clock.
///
/// # Errors
/// Its subjects must be known; it cannot have been captured in the future.
pub fn deposit(ctx: &mut Context<'_>, request: Deposit) -> Result<Evidence, Refusal> {
    let mut caller = Caller::of::<Deposit>(ctx)?;
    if request.kind == EvidenceKind::Alarm {
        return Err(EvidenceRejection::AlarmEvidenceReserved.into());
    }
    if request.captured_at > caller.now {
        return Err(EvidenceRejection::CapturedInFuture.into());
    }
    for subject in &request.subjects {
        if !is_known(ctx, subject)? {
            return Err(EvidenceRejection::SubjectUnknown { id: subject.id() }.into());
        }
    }
    let first = FIRST_DEPOSITS.find(ctx, &Part(request.sha256.clone()))?;
    if let Some(first) = first {
        caller.follow(first);
    }

    let evidence = Evidence {
        sha256: request.sha256,
        kind: request.kind,
        media_type: request.media_type,
        size_bytes: request.size_bytes,
        captured_at: request.captured_at,
        tool: request.tool,
        subjects: request.subjects,
        claim: request.claim,
        deposited: caller.stamp(),
        facts: None,
    };
    if first.is_none() {
        FIRST_DEPOSITS.put(ctx, &Part(evidence.sha256.clone()), &caller.now)?;
    }
    let owners = [&evidence.deposited.by];
    authorship::put(ctx, &caller, (&EVIDENCE, &place_of(&evidence)), &evidence, &owners)?;
    announce(ctx, EvidenceEvent::Deposited { sha256: evidence.sha256.clone() })?;
    Ok(evidence)
}

/// Deposits what the ledger itself found: it speaks for no member, and its digest, which names the alarm, is new.
pub(crate) fn deposit_facts(ctx: &mut Context<'_>, evidence: &Evidence) -> Result<(), Refusal> {
    Ok(EVIDENCE.put(ctx, &place_of(evidence), evidence)?)
}

/// The deposits of an original, the first one first.
///
/// # Errors
/// [`EvidenceRejection::EvidenceUnknown`] when there is none; `request.cursor_malformed` for a cursor of another list.
pub fn read_evidence(ctx: &mut Context<'_>, request: ReadEvidence) -> Result<EvidencePage, Refusal> {
    let page = page(ctx, request.sha256, request.limit, request.after)?;
    if page.deposits.is_empty() {
        return Err(EvidenceRejection::EvidenceUnknown { sha256: page.sha256 }.into());
    }
    Ok(page)
}

/// Whether exactly this original is deposited, by whom and since when. An unknown hash is an answer.
///
/// # Errors
/// `request.cursor_malformed` for a cursor of another list.
pub fn verify(ctx: &mut Context<'_>, request: VerifyEvidence) -> Result<EvidenceCheck, Refusal> {
    let deposited = FIRST_DEPOSITS.exists(ctx, &Part(request.sha256.clone()))?;
    let page = page(ctx, request.sha256, request.limit, request.after)?;
    Ok(EvidenceCheck { deposited: deposited || !page.deposits.is_empty(), page })
}

/// Whether a member has deposited this original.
pub(crate) fn is_deposited(ctx: &mut Context<'_>, sha256: &Digest256) -> Result<bool, Refusal> {
    Ok(FIRST_DEPOSITS.exists(ctx, &Part(sha256.clone()))?)
}

fn page(
    ctx: &mut Context<'_>,
    sha256: Digest256,
    limit: Option<PageSize>,
    after: Option<Cursor>,
) -> Result<EvidencePage, Refusal> {
    let after = after.as_ref().map(Cursor::bookmark).unwrap_or_default();
    let found = EVIDENCE.page(ctx, &Part(sha256.clone()), limit.unwrap_or_default().get(), after)?;
    let mut deposits = Vec::with_capacity(found.entries.len());
    for (place, record) in found.entries {
        let authenticated = authorship::is_authentic(ctx, &EVIDENCE, &place, &record, &record.deposited.by)?;
        deposits.push(Attested { record, authenticated });
    }
    Ok(EvidencePage { sha256, deposits, next: found.bookmark.map(Cursor::of_bookmark) })
}

type Place = (Part<Digest256>, Moment, Part<MspId>, TransactionId);

fn place_of(evidence: &Evidence) -> Place {
    let Stamp { by, at, transaction_id, .. } = &evidence.deposited;
    (Part(evidence.sha256.clone()), Moment(*at), Part(by.clone()), transaction_id.clone())
}

/// Whether the ledger has a record of the subject.
fn is_known(ctx: &mut Context<'_>, subject: &Subject) -> Result<bool, Refusal> {
    Ok(match subject {
        Subject::Item(id) => ITEMS.exists(ctx, id)?,
        Subject::Event(id) => EVENTS.exists(ctx, id)?,
        Subject::Alarm(id) => ALARMS.exists(ctx, id)?,
        Subject::CustodyTransfer(id) => TRANSFERS.exists(ctx, id)?,
        Subject::Right(id) => RIGHTS.exists(ctx, id)?,
        Subject::Licence(id) => LICENCES.exists(ctx, id)?,
        Subject::Declaration(id) => DECLARATIONS.exists(ctx, id)?,
        Subject::Invoice(id) => INVOICES.exists(ctx, id)?,
    })
}
