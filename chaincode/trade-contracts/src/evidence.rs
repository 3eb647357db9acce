//! `evidence`: depositing originals by hash, reading and verifying them.
//!
//! A deposit proves that the original existed unchanged since then and who said what about its capture; it does not
//! prove that what the original shows is true.

use fabric_contract::{Context, Contract, Part};
use trade_model::Refusal;
use trade_model::custody::TRANSFERS;
use trade_model::customs::DECLARATIONS;
use trade_model::evidence::{
    Deposit, EVIDENCE, Evidence, EvidenceCheck, EvidenceEvent, EvidenceKind, EvidenceRejection, ReadEvidence, Subject,
    VerifyEvidence,
};
use trade_model::item::{ALARMS, EVENTS, ITEMS};
use trade_model::payment::INVOICES;
use trade_model::rights::{LICENCES, RIGHTS};

use crate::announce::announce;
use crate::caller::Caller;
use crate::ledger;
use crate::table::On;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("evidence").on(deposit).on(read_evidence).on(verify)
}

/// Deposits the hash of an original with its capture record.
///
/// # Errors
/// The first deposit of an original stands; its subjects must be known; it cannot have been captured in the future.
pub fn deposit(ctx: &mut Context<'_>, request: Deposit) -> Result<Evidence, Refusal> {
    let caller = Caller::of::<Deposit>(ctx)?;
    if request.kind == EvidenceKind::Alarm {
        return Err(EvidenceRejection::AlarmEvidenceReserved.into());
    }
    if request.captured_at > caller.now {
        return Err(EvidenceRejection::CapturedInFuture.into());
    }
    for subject in &request.subjects {
        if !is_known(ctx, subject)? {
            return Err(EvidenceRejection::SubjectUnknown { id: subject.id().to_owned() }.into());
        }
    }
    let place = Part(request.sha256.clone());
    ledger::must_be_new(ctx, &EVIDENCE, &place, |Part(sha256)| EvidenceRejection::AlreadyDeposited { sha256 })?;

    let evidence = Evidence {
        sha256: request.sha256,
        kind: request.kind,
        media_type: request.media_type,
        size_bytes: request.size_bytes,
        captured_at: request.captured_at,
        tool: request.tool,
        subjects: request.subjects,
        deposited: caller.stamp(),
        facts: None,
    };
    EVIDENCE.put(ctx, &place, &evidence)?;
    announce(ctx, EvidenceEvent::Deposited { sha256: evidence.sha256.clone() })?;
    Ok(evidence)
}

/// A deposit by the hash of its original.
///
/// # Errors
/// [`EvidenceRejection::EvidenceUnknown`].
pub fn read_evidence(ctx: &mut Context<'_>, request: ReadEvidence) -> Result<Evidence, Refusal> {
    ledger::require(ctx, &EVIDENCE, &Part(request.sha256), |Part(sha256)| EvidenceRejection::EvidenceUnknown { sha256 })
}

/// Whether exactly this original is deposited. An unknown hash is an answer.
///
/// # Errors
/// None of its own: what the ledger cannot answer.
pub fn verify(ctx: &mut Context<'_>, request: VerifyEvidence) -> Result<EvidenceCheck, Refusal> {
    let evidence = EVIDENCE.find(ctx, &Part(request.sha256.clone()))?;
    Ok(EvidenceCheck { sha256: request.sha256, deposited: evidence.is_some(), evidence })
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
