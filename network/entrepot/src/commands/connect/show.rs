//! Findings and what was done, as people and programs read them.

use std::path::PathBuf;

use anyhow::{Error, Result};
use fabric_operator::connect::{Deployed, Handover, Report, Verdict};
use serde_json::{Value, json};

use super::options::Options;
use crate::{
    causes::in_one_line,
    output::{Form, print_json, say},
};

/// What came of a run besides findings.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) deployed: Option<Deployed>,
    pub(super) handovers: Vec<Handover>,
    pub(super) settings: Option<Written>,
}

/// Where a gateway's settings lie.
pub(super) struct Written {
    pub(super) path: PathBuf,
    /// They were there before and are as they were.
    pub(super) kept: bool,
}

/// Prints all of it; `failed` is the step that was refused, which is told besides.
pub(super) fn outcome(
    report: &Report,
    outcome: &Outcome,
    failed: Option<&Error>,
    options: &Options,
    form: Form,
) -> Result<()> {
    if form == Form::Json {
        return print_json(&as_json(report, outcome, failed));
    }
    show_report(report, failed.is_some())?;
    for Handover { msp_id, commands, note } in &outcome.handovers {
        let folder = options.output.display();
        say!(
            "\nThe administrator of {msp_id} runs, in a copy of the folder {folder}, with the variables of `peer` set for a"
        )?;
        say!(
            "peer of {msp_id} (CORE_PEER_LOCALMSPID, CORE_PEER_ADDRESS, CORE_PEER_MSPCONFIGPATH, CORE_PEER_TLS_ENABLED,"
        )?;
        say!("CORE_PEER_TLS_ROOTCERT_FILE), the first command for each of its peers:")?;
        if let Some(note) = note {
            say!("{note}")?;
        }
        for command in commands {
            say!("  {command}")?;
        }
    }
    if let Some(Written { path, kept }) = &outcome.settings {
        if *kept {
            say!("\n{} is there already and stays as it is; move it away to have it written anew.", path.display())?;
        }
        say!("\nStart the gateway: entrepot gateway --settings {}", path.display())?;
    }
    Ok(())
}

fn as_json(report: &Report, outcome: &Outcome, failed: Option<&Error>) -> Value {
    let deployed = outcome.deployed.as_ref();
    let handovers = outcome.handovers.iter();
    let handovers = handovers.map(|one| json!({ "msp_id": one.msp_id, "commands": one.commands, "note": one.note }));
    json!({
        "verdict": if failed.is_some() { Verdict::Failed } else { report.verdict() },
        "error": failed.map(in_one_line),
        "findings": report.findings,
        "committed": deployed.map(|deployed| deployed.committed),
        "waits_for": deployed.map(|deployed| &deployed.waits_for),
        "others_run": handovers.collect::<Vec<_>>(),
        "gateway_settings": outcome.settings.as_ref().map(|written| &written.path),
        "gateway_settings_kept": outcome.settings.as_ref().map(|written| written.kept),
    })
}

/// A line for each finding, and below those that did not hold what to do.
fn show_report(report: &Report, failed: bool) -> Result<()> {
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
        (0, _) if failed => say!("A step was refused."),
        (0, 0) => say!("Nothing is in the way."),
        (0, open) => say!("Nothing is in the way; left to do or to know: {open}."),
        (failed, _) => say!("In the way: {failed}."),
    }
}
