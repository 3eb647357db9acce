//! What the channel lets an organization's identities do: by its policies as they stand in the configuration, and by
//! asking.

use fabric_client::{Code, EndorserClient, Failure, Gateway};
use fabric_config::ChannelConfig;
use fabric_msp::{identity::Identity, msp::Role, signer::Signer};
use fabric_protos::common::{BlockchainInfo, Config};
use prost::Message;

use super::{
    finding::{Report, Step},
    member::Joined,
};
use crate::{
    ask::{Unanswered, ask},
    consortium,
};

/// The policies of Fabric that guard what no rule of the channel's own guards.
const WRITERS: &str = "/Channel/Application/Writers";

/// The channel's configuration as the organization's peer has it.
pub(super) async fn configuration(joined: &Joined<'_>, channel: &str, report: &mut Report) -> Option<ChannelConfig> {
    let msp_id = &joined.described.msp_id;
    let peer = EndorserClient::new(joined.peers[0].clone());
    let configuration = joined.as_admin().contract("", "cscc");
    let answer = match ask(&peer, &configuration, "GetChannelConfig", Some(channel.into())).await {
        Ok(answer) => answer,
        Err(Unanswered::Denied(said)) => {
            let advice = "The channel's policy for `cscc/GetChannelConfig` (/Channel/Application/Readers unless an ACL \
                          says otherwise) does not hold for this identity. An administrator of the channel changes it.";
            report.failed(Step::Acl, msp_id, format!("the configuration of {channel} may not be read: {said}"), advice);
            return None;
        }
        Err(error) => {
            let advice = "Look into the peer's log.";
            report.failed(Step::Acl, msp_id, format!("the peer does not tell the configuration: {error}"), advice);
            return None;
        }
    };
    let read = Config::decode(answer.as_slice()).map_err(|error| error.to_string());
    match read.and_then(|config| ChannelConfig::from_config(channel, config).map_err(|error| error.to_string())) {
        Ok(config) => Some(config),
        Err(error) => {
            let advice = "This program reads channels with capabilities up to V3_0 (channel), V2_0 (orderer) and V2_5 \
                          (application) that hash by SHA-256.";
            report.failed(Step::Capabilities, channel, format!("the configuration cannot be used: {error}"), advice);
            None
        }
    }
}

/// Puts down whether the identities belong to the channel and what it lets them do; true when nothing is in the way.
pub(super) async fn check(joined: &Joined<'_>, config: &ChannelConfig, report: &mut Report) -> bool {
    let msp_id = &joined.described.msp_id;
    if config.application_org(msp_id).is_none() {
        let others: Vec<&str> = config.application_orgs().map(|one| one.msp_id.as_str()).collect();
        let found = format!("{msp_id} is not on the channel; its organizations: {}", others.join(", "));
        let advice = "The channel's administrators add it by a configuration update (`configtxgen -printOrg`, `peer \
                      channel update`), or the MSP id is written wrongly.";
        report.failed(Step::Membership, config.channel_id(), found, advice);
        return false;
    }
    let Some(admin) = member(joined.admin.as_ref(), config, report) else { return false };
    if !is_admin(config, msp_id, &admin.1) {
        let found = format!("{} is {} and no administrator of {msp_id}", admin.0, role(admin.2));
        let advice = "Installing and approving take an administrator: a certificate with the unit OU=admin (NodeOUs), or \
                      one of the MSP's admincerts.";
        report.failed(Step::Membership, msp_id, found, advice);
        return false;
    }
    report.held(Step::Membership, msp_id, format!("{} is an administrator of {msp_id} on the channel", admin.0));
    let mut asking = admin.1;
    if let Some(user) = &joined.user {
        let Some(user) = member(user.as_ref(), config, report) else { return false };
        report.held(Step::Membership, msp_id, format!("{} is {} of {msp_id} on the channel", user.0, role(user.2)));
        asking = user.1;
    }
    let may = may_propose(joined, config, &asking, report);
    evaluates(&joined.as_user(), config.channel_id(), msp_id, report).await && may
}

