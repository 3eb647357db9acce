//! What people are told of an import.

use std::path::Path;

use trade_gateway::imports::{ImportView, PreviewAnswer, PreviewedRow, RowView};

/// How many of the rows that have failed are shown.
pub(super) const ROWS_SHOWN: usize = 10;

/// How an import is, the first rows that have failed, and where all of them stand.
pub(super) fn of_import(view: &ImportView, failed: &[RowView], report: Option<&Path>) -> String {
    let ImportView { id, rows, accepted, failed: failures, waiting, .. } = view;
    let dry = if view.dry_run { "dry run, nothing was written: " } else { "" };
    let mut lines =
        vec![format!("{dry}{rows} rows, {accepted} accepted, {failures} failed, {waiting} waiting; import {id}")];
    if let Some(code) = &view.stopped {
        lines.push(format!(
            "It was stopped ({code}): the same file goes on when a person sends it who may send its rows."
        ));
    }
    lines.extend(failed.iter().map(|row| {
        let faults = row.faults.iter().map(|one| fault(one.column.as_deref(), &one.detail, &one.code));
        format!("  line {}: {}", row.line, faults.collect::<Vec<_>>().join("; "))
    }));
    let more = failures.saturating_sub(failed.len() as u64);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines.extend(
        report.filter(|_| *failures > 0).map(|path| format!("The rows that have failed, and why: {}", path.display())),
    );
    lines.iter().map(|line| harmless(line)).collect::<Vec<_>>().join("\n")
}

/// The request of each row, or why it has none.
pub(super) fn of_preview(answer: &PreviewAnswer) -> String {
    let row = |row: &PreviewedRow| {
        let faults = row.faults.iter().map(|one| fault(one.column.as_deref(), &one.detail, &one.code));
        let told = match (&row.path, &row.body) {
            (Some(path), Some(body)) => format!("POST {path} {body}"),
            _ => faults.collect::<Vec<_>>().join("; "),
        };
        harmless(&format!("line {}: {told}", row.line))
    };
    answer.rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

fn fault(column: Option<&str>, detail: &str, code: &str) -> String {
    let column = column.map(|column| format!("{column}: ")).unwrap_or_default();
    format!("{column}{detail} ({code})")
}

/// A line that does to a terminal nothing but appear on it: names of columns are those of the file.
fn harmless(line: &str) -> String {
    line.chars().map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use anyhow::Result;
    use serde_json::{Value, json};

    use super::*;

    /// An import that runs, as the gateway tells it.
    pub(in super::super) fn view() -> ImportView {
        let told = json!({
            "id": "5f0c", "operation": "issueSerials", "mapping": "ranges", "mapping_version": 2, "format": "csv",
            "file_sha256": "e3b0", "dry_run": false, "state": "running", "rows": 30, "accepted": 10, "failed": 3,
            "waiting": 17, "created_at": "2026-11-02T09:30:00Z", "updated_at": "2026-11-02T09:30:01Z",
        });
        serde_json::from_value(told).expect("the view of an import")
    }

    fn failed(faults: Value) -> Result<RowView> {
        Ok(serde_json::from_value(json!({"number": 5, "line": 7, "state": "failed", "faults": faults}))?)
    }

    #[test]
    fn people_read_how_many_rows_there_are_of_each_kind_and_why_some_have_failed() -> Result<()> {
        let row = failed(json!([
            {"code": "import.check_digit", "column": "GT\u{1b}[2JIN", "detail": "It is wrong."},
            {"code": "import.cells_count", "detail": "Too many."},
        ]))?;
        let done = ImportView { dry_run: true, stopped: Some("certificate_revoked".to_owned()), ..view() };
        let told = of_import(&done, &[row], Some(Path::new("failed.csv")));
        let expected = [
            "dry run, nothing was written: 30 rows, 10 accepted, 3 failed, 17 waiting; import 5f0c",
            "It was stopped (certificate_revoked): the same file goes on when a person sends it who may send its rows.",
            "  line 7: GT\u{fffd}[2JIN: It is wrong. (import.check_digit); Too many. (import.cells_count)",
            "  and 2 more",
            "The rows that have failed, and why: failed.csv",
        ];
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
        assert_eq!(of_import(&ImportView { failed: 0, ..view() }, &[], None).lines().count(), 1);
        Ok(())
    }

    #[test]
    fn a_preview_shows_requests_and_what_keeps_rows_from_being_one() -> Result<()> {
        let answer = json!({"version": 1, "columns": ["a"], "rows": [
            {"line": 2, "path": "/v1/evidence", "body": {"kind": "document"}, "faults": []},
            {"line": 3, "faults": [{"code": "import.cell_missing", "column": "a", "detail": "The cell is empty."}]},
        ]});
        let told = of_preview(&serde_json::from_value(answer)?);
        let expected = "line 2: POST /v1/evidence {\"kind\":\"document\"}\n\
                        line 3: a: The cell is empty. (import.cell_missing)";
        assert_eq!(told, expected);
        Ok(())
    }
}
