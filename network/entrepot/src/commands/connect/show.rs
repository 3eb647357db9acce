//! Findings and what was done, as people and programs read them.

use std::path::PathBuf;

use anyhow::Result;
use fabric_operator::connect::{Deployed, Handover, Report, Verdict};
use serde_json::{Value, json};

use super::options::Options;
use crate::output::{print_json, say};

/// What came of a run besides findings.
#[derive(Default)]
pub(super) struct Outcome<'a> {
    pub(super) deployed: Option<&'a Deployed>,
    pub(super) handovers: Vec<Handover>,
    pub(super) settings: Option<PathBuf>,
}

/// Prints all of it.
pub(super) fn outcome(report: &Report, outcome: &Outcome<'_>, options: &Options) -> Result<()> {
    if options.json {
        return print_json(&as_json(report, outcome));
    }
    show_report(report)?;
    for Handover { msp_id, commands } in &outcome.handovers {
        let folder = options.output.display();
        say!(
            "\nThe administrator of {msp_id} runs, in a copy of the folder {folder}, with the variables of `peer` set for a"
        )?;
        say!(
            "peer of {msp_id} (CORE_PEER_LOCALMSPID, CORE_PEER_ADDRESS, CORE_PEER_MSPCONFIGPATH, CORE_PEER_TLS_ENABLED,"
        )?;
        say!("CORE_PEER_TLS_ROOTCERT_FILE), the first command for each of its peers:")?;
        for command in commands {
            say!("  {command}")?;
        }
    }
    if let Some(settings) = &outcome.settings {
        say!("\nStart the gateway: entrepot gateway --settings {}", settings.display())?;
    }
    Ok(())
}

fn as_json(report: &Report, outcome: &Outcome<'_>) -> Value {
    let handovers = outcome.handovers.iter();
    json!({
        "verdict": report.verdict(),
        "findings": report.findings,
        "committed": outcome.deployed.map(|deployed| deployed.committed),
        "waits_for": outcome.deployed.map(|deployed| &deployed.waits_for),
        "others_run": handovers.map(|one| json!({ "msp_id": one.msp_id, "commands": one.commands })).collect::<Vec<_>>(),
        "gateway_settings": outcome.settings,
    })
}

/// A line for each finding, and below those that did not hold what to do.
fn show_report(report: &Report) -> Result<()> {
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
