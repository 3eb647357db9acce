//! How far the chaincode is on the channel: installed, approved, committed, answering.

use super::{
    finding::{Report, Step},
    member::{Member, endorsing},
};
use crate::{
    lifecycle::{Administrator, Approval, Definition},
    terms::Terms,
};

/// The question that every chaincode of this program answers.
pub(super) const METADATA: &str = "org.hyperledger.fabric:GetMetadata";
/// What helps when nothing is wrong and nothing was deployed.
const DEPLOY: &str = "`entrepot package` makes a package; with `--deploy --package FILE` this command installs and approves it for \
                      the organizations at hand, and says what the others run.";

/// Puts down how far the chaincode is, as the first organization at hand that endorses sees it.
pub(super) async fn check(terms: &Terms, members: &[Member], report: &mut Report) {
    for member in members {
        installed(&member.administrator, report).await;
    }
    let Some(first) = endorsing(members, terms).chain(members).next() else { return };
    let channel = first.administrator.channel().to_owned();
    let committed = match first.administrator.committed(&terms.name).await {
        Ok(committed) => committed,
        Err(error) => {
            let advice = "The lifecycle's ACLs (`_lifecycle/QueryChaincodeDefinition`: /Channel/Application/Writers unless \
                          the channel says otherwise) must let the administrator ask.";
            report.failed(Step::Lifecycle, channel, format!("{error:#}"), advice);
            return;
        }
    };
    let wanted = match Definition::after(terms, committed.as_ref()) {
        Ok(wanted) => wanted,
        Err(error) => {
            let advice = "The MSP id must be one that Fabric's policies can name.";
            report.failed(Step::Lifecycle, channel, format!("no definition can be made: {error:#}"), advice);
            return;
        }
    };
    match committed {
        Some(committed) if wanted.is(&committed) => {
            let found = format!("{} {} is committed (sequence {})", wanted.name, wanted.version, wanted.sequence);
            report.held(Step::Lifecycle, channel, found);
            for member in members {
                answers(member, terms, report).await;
            }
        }
        committed => not_committed(&first.administrator, &wanted, committed.is_some(), report).await,
    }
}

async fn installed(administrator: &Administrator, report: &mut Report) {
    let about = administrator.msp_id();
    match administrator.installed().await {
        Ok(peers) => {
            let all: std::collections::BTreeSet<String> = peers.into_iter().flatten().collect();
            let ids: Vec<&str> = all.iter().map(String::as_str).collect();
            let ids = if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") };
            report.held(Step::Lifecycle, about, format!("installed on its peers: {ids}"));
        }
        Err(error) => {
            let advice = "Only an administrator of the peer's own organization is told.";
            report.failed(Step::Lifecycle, about, format!("{error:#}"), advice);
        }
    }
}

async fn not_committed(administrator: &Administrator, wanted: &Definition, is_update: bool, report: &mut Report) {
    let channel = administrator.channel();
    let state = match is_update {
        true => format!(
            "another definition of {} is committed; this one would be sequence {}",
            wanted.name, wanted.sequence
        ),
        false => format!("{} is not committed", wanted.name),
    };
    match administrator.approvals(wanted).await {
        Ok(approvals) => {
            let named = |approved: bool| {
                let chosen = approvals.iter().filter(|(_, approval)| approval.approved == approved);
                let found: Vec<String> = chosen.map(|(msp_id, approval)| told(msp_id, approval)).collect();
                if found.is_empty() { "none".to_owned() } else { found.join(", ") }
            };
            let found = format!("{state}; approved by {}, not by {}", named(true), named(false));
            report.open(Step::Lifecycle, channel, found, DEPLOY);
        }
        Err(error) => {
            report.open(Step::Lifecycle, channel, format!("{state}; who approved it is not told: {error:#}"), DEPLOY);
        }
    }
}

/// An organization, and in what the definition differs that it has approved instead.
pub(super) fn told(msp_id: &str, approval: &Approval) -> String {
    match approval.differs_in.as_slice() {
        [] => msp_id.to_owned(),
        differs => format!("{msp_id} (which approved another definition, with other: {})", differs.join("; ")),
    }
}

/// Puts down whether the organization's peer reaches its chaincode.
pub(super) async fn answers(member: &Member, terms: &Terms, report: &mut Report) -> bool {
    let msp_id = member.administrator.msp_id();
    let answered = match member.endorses(terms) {
        true => member.administrator.call_everywhere(&terms.name, METADATA).await.map_err(|error| error.to_string()),
        // Its peer has no package, and its gateway asks those of others.
        false => evaluated(member, terms).await,
    };
    match answered {
        Ok(()) => {
            report.held(Step::Lifecycle, msp_id, "the chaincode answers at its peer");
            true
        }
        Err(said) => {
            let found = format!("the chaincode does not answer at its peer: {said}");
            let advice = "Start `entrepot chaincode` with the CHAINCODE_ID of the package that this organization approved, \
                          where the package's address leads from the peer; a wrong id makes a peer wait for its \
                          startuptimeout without a word.";
            report.failed(Step::Lifecycle, msp_id, found, advice);
            false
        }
    }
}

async fn evaluated(member: &Member, terms: &Terms) -> Result<(), String> {
    let contract = member.asking.contract(member.administrator.channel(), &terms.name);
    let answer = contract.transaction(METADATA).evaluate().await;
    answer.map(drop).map_err(|error| {
        let said: Vec<&str> = error.details().iter().map(|detail| detail.message.as_str()).collect();
        format!("{error} {}", said.join("; "))
    })
}
