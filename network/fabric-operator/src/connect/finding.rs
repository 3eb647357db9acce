//! What a check of a network finds: one finding for each step, each with what to do about it.

use std::fmt;

use serde::Serialize;

/// The longest text of a finding, in letters.
const FOUND_LETTERS_MAX: usize = 2_000;

/// The steps of a check, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The administrator's certificate and key.
    Identity,
    /// A connection to the peer.
    Reachable,
    /// The peer's certificate: its authority and its name.
    Tls,
    /// The channel knows the organization, and the organization the identity.
    Membership,
    /// What the channel lets the identity do.
    Acl,
    /// The peer's version of Fabric.
    Version,
    /// The channel's capabilities and consensus.
    Capabilities,
    /// What the channel's organizations must be for the chaincode's policies.
    Organizations,
    /// What is installed, approved and committed, and whether the chaincode answers.
    Lifecycle,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Reachable => "reachable",
            Self::Tls => "tls",
            Self::Membership => "membership",
            Self::Acl => "acl",
            Self::Version => "version",
            Self::Capabilities => "capabilities",
            Self::Organizations => "organizations",
            Self::Lifecycle => "lifecycle",
        })
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Held,
    /// Nothing is wrong, and something is left to do or to know.
    Open,
    /// In the way of the chaincode.
    Failed,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The step.
    pub step: Step,
    /// How it ended.
    pub verdict: Verdict,
    /// Which organization, peer or channel it is about.
    pub about: String,
    /// What was found.
    pub found: String,
    /// What to do; always there unless the step held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// All findings, in the order in which they were made.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The worst of all verdicts; [`Verdict::Held`] without findings.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Held)
    }

    /// The findings of a step.
    pub fn of(&self, step: Step) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.step == step)
    }

    /// Puts down that a step held.
    pub(super) fn held(&mut self, step: Step, about: impl fmt::Display, found: impl Into<String>) {
        self.put(step, Verdict::Held, about, found.into(), None);
    }

    /// Puts down what is left to do or to know.
    pub(super) fn open(&mut self, step: Step, about: impl fmt::Display, found: impl Into<String>, advice: &str) {
        self.put(step, Verdict::Open, about, found.into(), Some(advice.to_owned()));
    }

    /// Puts down what is in the way.
    pub(super) fn failed(&mut self, step: Step, about: impl fmt::Display, found: impl Into<String>, advice: &str) {
        self.put(step, Verdict::Failed, about, found.into(), Some(advice.to_owned()));
    }

    fn put(&mut self, step: Step, verdict: Verdict, about: impl fmt::Display, found: String, advice: Option<String>) {
        let (about, found) = (printable(&about.to_string()), printable(&found));
        self.findings.push(Finding { step, verdict, about, found, advice });
    }
}

/// A text of others in one line, without letters that steer a terminal, and cut where it is long.
pub(super) fn printable(text: &str) -> String {
    let plain = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(FOUND_LETTERS_MAX).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_as_bad_as_its_worst_finding_and_steers_no_terminal() {
        let mut report = Report::default();
        assert_eq!(report.verdict(), Verdict::Held);
        report.held(Step::Tls, "peer", "a\nb\u{1b}[2Jc");
        report.open(Step::Acl, "x\u{7}", "z".repeat(FOUND_LETTERS_MAX * 2), "wait");
        assert_eq!(report.verdict(), Verdict::Open);
        report.failed(Step::Version, "peer", "old", "renew");
        assert_eq!(report.verdict(), Verdict::Failed);
        assert_eq!(report.findings[0].found, "a b [2Jc");
        assert_eq!((report.findings[1].about.as_str(), report.findings[1].found.len()), ("x", FOUND_LETTERS_MAX));
        assert_eq!(report.of(Step::Version).count(), 1);
    }
}
