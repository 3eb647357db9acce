//! Findings as people and programs read them.

use anyhow::Result;
use fabric_operator::connect::{Report, Verdict};
use serde_json::json;

use crate::output::{print_json, say};

/// Prints a report: a line for each finding, and below those that did not hold what to do.
pub(super) fn report(report: &Report, as_json: bool) -> Result<()> {
    if as_json {
        return print_json(&json!({ "verdict": report.verdict(), "findings": report.findings }));
    }
    for finding in &report.findings {
        let mark = match finding.verdict {
            Verdict::Held => '✓',
            Verdict::Open => '·',
            Verdict::Failed => '✗',
        };
        say!("{mark} {:<13} {}: {}", finding.step.to_string(), finding.about, finding.found)?;
        if let Some(advice) = &finding.advice {
            say!("{:16}→ {advice}", "")?;
        }
    }
    let count = |verdict| report.findings.iter().filter(|finding| finding.verdict == verdict).count();
    match (count(Verdict::Failed), count(Verdict::Open)) {
        (0, 0) => say!("Nothing is in the way."),
        (0, open) => say!("Nothing is in the way; left to do or to know: {open}."),
        (failed, _) => say!("In the way: {failed}."),
    }
}
