//! The chaincode onto a channel of others, as far as the keys at hand reach: install and approve for each
//! organization at hand, and commit when enough have approved.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use fabric_client::ClientError;
use fabric_protos::lifecycle::QueryChaincodeDefinitionResult;

use super::{
    check::Checked,
    consent::endorsers,
    description::Description,
    finding::{Report, Step},
    member::{Member, endorsing},
    readiness::{METADATA, answers, told},
    terms::terms,
};
use crate::{
    lifecycle::{Approval, Definition},
    package::Packages,
    terms::Terms,
};

/// How long it may take until peers of several organizations know one another; with Fabric's own settings of gossip
/// half a minute has been seen.
const GATHER_PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// How far a deployment has come.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// What it follows from.
    pub terms: Terms,
    /// The definition.
    pub definition: Definition,
    /// Whether it is committed.
    pub committed: bool,
    /// The organizations that are to endorse and have not approved it.
    pub waits_for: Vec<String>,
}

/// Installs, approves and commits what is missing, and adds to the report of the check what was done, also when a later
/// step fails.
///
/// # Errors
/// No organization at hand endorses, one has no package, or a step is refused.
pub async fn deploy(checked: &mut Checked, description: &Description, packages: &Packages) -> Result<Deployed> {
    let Checked { report, config, members } = checked;
    let config = config.as_ref().context("the channel's configuration is not known")?;
    let terms = terms(description, config)?;
    let first = endorsing(members, &terms).next().context("no organization at hand endorses on the channel")?;
    let committed = first.administrator.committed(&terms.name).await?;
    let definition = Definition::after(&terms, committed.as_ref())?;
    let before = committed.filter(|committed| definition.is(committed));

    // What the check found of it is about to change.
    report.findings.retain(|finding| finding.step != Step::Lifecycle);
    for member in endorsing(members, &terms) {
        install_and_approve(member, &definition, packages, report).await?;
    }
    let is_new = before.is_none();
    let at_hand: Vec<&str> = endorsing(members, &terms).map(|member| member.described.msp_id.as_str()).collect();
    let approvals = match before {
        Some(before) => known_approvals(before, &at_hand),
        None => first.administrator.approvals(&definition).await?,
    };
    let mut approving: Vec<&str> =
        approvals.iter().filter(|(_, approval)| approval.approved).map(|(msp_id, _)| msp_id.as_str()).collect();
    // A peer of an organization at hand was just called; nobody knows whether those of others can be.
    approving.sort_by_key(|msp_id| !at_hand.contains(msp_id));
    let waits_for: Vec<String> =
        terms.endorsing.iter().filter(|msp_id| !approving.contains(&msp_id.as_str())).cloned().collect();
    let mut committed = !is_new;
    if is_new && let Some(endorsers) = endorsers(config, &approving) {
        commit(first, &definition, &endorsers, report).await?;
        committed = true;
    }
    let told: Vec<String> =
        waits_for.iter().map(|msp_id| told(msp_id, approvals.get(msp_id).unwrap_or(&Approval::default()))).collect();
    tell_waiting(&told, committed, config.channel_id(), report);
    if committed {
        usable(members, &terms, report).await;
    }
    Ok(Deployed { terms, definition, committed, waits_for })
}

async fn install_and_approve(
    member: &Member,
    definition: &Definition,
    packages: &Packages,
    report: &mut Report,
) -> Result<()> {
    let administrator = &member.administrator;
    let package = packages.of(administrator.msp_id())?;
    administrator.install_and_approve(Some(definition), package).await?;
    let found = format!("{} is installed and approved (sequence {})", package.id, definition.sequence);
    report.held(Step::Lifecycle, administrator.msp_id(), found);
    Ok(())
}

async fn commit(first: &Member, definition: &Definition, endorsers: &[&str], report: &mut Report) -> Result<()> {
    first.administrator.commit(definition, endorsers).await?;
    let Definition { name, version, sequence, .. } = definition;
    let found = format!("{name} {version} is committed (sequence {sequence}), endorsed by {}", endorsers.join(", "));
    report.held(Step::Lifecycle, first.administrator.channel(), found);
    Ok(())
}

/// Who has approved the definition that is committed: those it names, and those who have just done so.
fn known_approvals(before: QueryChaincodeDefinitionResult, at_hand: &[&str]) -> BTreeMap<String, Approval> {
    let own = at_hand.iter().map(|msp_id| ((*msp_id).to_owned(), true));
    let approval = |(msp_id, approved)| (msp_id, Approval { approved, ..Approval::default() });
    before.approvals.into_iter().chain(own).map(approval).collect()
}

fn tell_waiting(waits_for: &[String], committed: bool, channel: &str, report: &mut Report) {
    let names = waits_for.join(", ");
    let (found, advice) = match committed {
        true if waits_for.is_empty() => return,
        false if waits_for.is_empty() => (
            "all that endorse have approved, and the channel's policy for the lifecycle asks for more".to_owned(),
            "Further organizations of the channel approve the same definition (/Channel/Application/LifecycleEndorsement \
             says which count); then the same command here commits.",
        ),
        true => (
            format!("{names} cannot endorse before it has approved, too"),
            "Its administrator runs the commands below; nothing has to be committed again.",
        ),
        false => (
            format!("the definition waits for the approval of {names}"),
            "Their administrators run the commands below; then the same command here commits.",
        ),
    };
    report.open(Step::Lifecycle, channel, found, advice);
}

/// Whether the chaincode answers at each peer, and endorsements can be gathered.
async fn usable(members: &[Member], terms: &Terms, report: &mut Report) {
    let mut all_answer = true;
    for member in members {
        all_answer &= answers(member, terms, report).await;
    }
    let Some(first) = endorsing(members, terms).next().filter(|_| all_answer) else { return };
    match gathered(first, terms).await {
        Ok(()) => report.held(
            Step::Lifecycle,
            first.administrator.channel(),
            format!("endorsements of {} organizations are gathered", terms.endorsements),
        ),
        Err(error) => {
            let said: Vec<&str> = error.details().iter().map(|detail| detail.message.as_str()).collect();
            let found = format!("too few endorsements are gathered: {error} {}", said.join("; "));
            let advice = "Each organization that endorses serves its chaincode and has an anchor peer, and peers have met: \
                          with Fabric's own settings that takes up to half a minute after a start. Run this again.";
            report.open(Step::Lifecycle, first.administrator.channel(), found, advice);
        }
    }
}

async fn gathered(member: &Member, terms: &Terms) -> Result<(), ClientError> {
    let contract = member.asking.contract(member.administrator.channel(), &terms.name);
    let began = Instant::now();
    loop {
        match contract.transaction(METADATA).propose()?.endorse().await {
            Ok(_) => return Ok(()),
            Err(error) if began.elapsed() > GATHER_PATIENCE => return Err(error),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
