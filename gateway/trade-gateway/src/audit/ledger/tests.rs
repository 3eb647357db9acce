//! What heads on the ledger show that the lines and their seals do not.

use std::fs;

use super::*;
use crate::{
    audit::{AuditLog, Decision, HEADS_FILE, KEY_FILE},
    settings::AuditSettings,
};

type TestResult = Result<(), Box<dyn std::error::Error>>;
type Tried<T> = Result<T, Box<dyn std::error::Error>>;

/// A log with these outcomes on each of these days.
fn log_of(folder: &Path, days: &[&str], outcome: &str) -> Tried<AuditLog> {
    let log = AuditLog::open(folder, &AuditSettings::default())?;
    for day in days {
        for hour in 10..13 {
            let time = format!("{day}T{hour}:00:00Z");
            log.append(&Decision { time, outcome: outcome.to_owned(), ..Decision::default() })?;
        }
    }
    Ok(log)
}

/// The deposits of all heads, as they would stand on the ledger.
fn deposits(log: &AuditLog, at: &str) -> Tried<Vec<Deposited>> {
    let deposited = |head: &AuditHead| Deposited {
        sha256: head.sha256().to_string(),
        claim: head.claim(),
        at: at.to_owned(),
        transaction_id: format!("{} {at}", head.day),
    };
    Ok(log.reader().heads()?.iter().map(deposited).collect())
}

fn compared(folder: &Path, deposits: &[Deposited]) -> Result<Anchored, AuditError> {
    let key = AuditKey::load(&folder.join(KEY_FILE))?;
    let files = [folder.join(LOG_FILE)];
    verify_anchored(&files, &key, &folder.join(HEADS_FILE), deposits).map(|(_, anchored)| anchored)
}

#[test]
fn a_day_has_one_head_when_it_has_ended_and_lines_that_are_late_belong_to_the_next() -> TestResult {
    let folder = tempfile::tempdir()?;
    let log = log_of(folder.path(), &["2026-03-01", "2026-03-02"], "allowed")?;
    let days = |log: &AuditLog| -> Tried<Vec<(String, u64)>> {
        Ok(log.reader().heads()?.into_iter().map(|head| (head.day, head.line)).collect())
    };
    assert_eq!(days(&log)?, [("2026-03-01".to_owned(), 3)]);
    let late = Decision { time: "2026-03-01T23:59:59Z".to_owned(), ..Decision::default() };
    log.append(&late)?;
    log.append(&Decision { time: "2026-03-02T14:00:00Z".to_owned(), ..Decision::default() })?;
    assert_eq!(days(&log)?.len(), 1);
    // Nobody calls for days; a start in between changes nothing.
    log.tend("2026-03-02T23:59:59Z")?;
    assert_eq!(days(&log)?.len(), 1);
    drop(log);
    let log = AuditLog::open(folder.path(), &AuditSettings::default())?;
    log.tend("2026-03-09T00:00:00Z")?;
    log.tend("2026-03-10T00:00:00Z")?;
    assert_eq!(days(&log)?, [("2026-03-01".to_owned(), 3), ("2026-03-02".to_owned(), 8)]);
    // As a crash in mid-write leaves the file.
    fs::write(folder.path().join(HEADS_FILE), {
        let text = fs::read_to_string(folder.path().join(HEADS_FILE))?;
        text.get(..text.len() - 9).ok_or("text")?.to_owned()
    })?;
    drop(log);
    let log = AuditLog::open(folder.path(), &AuditSettings::default())?;
    log.tend("2026-03-10T00:00:00Z")?;
    assert_eq!(days(&log)?.len(), 2);
    // What is deposited is the digest of the line as it stands.
    let text = fs::read_to_string(folder.path().join(HEADS_FILE))?;
    let digest = hex::encode(fabric_msp::hash::sha256(text.lines().next().ok_or("a line")?.as_bytes()));
    let request = log.reader().heads()?[0].deposit();
    assert_eq!((&request["sha256"], &request["captured_at"]), (&digest.into(), &"2026-03-01T23:59:59Z".into()));
    serde_json::from_value::<trade_model::evidence::Deposit>(request)?;
    Ok(())
}

