//! The chaincode onto a channel of others, as far as the keys at hand reach: install and approve for each
//! organization at hand, and commit when enough have approved.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use fabric_client::ClientError;
use fabric_protos::lifecycle::QueryChaincodeDefinitionResult;

use super::{
    check::Checked,
    consent::suffices,
    description::Description,
    finding::{Report, Step},
    member::Member,
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

/// Installs, approves and commits what is missing, and adds to the report of the check what was done.
///
/// # Errors
/// No organization at hand can act, one has no package, or a step is refused.
pub async fn deploy(checked: &mut Checked, description: &Description, packages: &Packages) -> Result<Deployed> {
    let Checked { report, config, members } = checked;
    let config = config.as_ref().context("the channel's configuration is not known")?;
    let first = members.first().context("no organization at hand can act on the channel")?;
    let terms = terms(description, config)?;
    // What the check found of it is about to change.
    report.findings.retain(|finding| finding.step != Step::Lifecycle);
    let committed = first.administrator.committed(&terms.name).await?;
    let definition = Definition::after(&terms, committed.as_ref())?;
    let before = committed.filter(|committed| definition.is(committed));

    let endorses = |member: &&Member| terms.endorsing.iter().any(|msp_id| msp_id == member.administrator.msp_id());
    for member in members.iter().filter(endorses) {
        install_and_approve(member, &definition, packages, report).await?;
    }
    let is_new = before.is_none();
    let approvals = match before {
        Some(before) => known_approvals(before, members),
        None => first.administrator.approvals(&definition).await?,
    };
    let approving: BTreeSet<&str> =
        approvals.iter().filter(|(_, approval)| approval.approved).map(|(msp_id, _)| msp_id.as_str()).collect();
    let waits_for: Vec<String> =
        terms.endorsing.iter().filter(|msp_id| !approving.contains(msp_id.as_str())).cloned().collect();
    let mut committed = !is_new;
    if is_new && suffices(config, &approving) {
        let endorsers: Vec<&str> = approving.iter().copied().collect();
        first.administrator.commit(&definition, &endorsers).await?;
        committed = true;
        let found =
            format!("{} {} is committed (sequence {})", definition.name, definition.version, definition.sequence);
        report.held(Step::Lifecycle, config.channel_id(), found);
    }
    let told = waits_for.iter().map(|msp_id| told(msp_id, approvals.get(msp_id).unwrap_or(&Approval::default())));
    tell_waiting(&told.collect::<Vec<_>>(), committed, config.channel_id(), report);
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
    administrator.install_everywhere(package).await?;
    if administrator.approved_package(definition).await?.as_ref() != Some(&package.id) {
        administrator.approve(definition, &package.id).await?;
    }
    let found = format!("{} is installed and approved (sequence {})", package.id, definition.sequence);
    report.held(Step::Lifecycle, administrator.msp_id(), found);
    Ok(())
}

/// Who has approved the definition that is committed: those it names, and those who have just done so.
fn known_approvals(before: QueryChaincodeDefinitionResult, members: &[Member]) -> BTreeMap<String, Approval> {
    let own = members.iter().map(|member| (member.administrator.msp_id().to_owned(), true));
    let approval = |(msp_id, approved)| (msp_id, Approval { approved, ..Approval::default() });
    before.approvals.into_iter().chain(own).map(approval).collect()
}

fn tell_waiting(waits_for: &[String], committed: bool, channel: &str, report: &mut Report) {
    if waits_for.is_empty() {
        return;
    }
    let names = waits_for.join(", ");
    let (found, advice) = match committed {
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
    let Some(first) = members.first().filter(|_| all_answer) else { return };
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
