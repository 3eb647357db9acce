//! What happens to a log: crashes, a full disk, and people who would rather have it say something else.

use std::fs::OpenOptions;

use super::*;
use crate::audit::{Fault, Verified, verify};

type TestResult = Result<(), Box<dyn std::error::Error>>;

fn decision(outcome: &str) -> Decision {
    Decision { outcome: outcome.to_owned(), route: "/v1/items/{id}".to_owned(), ..Decision::default() }
}

fn open(folder: &Path) -> Result<AuditLog, AuditError> {
    AuditLog::open(folder, &AuditSettings::default())
}

/// A log with these outcomes.
fn log_of(folder: &Path, outcomes: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
    let log = open(folder)?;
    for outcome in outcomes {
        log.append(&decision(outcome))?;
    }
    Ok(())
}

fn verified(folder: &Path) -> Result<Verified, AuditError> {
    let key = AuditKey::load(&folder.join(KEY_FILE))?;
    let full = full_files(folder).expect("a folder").into_iter().map(|file| file.path);
    verify(&full.chain([folder.join(LOG_FILE)]).collect::<Vec<_>>(), &key)
}

fn change(path: &Path, change: impl FnOnce(String) -> String) -> TestResult {
    let text = fs::read_to_string(path)?;
    let changed = change(text.clone());
    assert_ne!(text, changed, "nothing was changed");
    Ok(fs::write(path, changed)?)
}

