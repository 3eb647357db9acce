//! The check of a network, step by step.

use fabric_config::ChannelConfig;

use super::{
    access, channel,
    description::Description,
    finding::{Finding, Report, Step, Verdict},
    member::{self, Member},
    readiness,
    terms::terms,
};

/// What a check has found, and what was opened for it.
pub struct Checked {
    /// The findings.
    pub report: Report,
    /// The channel's configuration, when a peer told it.
    pub config: Option<ChannelConfig>,
    /// The organizations at hand whose administrators can act on the channel.
    pub members: Vec<Member>,
}

/// Checks a network: each organization at hand, and then the channel, and what is deployed there.
pub async fn check(description: &Description) -> Checked {
    let mut report = Report::default();
    let mut config = None;
    let mut members = Vec::new();
    for described in &description.organizations {
        let Some(joined) = member::join(described, &description.channel, &mut report).await else { continue };
        let Some(own) = access::configuration(&joined, &description.channel, &mut report).await else { continue };
        if access::check(&joined, &own, &mut report).await {
            members.push(joined.into_member());
        }
        // Peers may be a block apart; the newest counts.
        if config.as_ref().is_none_or(|known: &ChannelConfig| known.sequence() < own.sequence()) {
            config = Some(own);
        }
    }
    if let Some(config) = &config {
        channel::check(description, config, &mut report);
        match terms(description, config) {
            Ok(terms) => {
                channel::check_endorsing(&terms, config, &mut report);
                readiness::check(&terms, &members, &mut report).await;
            }
            Err(error) => {
                let advice = "Correct `endorsing` and `endorsements` of the description.";
                report.failed(Step::Organizations, &description.channel, format!("{error:#}"), advice);
            }
        }
    }
    Checked { report, config, members }
}

impl Checked {
    /// Whether nothing was found that keeps the chaincode from being deployed: how far it is already is no such thing.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let failed = |finding: &Finding| finding.verdict == Verdict::Failed && finding.step != Step::Lifecycle;
        !self.members.is_empty() && !self.report.findings.iter().any(failed)
    }

    /// Whether nothing was found that is in the way of the chaincode.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.report.verdict() < Verdict::Failed
    }
}
