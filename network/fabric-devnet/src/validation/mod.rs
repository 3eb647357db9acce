//! Validating the transactions of a block.
//!
//! Four stages in Fabric's order: form and signatures (no ledger needed, so several at once), endorsement policies,
//! repeated ids, and what was read. Each transaction gets exactly one code; a bad one never stops the block. What valid
//! transactions change is handed back; nothing is stored here.

mod commit_hash;
mod conflict;
mod context;
mod endorsement;
mod form;
mod signatures;
mod updates;

use std::sync::OnceLock;

use fabric_protos::protos::TxValidationCode;

pub use self::signatures::VerifiedSignatures;
pub(crate) use self::{
    commit_hash::commit_hash_entry,
    context::ValidationContext,
    form::{Endorsed, Form, Prepared},
    updates::{HashUpdate, Update, Updates},
};
use crate::state::{error::LedgerError, store::Snapshot, version::Version};

/// A block with its validation codes (`TxValidationCode`) and what follows from them.
pub(crate) struct ValidatedBlock {
    /// One code per transaction.
    pub(crate) codes: Vec<TxValidationCode>,
    /// What the valid ones change.
    pub(crate) updates: Updates,
}

/// First stage: form and signatures. Large blocks are worked on by several threads.
pub(crate) fn prepare(envelopes: &[Vec<u8>], context: &ValidationContext<'_>) -> Vec<Prepared> {
    const SHARE_MIN: usize = 4;
    let threads = processors().min(envelopes.len() / SHARE_MIN);
    if threads < 2 {
        return envelopes.iter().map(|envelope| Prepared::new(envelope, context)).collect();
    }
    let share = envelopes.len().div_ceil(threads);
    let prepare =
        |part: &[Vec<u8>]| -> Vec<Prepared> { part.iter().map(|envelope| Prepared::new(envelope, context)).collect() };
    std::thread::scope(|scope| {
        let workers: Vec<_> = envelopes.chunks(share).map(|part| scope.spawn(move || prepare(part))).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<Prepared>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    })
}

/// How many threads can run at once. The system reads several files to tell, so it is asked once.
fn processors() -> usize {
    static KNOWN: OnceLock<usize> = OnceLock::new();
    *KNOWN.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The other stages, transaction by transaction.
pub(crate) fn validate(
    number: u64,
    prepared: &[Prepared],
    context: &ValidationContext<'_>,
    snapshot: &Snapshot,
) -> Result<ValidatedBlock, LedgerError> {
    let mut codes = endorsement_codes(prepared, context, snapshot)?;
    mark_repeated_ids(prepared, &mut codes);
    let mut updates = Updates::default();
    for (index, (prepared, code)) in prepared.iter().zip(&mut codes).enumerate() {
        let Form::Endorsed { content: Ok(content), .. } = &prepared.form else { continue };
        if *code != TxValidationCode::Valid {
            continue;
        }
        *code = conflict::check(&content.set, snapshot, &updates)?;
        if *code == TxValidationCode::Valid {
            updates.apply(&content.set, Version::new(number, index as u64), snapshot)?;
        }
    }
    Ok(ValidatedBlock { codes, updates })
}

/// What follows from the codes that a block got when it was validated. A transaction that cannot have been valid gets a
/// code that says so.
pub(crate) fn apply(
    number: u64,
    prepared: &[Prepared],
    mut codes: Vec<TxValidationCode>,
    snapshot: &Snapshot,
) -> Result<ValidatedBlock, LedgerError> {
    let mut updates = Updates::default();
    for (index, (prepared, code)) in prepared.iter().zip(&mut codes).enumerate() {
        match &prepared.form {
            _ if *code != TxValidationCode::Valid => {}
            Form::Config(_) => {}
            Form::Endorsed { content: Ok(content), .. } => {
                updates.apply(&content.set, Version::new(number, index as u64), snapshot)?;
            }
            Form::Endorsed { content: Err(cause), .. } | Form::Rejected(cause) => *code = *cause,
        }
    }
    Ok(ValidatedBlock { codes, updates })
}

fn endorsement_codes(
    prepared: &[Prepared],
    context: &ValidationContext<'_>,
    snapshot: &Snapshot,
) -> Result<Vec<TxValidationCode>, LedgerError> {
    let mut endorsements = endorsement::EndorsementCheck::new(context.channel, snapshot);
    let mut codes = Vec::with_capacity(prepared.len());
    for prepared in prepared {
        codes.push(match &prepared.form {
            Form::Rejected(code) => *code,
            Form::Config(_) => TxValidationCode::Valid,
            Form::Endorsed { id, .. } if snapshot.transaction(id)?.is_some() => TxValidationCode::DuplicateTxid,
            Form::Endorsed { content: Err(code), .. } => *code,
            Form::Endorsed { content: Ok(content), .. } => endorsements.check(content)?,
        });
    }
    Ok(codes)
}

/// Of several otherwise valid transactions with one id only the first counts.
fn mark_repeated_ids(prepared: &[Prepared], codes: &mut [TxValidationCode]) {
    let mut seen = std::collections::BTreeSet::new();
    for (prepared, code) in prepared.iter().zip(codes) {
        let Form::Endorsed { id, .. } = &prepared.form else { continue };
        if *code == TxValidationCode::Valid && !seen.insert(id.as_str()) {
            *code = TxValidationCode::DuplicateTxid;
        }
    }
}