fn first_lines(text: &str, count: usize) -> String {
    text.lines().take(count).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_chain_continues_after_reopening_and_after_a_torn_line() -> TestResult {
    let folder = tempfile::tempdir()?;
    log_of(folder.path(), &["first"])?;
    OpenOptions::new().append(true).open(folder.path().join(LOG_FILE))?.write_all(b"{\"sequence\":2,")?;
    let seal = open(folder.path())?.append(&decision("second"))?;
    let verified = verified(folder.path())?;
    assert_eq!((verified.lines, verified.first, verified.last, verified.seal), (2, 1, 2, seal));
    assert!(verified.cuts.is_empty());
    Ok(())
}

#[test]
fn a_line_that_could_not_be_written_leaves_the_log_usable() -> TestResult {
    let folder = tempfile::tempdir()?;
    let log = open(folder.path())?;
    log.append(&decision("first"))?;
    // As a full disk leaves it: half a line was written, and cutting it off failed, too.
    log.tail().file.write_all(b"{\"sequence\":2,")?;
    let seal = log.append(&decision("second"))?;
    assert_eq!(verified(folder.path())?.seal, seal);
    Ok(())
}

#[test]
fn the_first_bad_line_is_named() -> TestResult {
    let folder = tempfile::tempdir()?;
    log_of(folder.path(), &["allowed", "role_not_permitted", "allowed", "allowed"])?;
    let path = folder.path().join(LOG_FILE);
    let whole = fs::read_to_string(&path)?;
    let without_second = |text: &str| -> String {
        text.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect()
    };
    let rows = [
        (whole.replace("role_not_permitted", "allowed"), 2, Fault::Seal),
        (whole.replacen("\"role_not_permitted\"", "\"role_not_permitted\",\"count\":null", 1), 2, Fault::Seal),
        (whole.replacen("{\"sequence\":2", "{\"note\":1,\"sequence\":2", 1), 2, Fault::Seal),
        (whole.replacen("\"sequence\":3", "\"sequence\": 3", 1), 3, Fault::Seal),
        (without_second(&whole), 2, Fault::Sequence { expected: 2, found: 3 }),
        (whole.replacen("{\"sequence\"", "{\"sequenze\"", 1), 1, Fault::NotALine),
        (format!("{}{whole}", first_lines(&whole, 1)), 2, Fault::Sequence { expected: 2, found: 1 }),
    ];
    for (changed, number, expected) in rows {
        fs::write(&path, changed)?;
        for error in [verified(folder.path()).err(), open(folder.path()).err()] {
            match error {
                Some(AuditError::Broken { line, fault, .. }) => assert_eq!((line, fault), (number, expected)),
                other => panic!("{expected:?}: {other:?}"),
            }
        }
    }
    Ok(())
}

#[test]
fn a_log_that_was_sealed_again_with_another_key_is_found() -> TestResult {
    let (folder, forger) = (tempfile::tempdir()?, tempfile::tempdir()?);
    log_of(folder.path(), &["denied"])?;
    log_of(forger.path(), &["allowed"])?;
    fs::copy(forger.path().join(LOG_FILE), folder.path().join(LOG_FILE))?;
    assert!(matches!(verified(folder.path()), Err(AuditError::Broken { line: 1, fault: Fault::Seal, .. })));
    // The control: with the key, anybody can write such a log.
    fs::copy(forger.path().join(KEY_FILE), folder.path().join(KEY_FILE))?;
    fs::copy(Anchor::path(forger.path()), Anchor::path(folder.path()))?;
    assert_eq!(verified(folder.path())?.lines, 1);
    Ok(())
}

#[test]
fn a_missing_end_is_found_and_told_of_in_the_log_itself() -> TestResult {
    let folder = tempfile::tempdir()?;
    log_of(folder.path(), &["allowed", "denied", "denied"])?;
    let path = folder.path().join(LOG_FILE);
    change(&path, |text| first_lines(&text, 1))?;
    assert!(matches!(verified(folder.path()), Err(AuditError::Cut { missing: 2, .. })));
    open(folder.path())?.append(&decision("allowed"))?;
    assert_eq!(verified(folder.path())?.cuts, [super::super::Cut { line: 2, missing: Some(2) }]);
    // The control: an anchor of the same moment hides it, which is why the last seal goes to the process log.
    let anchor = fs::read(Anchor::path(folder.path()))?;
    let whole = fs::read(&path)?;
    open(folder.path())?.append(&decision("denied"))?;
    fs::write(&path, whole)?;
    fs::write(Anchor::path(folder.path()), anchor)?;
    assert_eq!(verified(folder.path())?.lines, 3);
    Ok(())
}

#[test]
fn a_log_that_was_emptied_with_its_anchor_is_not_taken_for_a_new_one() -> TestResult {
    let folder = tempfile::tempdir()?;
    // A start without any decision leaves a log that is new still.
    open(folder.path())?;
    log_of(folder.path(), &["denied"])?;
    let ways: [fn(&Path) -> io::Result<()>; 2] = [|path| fs::remove_file(path), |path| fs::write(path, "")];
    for empty in ways {
        empty(&folder.path().join(LOG_FILE))?;
        empty(&Anchor::path(folder.path()))?;
        let error = open(folder.path()).expect_err("an emptied log");
        assert!(matches!(error, AuditError::Emptied { .. }), "{error}");
    }
    // The control: with a key of before, which says nothing of what it has sealed, it looks new.
    let key = folder.path().join(KEY_FILE);
    change(&key, |text| first_lines(&text, 1))?;
    log_of(folder.path(), &["allowed"])?;
    assert_eq!(verified(folder.path())?.lines, 1);
    // As the message says: without the key, a new log begins.
    fs::remove_file(&key)?;
    fs::remove_file(folder.path().join(LOG_FILE))?;
    fs::remove_file(Anchor::path(folder.path()))?;
    log_of(folder.path(), &["allowed"])
}

#[test]
fn a_log_without_its_end_is_not_verified_under_another_name() -> TestResult {
    let folder = tempfile::tempdir()?;
    log_of(folder.path(), &["allowed", "denied"])?;
    let (path, other) = (folder.path().join(LOG_FILE), folder.path().join("audit-of-may.jsonl"));
    fs::rename(&path, &other)?;
    change(&other, |text| first_lines(&text, 1))?;
    let key = AuditKey::load(&folder.path().join(KEY_FILE))?;
    let error = verify(std::slice::from_ref(&other), &key).expect_err("another name");
    assert!(matches!(&error, AuditError::Name { expected, .. } if expected == LOG_FILE), "{error}");
    // Under the name of a full file it is known that nothing says whether its end is missing.
    let full = folder.path().join(full_name(1));
    fs::rename(&other, &full)?;
    let found = verify(std::slice::from_ref(&full), &key)?;
    assert!(!found.is_anchored && !found.is_complete());
    // The control: under its own name, the end is missed.
    fs::rename(&full, &path)?;
    assert!(matches!(verified(folder.path()), Err(AuditError::Cut { missing: 1, .. })));
    Ok(())
}

#[test]
fn an_anchor_that_is_gone_or_forged_is_told_of() -> TestResult {
    let folder = tempfile::tempdir()?;
    log_of(folder.path(), &["denied"])?;
    change(&Anchor::path(folder.path()), |text| text.replacen("00000001", "00000000", 1))?;
    assert!(matches!(verified(folder.path()), Err(AuditError::AnchorForged(_))));
    log_of(folder.path(), &["allowed"])?;
    assert!(verified(folder.path())?.is_anchored);
    fs::remove_file(Anchor::path(folder.path()))?;
    assert!(!verified(folder.path())?.is_anchored);
    log_of(folder.path(), &["allowed"])?;
    let cuts = verified(folder.path())?.cuts;
    assert_eq!(cuts.iter().map(|cut| (cut.line, cut.missing)).collect::<Vec<_>>(), [(2, None), (4, None)]);
    fs::remove_file(folder.path().join(LOG_FILE))?;
    open(folder.path())?;
    assert_eq!(verified(folder.path())?.cuts, [super::super::Cut { line: 1, missing: Some(5) }]);
    Ok(())
}

#[test]
fn the_key_is_for_the_gateway_alone() -> TestResult {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir()?;
    log_of(folder.path(), &["allowed"])?;
    let key = folder.path().join(KEY_FILE);
    for file in [&key, &folder.path().join(LOG_FILE), &Anchor::path(folder.path())] {
        assert_eq!(fs::metadata(file)?.permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640))?;
    let exposed = open(folder.path()).expect_err("a key that others can read").to_string();
    assert!(exposed.contains("chmod 600"), "{exposed}");
    fs::remove_file(&key)?;
    assert!(matches!(open(folder.path()), Err(AuditError::KeyMissing { .. })));
    Ok(())
}

/// A log whose files hold a few lines each.
fn narrow(disk_bytes: u64, keep_days: u32) -> AuditSettings {
    AuditSettings { file_bytes: 1_000, disk_bytes, keep_days, ..AuditSettings::default() }
}

#[test]
fn full_files_are_put_away_and_the_oldest_makes_room() -> TestResult {
    let folder = tempfile::tempdir()?;
    for _ in 0..4 {
        let log = AuditLog::open(folder.path(), &narrow(8_000, 0))?;
        for _ in 0..20 {
            log.append(&decision("allowed"))?;
        }
    }
    let verified = verified(folder.path())?;
    assert!(verified.first > 1 && verified.last > 80, "{verified:?}");
    assert!(verified.is_complete() && verified.retired_to + 1 == verified.first, "{verified:?}");
    let on_disk: u64 = full_files(folder.path())?.iter().map(|file| file.bytes).sum();
    assert!(on_disk + fs::metadata(folder.path().join(LOG_FILE))?.len() <= 8_000);
    let text = fs::read_to_string(&full_files(folder.path())?.last().ok_or("a full file")?.path)?;
    assert!(text.contains(RETIRED) && text.contains("audit-0000"), "{text}");
    // So is the oldest file, when it is not the gateway that deleted it.
    let without_oldest = full_files(folder.path())?.into_iter().skip(1).map(|file| file.path);
    let files: Vec<_> = without_oldest.chain([folder.path().join(LOG_FILE)]).collect();
    let verified = verify(&files, &AuditKey::load(&folder.path().join(KEY_FILE))?)?;
    assert!(verified.lacks_beginning() && !verified.is_complete(), "{verified:?}");
    // So is one whose first lines were taken out, although what is left follows.
    let first = full_files(folder.path())?.into_iter().next().ok_or("a full file")?;
    let whole = fs::read_to_string(&first.path)?;
    change(&first.path, |text| text.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_owned()))?;
    let beheaded = self::verified(folder.path());
    let expected = Fault::Sequence { expected: first.first, found: first.first + 1 };
    assert!(matches!(beheaded, Err(AuditError::Broken { line: 1, fault, .. }) if fault == expected), "{beheaded:?}");
    fs::write(&first.path, whole)?;
    // A file that is missing in the middle is found.
    let middle = full_files(folder.path())?.into_iter().nth(1).ok_or("a second file")?;
    fs::remove_file(middle.path)?;
    let missing = self::verified(folder.path());
    assert!(matches!(missing, Err(AuditError::Broken { line: 1, fault: Fault::Sequence { .. }, .. })), "{missing:?}");
    Ok(())
}