/// The name, identity and role of a member, by the rules of its organization on the channel.
fn member(signer: &dyn Signer, config: &ChannelConfig, report: &mut Report) -> Option<(String, Identity, Role)> {
    let name = signer.certificate().subject().to_string();
    let known = config.msps().deserialize(signer.creator()).and_then(|identity| {
        let role = config.msps().validate(&identity)?;
        Ok((identity, role))
    });
    match known {
        Ok((identity, role)) => Some((name, identity, role)),
        Err(error) => {
            let found = format!("{name} is no valid member of {} on the channel: {error}", signer.msp_id());
            let advice = "The MSP in the channel's configuration decides, not the folder: it may hold other authorities, \
                          other units (NodeOUs) or a revocation list. Enroll anew, or update the MSP on the channel.";
            report.failed(Step::Membership, signer.msp_id(), found, advice);
            None
        }
    }
}

fn is_admin(config: &ChannelConfig, msp_id: &str, identity: &Identity) -> bool {
    config.msps().msp(msp_id).is_some_and(|msp| msp.is_admin(identity))
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Client => "a client",
        Role::Peer => "a peer",
        Role::Admin => "an administrator",
        Role::Orderer => "an orderer",
        Role::Member => "a member",
    }
}

/// Judges the two policies that decide over calls and over transactions.
fn may_propose(joined: &Joined<'_>, config: &ChannelConfig, identity: &Identity, report: &mut Report) -> bool {
    let msp_id = &joined.described.msp_id;
    let holds = |path: &str| config.policy(path).evaluate_identities(std::slice::from_ref(identity));
    let guard = config.acl("peer/Propose").unwrap_or(WRITERS);
    // Fabric lets an ACL leave out the path's beginning.
    let guard = if guard.starts_with('/') { guard.to_owned() } else { format!("/Channel/Application/{guard}") };
    if let Err(error) = holds(&guard) {
        let found = format!("it may not call chaincode: `peer/Propose` is guarded by {guard}: {error}");
        let advice = "An administrator of the channel lets it by that policy, or by an ACL for `peer/Propose` that names \
                      /Channel/Application/Readers (for organizations that only read).";
        report.failed(Step::Acl, msp_id, found, advice);
        return false;
    }
    report.held(Step::Acl, msp_id, format!("it may call chaincode ({guard})"));
    if joined.described.role == consortium::Role::Regulator {
        return true;
    }
    match holds(WRITERS) {
        Ok(()) => {
            report.held(Step::Acl, msp_id, format!("it may send transactions ({WRITERS})"));
            true
        }
        Err(error) => {
            let found = format!("it may not send transactions ({WRITERS}): {error}");
            let advice = "Its Writers policy on the channel decides. An organization that is to read only is described \
                          with `role: regulator`.";
            report.failed(Step::Acl, msp_id, found, advice);
            false
        }
    }
}

/// Asks the peer's gateway service for the channel's height.
async fn evaluates(gateway: &Gateway, channel: &str, msp_id: &str, report: &mut Report) -> bool {
    let question = gateway.contract(channel, "qscc").transaction("GetChainInfo").argument(channel);
    let error = match question.evaluate().await {
        Ok(answer) => {
            let height = BlockchainInfo::decode(answer.as_slice()).unwrap_or_default().height;
            report.held(
                Step::Acl,
                msp_id,
                format!("the peer's gateway service answers: {channel} has {height} blocks"),
            );
            return true;
        }
        Err(error) => error,
    };
    let (step, advice) = match &error {
        error if error.code() == Some(Code::Unimplemented) => (
            Step::Version,
            "The peer has no gateway service: it is older than Fabric 2.4, or CORE_PEER_GATEWAY_ENABLED is false. It \
             takes Fabric 2.5 or 3.x.",
        ),
        error if error.failure() == Some(Failure::AccessDenied) => (
            Step::Acl,
            "The channel's policy for `qscc/GetChainInfo` (/Channel/Application/Readers unless an ACL says otherwise) \
             does not hold for this identity.",
        ),
        _ => (Step::Acl, "Look into the peer's log."),
    };
    report.failed(step, msp_id, format!("the peer's gateway service does not answer: {error}"), advice);
    false
}
