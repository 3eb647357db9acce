//! Pages of a log: who asks for what, and what is not what was written.

use std::{fs, io::Write};

use super::*;
use crate::{audit::AuditLog, settings::AuditSettings};

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// Fifty decisions, each a minute after the one before, in files of a few lines.
fn log(folder: &Path) -> Result<AuditLog, Box<dyn std::error::Error>> {
    let settings = AuditSettings { file_bytes: 2_000, disk_bytes: 1_000_000, ..AuditSettings::default() };
    let log = AuditLog::open(folder, &settings)?;
    for at in 0..50_u64 {
        log.append(&decision(at))?;
    }
    assert!(full_files(folder)?.len() > 5);
    Ok(log)
}

fn decision(at: u64) -> Decision {
    Decision {
        time: rfc3339(1_000_000 + at * 60),
        msp_id: Some(if at.is_multiple_of(2) { "AMSP" } else { "BMSP" }.to_owned()),
        subject: Some(format!("CN=person{},O=a", at % 3)),
        certificate_sha256: Some(format!("{:064x}", at % 3)),
        route: "/v1/items/{id}".to_owned(),
        resource: format!("item {at}"),
        status: if at.is_multiple_of(5) { 403 } else { 200 },
        outcome: if at.is_multiple_of(5) { "duty_missing" } else { "allowed" }.to_owned(),
        transaction_id: (at == 7).then(|| "7".repeat(64)),
        ..Decision::default()
    }
}

fn numbers(page: &AuditPage) -> Vec<u64> {
    page.lines.iter().map(|line| line.number).collect()
}

#[test]
fn pages_follow_one_another_through_all_files_and_lines_that_come_meanwhile_are_in_none() -> TestResult {
    let folder = tempfile::tempdir()?;
    let log = log(folder.path())?;
    let reader = log.reader();
    let (mut found, mut place) = (Vec::new(), None);
    loop {
        let page = reader.page(&Wanted::default(), place, 7)?;
        found.extend(numbers(&page));
        // The file that was being written may become a full one between two pages.
        log.append(&decision(99))?;
        let Some(next) = page.next else { break };
        place = Some(next.to_string().parse().map_err(|()| "a place")?);
    }
    assert_eq!(found, (1..=50).rev().collect::<Vec<_>>());
    Ok(())
}

#[test]
fn lines_are_found_by_each_thing_they_say() -> TestResult {
    let folder = tempfile::tempdir()?;
    let reader = log(folder.path())?.reader();
    let text = |text: &str| Some(text.to_owned());
    let at = |at: u64| Some(1_000_000 + at * 60);
    let rows: [(Wanted, Vec<u64>); 9] = [
        (Wanted { from: at(47), ..Wanted::default() }, vec![50, 49, 48]),
        (Wanted { to: at(1), ..Wanted::default() }, vec![2, 1]),
        (Wanted { from: at(20), to: at(22), ..Wanted::default() }, vec![23, 22, 21]),
        (Wanted { msp_id: text("BMSP"), from: at(46), ..Wanted::default() }, vec![50, 48]),
        (Wanted { subject: text("person2"), from: at(44), ..Wanted::default() }, vec![48, 45]),
        (Wanted { certificate_sha256: Some(format!("{:064x}", 0)), to: at(6), ..Wanted::default() }, vec![7, 4, 1]),
        (Wanted { status: Some(403), outcome: text("duty_missing"), to: at(10), ..Wanted::default() }, vec![11, 6, 1]),
        (Wanted { transaction_id: Some("7".repeat(64)), ..Wanted::default() }, vec![8]),
        (Wanted { resource: text("item 9"), route: text("/v1/items/{id}"), ..Wanted::default() }, vec![10]),
    ];
    for (wanted, expected) in rows {
        assert_eq!(numbers(&reader.page(&wanted, None, 100)?), expected, "{wanted:?}");
    }
    assert!(reader.page(&Wanted { msp_id: text("CMSP"), ..Wanted::default() }, None, 100)?.lines.is_empty());
    Ok(())
}

#[test]
fn a_torn_line_is_passed_over_and_a_changed_one_is_named() -> TestResult {
    let folder = tempfile::tempdir()?;
    let reader = log(folder.path())?.reader();
    let path = folder.path().join(LOG_FILE);
    fs::OpenOptions::new().append(true).open(&path)?.write_all(b"{\"sequence\":51,")?;
    assert_eq!(numbers(&reader.page(&Wanted::default(), None, 2)?), [50, 49]);
    let full = full_files(folder.path())?;
    let changed = &full[full.len() - 2].path;
    let whole = fs::read_to_string(changed)?;
    for (other, fault) in [
        (whole.replacen("AMSP", "CMSP", 1), Fault::Seal),
        (whole.split_once('\n').ok_or("lines")?.1.to_owned(), Fault::Sequence { expected: 0, found: 0 }),
        (whole.lines().take(1).map(|line| format!("{line}\n")).collect(), Fault::Sequence { expected: 0, found: 0 }),
    ] {
        fs::write(changed, other)?;
        match reader.page(&Wanted::default(), None, 100) {
            Err(AuditError::Unfit { path, fault: found, .. }) => {
                assert_eq!((&path, std::mem::discriminant(&found)), (changed, std::mem::discriminant(&fault)));
            }
            other => panic!("{fault:?}: {other:?}"),
        }
        // What stands behind it is shown.
        assert_eq!(numbers(&reader.page(&Wanted::default(), None, 2)?), [50, 49]);
    }
    Ok(())
}

#[test]
fn a_page_reads_a_bounded_part_of_the_log_and_says_where_to_go_on() -> TestResult {
    let folder = tempfile::tempdir()?;
    let log = AuditLog::open(folder.path(), &AuditSettings::default())?;
    let resource = "x".repeat(60_000);
    let count = PAGE_BYTES_MAX / 60_000 + 20;
    for _ in 0..count {
        log.append(&Decision { resource: resource.clone(), ..decision(0) })?;
    }
    let (mut found, mut place, mut pages) = (0, None, 0);
    let first = Wanted { outcome: Some("duty_missing".to_owned()), ..Wanted::default() };
    loop {
        let page = log.reader().page(&first, place, 1_000)?;
        (found, pages, place) = (found + page.lines.len() as u64, pages + 1, page.next);
        if place.is_none() {
            break;
        }
    }
    assert_eq!((found, pages), (count, 2));
    Ok(())
}