#[test]
fn lines_that_must_be_kept_are_kept_and_nothing_is_written_instead() -> TestResult {
    let folder = tempfile::tempdir()?;
    let log = AuditLog::open(folder.path(), &narrow(8_000, 1))?;
    let written = (0..100).take_while(|_| log.append(&decision("allowed")).is_ok()).count();
    assert!((10..40).contains(&written), "{written}");
    assert_eq!(verified(folder.path())?.first, 1);
    Ok(())
}

#[test]
fn a_deleted_file_has_its_line_also_when_the_next_step_failed() -> TestResult {
    let folder = tempfile::tempdir()?;
    let log = AuditLog::open(folder.path(), &narrow(8_000, 0))?;
    while full_files(folder.path())?.len() < 6 {
        log.append(&decision("allowed"))?;
    }
    let oldest = full_files(folder.path())?.remove(0).path;
    // A folder stands where the next file is made, until the oldest has been deleted for it.
    fs::create_dir(folder.path().join(NEXT_FILE))?;
    while log.append(&decision("allowed")).is_ok() {}
    assert!(!oldest.exists());
    fs::remove_dir(folder.path().join(NEXT_FILE))?;
    // As a crash between the two renamings leaves it.
    let full = folder.path().join(full_name(log.tail().first));
    fs::rename(folder.path().join(LOG_FILE), full)?;
    log.append(&decision("allowed"))?;
    let name = oldest.file_name().and_then(|name| name.to_str()).ok_or("a name")?;
    let text = fs::read_to_string(folder.path().join(LOG_FILE))?;
    assert!(text.contains(RETIRED) && text.contains(name), "{text}");
    assert!(verified(folder.path())?.is_anchored);
    Ok(())
}

