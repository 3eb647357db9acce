//! Compares a log with its heads on the ledger. A holder of the key can write another log, and cannot change these.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    error::{AuditError, HeadDifference},
    head::{AuditHead, CLAIM, claim_of, log_name, read_heads},
    key::AuditKey,
    line::{LOG_FILE, Line},
    verify::{Verified, verify_each},
};

/// A deposit of a head on the ledger, of the organization whose log it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposited {
    /// SHA-256 of the head, hex.
    pub sha256: String,
    /// Which log and which day, as the deposit claims.
    pub claim: String,
    /// When it was deposited, RFC 3339.
    pub at: String,
    /// The Fabric transaction that did it.
    pub transaction_id: String,
}

/// What was found of heads on the ledger that fit the lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchored {
    /// How many heads were compared with lines.
    pub heads: u64,
    /// The number of the last line for which one of them stands; 0 when there is none.
    pub covered_to: u64,
    /// Its day; empty when there is none.
    pub day: String,
    /// Days that have ended and for whose lines no head on the ledger stands.
    pub not_anchored: Vec<String>,
    /// Deposits of other heads of days that have theirs, by their transactions.
    pub contrary: Vec<String>,
    /// Other logs of which the organization has heads on the ledger: logs of other gateways, or of another key.
    pub others: BTreeSet<String>,
}

impl Anchored {
    /// Whether heads on the ledger stand for all days that have ended.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.not_anchored.is_empty() && (self.heads > 0 || self.others.is_empty())
    }
}

/// As [`super::verify`], and compares the lines with the heads on the ledger, the earliest first. The file `path` holds
/// the heads themselves, of which the ledger has the digests.
///
/// # Errors
/// As [`super::verify`]; [`AuditError::Head`] for the first difference.
pub fn verify_anchored(
    files: &[PathBuf],
    key: &AuditKey,
    path: &Path,
    deposits: &[Deposited],
) -> Result<(Verified, Anchored), AuditError> {
    let log = log_name(key);
    let heads: Vec<AuditHead> = read_heads(path)?.into_iter().filter(|head| head.log == log).collect();
    let mut anchored = Anchored::default();
    let (on_ledger, unfit) = on_ledger(path, &log, &heads, deposits, &mut anchored);
    let mut seals: BTreeMap<u64, String> = BTreeMap::new();
    let wanted: BTreeSet<u64> = on_ledger.iter().map(|(head, _)| head.line).collect();
    let verified = verify_each(files, key, |line: &Line| {
        // The first line of files that do not begin the log names the seal of the line before it.
        let known = [(line.sequence, &line.seal), (line.sequence.saturating_sub(1), &line.previous)];
        for (number, seal) in known {
            if wanted.contains(&number) {
                seals.entry(number).or_insert_with(|| seal.clone());
            }
        }
    })?;
    let reaches_end = files.last().is_some_and(|last| last.file_name().is_some_and(|name| name == LOG_FILE));
    for (head, transaction_id) in &on_ledger {
        let (day, line, transaction_id) = (head.day.clone(), head.line, (*transaction_id).to_owned());
        match seals.get(&line) {
            Some(seal) if *seal == head.seal => {
                anchored.heads += 1;
                (anchored.covered_to, anchored.day) = (line, day);
            }
            Some(_) => {
                let covered_to = anchored.covered_to;
                return Err(HeadDifference::Line { day, line, covered_to, transaction_id }.into());
            }
            None if line > verified.last && reaches_end => {
                return Err(HeadDifference::Ended { day, line, last: verified.last, transaction_id }.into());
            }
            // Its line is not in these files.
            None => {}
        }
    }
    if let Some(difference) = unfit {
        return Err(difference.into());
    }
    let newest = on_ledger.iter().map(|(head, _)| head.line).max().unwrap_or(0);
    let waiting = heads.iter().filter(|head| head.line > newest);
    anchored.not_anchored = waiting.map(|head| head.day.clone()).collect();
    Ok((verified, anchored))
}

/// The heads whose digests are on the ledger, by their lines, with the transactions that deposited them; and how the
/// first deposit that fits no head differs.
fn on_ledger<'a>(
    path: &Path,
    log: &str,
    heads: &'a [AuditHead],
    deposits: &'a [Deposited],
    anchored: &mut Anchored,
) -> (Vec<(&'a AuditHead, &'a str)>, Option<HeadDifference>) {
    let by_digest: BTreeMap<String, &AuditHead> = heads.iter().map(|head| (head.sha256().to_string(), head)).collect();
    let beginning = claim_of(log);
    let mut own: Vec<(&str, &Deposited)> = Vec::new();
    for deposit in deposits {
        match deposit.claim.strip_prefix(&beginning) {
            Some(day) => own.push((day, deposit)),
            None => anchored.others.extend(other_log(&deposit.claim)),
        }
    }
    own.sort_by_key(|(day, deposit)| (*day, deposit.at.as_str()));
    let mut found: BTreeMap<u64, (&AuditHead, &str)> = BTreeMap::new();
    let (mut known, mut unfit) = (BTreeSet::new(), None);
    for (day, deposit) in own {
        let transaction_id = deposit.transaction_id.clone();
        if let Some(head) = by_digest.get(&deposit.sha256).filter(|head| head.day == day) {
            known.insert(day);
            found.entry(head.line).or_insert((head, &deposit.transaction_id));
        } else if known.contains(day) {
            anchored.contrary.push(transaction_id);
        } else {
            let (path, is_there) = (path.to_owned(), heads.iter().any(|head| head.day == day));
            let day = day.to_owned();
            // Those after it count all the same: a deposit of any digest must not hide a line that was changed.
            unfit.get_or_insert(match is_there {
                true => HeadDifference::Changed { day, transaction_id, path },
                false => HeadDifference::Missing { day, transaction_id, path },
            });
        }
    }
    (found.into_values().collect(), unfit)
}

/// The log of which a claim of another one speaks.
fn other_log(claim: &str) -> Option<String> {
    let (log, _) = claim.strip_prefix(CLAIM)?.split_once(", ")?;
    Some(log.to_owned())
}

#[cfg(test)]
mod tests;
