//! `evidence`: depositing originals by hash, reading and verifying them.
//!
//! A deposit proves that the original existed unchanged since then and who said what about its capture; it does not
//! prove that what the original shows is true.

pub(crate) mod keys;

use fabric_contract::{Context, Contract};
use serde_json::json;
use trade_model::evidence::{
    Deposit, Evidence, EvidenceCheck, EvidenceKind, ReadEvidence, SUBJECTS_MAX, Subject, SubjectKind, VerifyEvidence,
};
use trade_model::rejection::Rejection;

use crate::announce::announce;
use crate::caller::Caller;
use crate::{Refusal, custody, customs, form, item, payment, rights};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("evidence").submit("Deposit", deposit).evaluate("Read", read).evaluate("Verify", verify)
}

/// Deposits the hash of an original with its capture record.
///
/// # Errors
/// The first deposit of an original stands; its subjects must be known; it cannot have been captured in the future.
pub fn deposit(ctx: &mut Context<'_>, request: Deposit) -> Result<Evidence, Refusal> {
    let caller = Caller::enrolled(ctx)?;
    form::digest("sha256", &request.sha256)?;
    form::text("tool", &request.tool, 200)?;
    check_media_type(&request.media_type)?;
    if request.kind == EvidenceKind::Alarm {
        return Err(Rejection::AlarmEvidenceReserved.into());
    }
    if request.captured_at > caller.now {
        return Err(Rejection::CapturedInFuture.into());
    }
    let mut subjects = Vec::with_capacity(request.subjects.len().min(SUBJECTS_MAX));
    for subject in form::sorted_set("subjects", request.subjects, SUBJECTS_MAX)? {
        subjects.push(known_subject(ctx, subject)?);
    }
    let key = keys::evidence(&request.sha256)?;
    if ctx.get(&key)?.is_some() {
        return Err(Rejection::AlreadyDeposited { sha256: request.sha256 }.into());
    }

    let evidence = Evidence {
        sha256: request.sha256,
        kind: request.kind,
        media_type: request.media_type,
        size_bytes: request.size_bytes,
        captured_at: request.captured_at,
        tool: request.tool,
        subjects,
        deposited_by: caller.msp_id().clone(),
        certificate_sha256: caller.certificate_sha256,
        deposited_at: caller.now,
        transaction_id: caller.tx_id,
        facts: None,
    };
    ctx.put_json(&key, &evidence)?;
    announce(ctx, "evidence.deposited", &json!({ "sha256": evidence.sha256 }))?;
    Ok(evidence)
}

/// A deposit by the hash of its original.
///
/// # Errors
/// [`Rejection::EvidenceUnknown`].
pub fn read(ctx: &mut Context<'_>, request: ReadEvidence) -> Result<Evidence, Refusal> {
    form::digest("sha256", &request.sha256)?;
    let evidence = ctx.get_json::<Evidence>(&keys::evidence(&request.sha256)?)?;
    Ok(evidence.ok_or(Rejection::EvidenceUnknown { sha256: request.sha256 })?)
}

/// Whether exactly this original is deposited. An unknown hash is an answer.
///
/// # Errors
/// [`Rejection::DigestMalformed`].
pub fn verify(ctx: &mut Context<'_>, request: VerifyEvidence) -> Result<EvidenceCheck, Refusal> {
    form::digest("sha256", &request.sha256)?;
    let evidence = ctx.get_json::<Evidence>(&keys::evidence(&request.sha256)?)?;
    Ok(EvidenceCheck { sha256: request.sha256, deposited: evidence.is_some(), evidence })
}

/// `type/subtype` of RFC 6838, without parameters.
fn check_media_type(text: &str) -> Result<(), Rejection> {
    let name = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        (1..=127).contains(&part.len()) && part.bytes().all(allowed)
    };
    let holds = text.split_once('/').is_some_and(|(kind, subtype)| name(kind) && name(subtype));
    if holds { Ok(()) } else { Err(Rejection::MediaTypeMalformed) }
}

/// The subject with its canonical id, when the ledger has it.
fn known_subject(ctx: &mut Context<'_>, subject: Subject) -> Result<Subject, Refusal> {
    let id = match subject.kind {
        SubjectKind::Item => form::object(&subject.id)?.canonical().to_owned(),
        _ => subject.id.clone(),
    };
    let known = match subject.kind {
        SubjectKind::Item => item::exists(ctx, &id)?,
        SubjectKind::Event => item::event_exists(ctx, &id)?,
        SubjectKind::Alarm => item::alarm_exists(ctx, &id)?,
        SubjectKind::Handover => custody::exists(ctx, &id)?,
        SubjectKind::Right => rights::right_exists(ctx, &id)?,
        SubjectKind::Licence => rights::licence_exists(ctx, &id)?,
        SubjectKind::Declaration => customs::exists(ctx, &id)?,
        SubjectKind::Invoice => payment::exists(ctx, &id)?,
    };
    if known { Ok(Subject { kind: subject.kind, id }) } else { Err(Rejection::SubjectUnknown { id }.into()) }
}