#[test]
fn what_is_too_old_is_deleted_and_what_is_left_is_verified_still() -> TestResult {
    let folder = tempfile::tempdir()?;
    let settings = AuditSettings { delete_after_days: Some(30), ..AuditSettings::default() };
    let at = |day: u32| Decision { time: format!("2026-03-{day:02}T12:00:00Z"), ..decision("allowed") };
    let log = AuditLog::open(folder.path(), &settings)?;
    for day in [1, 1, 2, 2, 3] {
        log.append(&at(day))?;
    }
    // Each day has a file, which ends with it, also when nobody calls.
    log.tend("2026-03-04T00:00:00Z")?;
    let full = full_files(folder.path())?;
    assert_eq!(full.iter().map(|file| file.first).collect::<Vec<_>>(), [1, 3, 5]);
    let age = |path: &Path, days: u64| -> TestResult {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 24 * 3_600 + 60);
        Ok(File::open(path)?.set_modified(then)?)
    };
    age(&full[0].path, 31)?;
    age(&full[1].path, 29)?;
    log.tend("2026-03-04T00:01:00Z")?;
    assert!(!full[0].path.exists() && full[1].path.exists());
    let found = verified(folder.path())?;
    assert_eq!((found.first, found.retired_to, found.is_complete()), (3, 2, true));
    // The heads of the days are kept, of the deleted one as well.
    let days: Vec<String> = log.reader().heads()?.into_iter().map(|head| head.day).collect();
    assert_eq!(days, ["2026-03-01", "2026-03-02", "2026-03-03"]);
    // The control: a log without this setting keeps them.
    drop(log);
    age(&full[1].path, 9_999)?;
    open(folder.path())?.tend("2026-03-05T00:00:00Z")?;
    assert!(full[1].path.exists());
    Ok(())
}