#[test]
fn a_log_that_was_written_anew_with_its_own_key_is_found_by_the_ledger() -> TestResult {
    let days = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"];
    let folder = tempfile::tempdir()?;
    let log = log_of(folder.path(), &days, "denied")?;
    let on_ledger = deposits(&log, "2026-03-05T00:00:01Z")?;
    let found = compared(folder.path(), &on_ledger)?;
    assert_eq!((found.heads, found.covered_to, found.day.as_str()), (3, 9, "2026-03-03"));
    assert!(found.is_complete());
    // Without the last two, the days for which no head stands are told.
    let found = compared(folder.path(), &on_ledger[..1])?;
    assert_eq!(found.not_anchored, ["2026-03-02", "2026-03-03"]);

    // The second day is told otherwise, by a holder of the key.
    let forged = tempfile::tempdir()?;
    let key = fs::read_to_string(folder.path().join(KEY_FILE))?;
    fs::copy(folder.path().join(KEY_FILE), forged.path().join(KEY_FILE))?;
    // Without its mark, a key has sealed nothing.
    fs::write(forged.path().join(KEY_FILE), format!("{}\n", key.lines().next().ok_or("a key")?))?;
    drop(log_of(forged.path(), &days[..1], "denied")?);
    let other = log_of(forged.path(), &days[1..], "allowed")?;
    let differs = |folder: &Path, deposits: &[Deposited]| match compared(folder, deposits) {
        Err(AuditError::Head(difference)) => difference,
        other => panic!("{other:?}"),
    };
    // Its heads are told otherwise, too: even deposited, they come later.
    let all = [on_ledger.clone(), deposits(&other, "2026-03-06T00:00:01Z")?].concat();
    for known in [&on_ledger, &all] {
        let difference = differs(forged.path(), known);
        assert!(matches!(&difference, HeadDifference::Changed { day, .. } if day == "2026-03-02"), "{difference}");
    }
    // With the heads as they were, the line is named.
    fs::copy(folder.path().join(HEADS_FILE), forged.path().join(HEADS_FILE))?;
    // It is, too, when the organization has deposited something else for the day before, ahead of the head.
    let first = Deposited { sha256: "0".repeat(64), at: String::new(), ..on_ledger[0].clone() };
    for known in [on_ledger.clone(), [vec![first], on_ledger.clone()].concat()] {
        let difference = differs(forged.path(), &known);
        assert!(
            matches!(&difference, HeadDifference::Line { line: 6, covered_to: 3, day, .. } if day == "2026-03-02"),
            "{difference}"
        );
    }
    // The control: without the ledger, such a log is in order.
    assert_eq!(compared(forged.path(), &[])?.heads, 0);
    // On the honest side the late deposits are told and change nothing.
    assert_eq!(compared(folder.path(), &all)?.contrary.len(), 2);
    Ok(())
}

#[test]
fn a_log_of_an_earlier_day_and_a_new_one_are_known_by_the_ledger() -> TestResult {
    let folder = tempfile::tempdir()?;
    let log = log_of(folder.path(), &["2026-03-01", "2026-03-02"], "denied")?;
    let earlier: Vec<(std::path::PathBuf, Vec<u8>)> = fs::read_dir(folder.path())?
        .map(|entry| entry.map(|entry| entry.path()).and_then(|path| Ok((path.clone(), fs::read(path)?))))
        .collect::<Result<_, _>>()?;
    log.append(&Decision { time: "2026-03-03T00:00:00Z".to_owned(), ..Decision::default() })?;
    let on_ledger = deposits(&log, "2026-03-03T00:00:01Z")?;
    drop(log);
    // Log, anchor and heads of the day before, put back together.
    for (path, content) in &earlier {
        fs::write(path, content)?;
    }
    let error = compared(folder.path(), &on_ledger).expect_err("a day is missing");
    assert!(error.to_string().starts_with("the ledger has a head of 2026-03-02"), "{error}");
    // A day less of lines, and the heads kept.
    let (key, heads) = (AuditKey::load(&folder.path().join(KEY_FILE))?, folder.path().join(HEADS_FILE));
    let missing = AuditHead { log: log_name(&key), day: "2026-03-02".to_owned(), line: 9, seal: "0".repeat(64) };
    let text = fs::read_to_string(&heads)? + &serde_json::to_string(&missing)? + "\n";
    fs::write(&heads, text)?;
    let deposit = Deposited {
        sha256: missing.sha256().to_string(),
        claim: missing.claim(),
        at: String::new(),
        transaction_id: String::new(),
    };
    let error = compared(folder.path(), &[deposit]).expect_err("lines are missing");
    assert!(error.to_string().starts_with("the log ends with line number 6"), "{error}");
    // A new log under another key has no head on the ledger, and the former one has.
    let fresh = tempfile::tempdir()?;
    log_of(fresh.path(), &["2026-03-01"], "allowed")?;
    let found = compared(fresh.path(), &on_ledger)?;
    assert!(!found.is_complete() && found.others.contains(&log_name(&key)), "{found:?}");
    Ok(())
}
