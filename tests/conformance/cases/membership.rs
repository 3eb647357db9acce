//! Changes of who takes part in a channel and who may do what. Each case has a channel of its own.

use fabric_config::{ApplicationOrganization, PolicySpec};
use fabric_cryptogen::{Authority, OrganizationFolder, OrganizationKind, UserRequest, issue_user};
use fabric_msp::{msp::config_from_directory, signer::SigningIdentity};

use super::tools::*;
use crate::{
    ask::{Refusal, commit_status},
    network::Site,
};

fn third(own: &Own) -> Result<ApplicationOrganization> {
    let folder = own.network().layout.peer_organization(&Site::domain(3)).join("msp");
    Ok(ApplicationOrganization::new(config_from_directory("Org3MSP", &folder)?))
}

fn denied(own: &Own, organization: usize) -> String {
    format!("access denied: channel [{}] creator org [Org{organization}MSP]", own.name)
}

/// What the orderer says of an identity that is no writer.
fn forbidden(refused: Result<(), Refusal>) -> Result<()> {
    let Err(refusal) = refused else { bail!("the orderer took it") };
    refusal.saying("FORBIDDEN").map(drop)
}

pub async fn e006_an_added_organization_evaluates_submits_and_endorses(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let key = net.name("added");
    own.conf(&[put(&key, "before")]).done().await?;
    let newcomer = || own.conf(&[get(&key)]).by(&net.u(3)).at(1);
    newcomer().evaluate().await.refused(Code::FailedPrecondition, "")?.saying("access denied")?;

    let organization = third(&own)?;
    own.change(&[1, 2], |draft| Ok(draft.add_organization(&organization)?)).await?;
    same(newcomer().first().await?, json!("before"))?;
    own.conf(&[put(&key, "by the third")]).by(&net.u(3)).at(1).done().await?;

    // Its peer begins with the first block, in which its organization does not stand.
    own.join(3).await?;
    let definition = own.definition("conf", ANY);
    eventually("the third organization approves", async || {
        definition.approve(net, 3, &net.chaincode("conf")?.package.id).await?.valid()
    })
    .await?;
    eventually("the third peer has what the others have", async || {
        same(own.conf(&[get(&key)]).of(3).first().await?, json!("by the third"))
    })
    .await?;
    own.until_usable("conf", &[1, 2, 3]).await?;
    let endorsed = own.conf(&[put(&key, "endorsed by the third")]).of(3).naming(&["Org3MSP"]).endorse().await?;
    endorsed.endorsed_by(&[3])?.commit().await?.valid()
}

pub async fn e007_a_removed_organization_is_refused_by_peers_and_orderers(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2, 3]).await?;
    let ask = || own.conf(&[put(&net.name("removed"), "v")]).by(&net.u(3)).at(1);
    let endorsed = ask().naming(&["Org1MSP"]).endorse().await?;
    own.change(&[1, 2], |draft| Ok(draft.remove_organization("Org3MSP")?)).await?;
    ask().evaluate().await.refused(Code::FailedPrecondition, "")?.saying("access denied")?;
    forbidden(endorsed.send().await)?;
    own.conf(&[put(&net.name("remaining"), "v")]).done().await.map(drop)
}

pub async fn e008_a_certificate_on_a_revocation_list_is_refused_from_then_on(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let crypto = own.network().layout.crypto();
    let folder = OrganizationFolder::new(&crypto, OrganizationKind::Peer, &Site::domain(1), "Org1MSP");
    let home = issue_user(&folder, &UserRequest::client(&net.name("leaver")))?;
    let leaver: Who = std::sync::Arc::new(SigningIdentity::from_msp_directory("Org1MSP", &home.join("msp"))?);
    let ask = || own.conf(&[put(&net.name("revoked"), "v")]).by(&leaver);
    ask().done().await?;
    let endorsed = ask().endorse().await?;

    let serial = leaver.certificate().serial();
    let list = Authority::open(&folder.ca())?.revocation_list(&[serial], 2)?;
    // An organization decides alone over its members, and no other one does.
    let foreign = own.asking(&[2], |draft| Ok(draft.add_revocation_list("Org1MSP", &list)?)).await?;
    let (_, info) = own.refusal(&foreign).await?;
    crate::net::contains(&info, "policy for [Value]  /Channel/Application/Org1MSP/MSP not satisfied")?;
    own.change(&[1], |draft| Ok(draft.add_revocation_list("Org1MSP", &list)?)).await?;

    ask().evaluate().await.refused(Code::FailedPrecondition, "")?.saying(&denied(&own, 1))?;
    ask().endorse().await.refused(Code::Aborted, "")?.detailing(&denied(&own, 1))?;
    forbidden(endorsed.send().await)?;
    commit_status(net, 1, &leaver, &own.name, &endorsed.txid, 5).await.refused(Code::PermissionDenied, "")?;
    own.conf(&[put(&net.name("revoked"), "v")]).done().await.map(drop)
}

pub async fn e009_an_access_rule_closes_evaluation_to_all_but_a_group_until_it_is_taken_back(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let by = |organization: usize| own.conf(&[echo("hi")]).by(&net.u(organization)).at(1);
    by(2).evaluate().await?;
    let few = PolicySpec::Signature("OR('Org1MSP.client')".to_owned());
    own.change(&[1, 2], |draft| {
        draft.set_policy("/Channel/Application/Few", &few)?;
        Ok(draft.set_acl("peer/Propose", Some("/Channel/Application/Few"))?)
    })
    .await?;
    by(1).evaluate().await?;
    let text = "failed evaluating policy on signed data during check policy [/Channel/Application/Few]: [signature set did \
                not satisfy policy]";
    by(2).evaluate().await.refused(Code::FailedPrecondition, "")?.saying(text)?;
    by(2).endorse().await.refused(Code::Aborted, "")?.detailing(text)?;
    own.change(&[1, 2], |draft| Ok(draft.set_acl("peer/Propose", None)?)).await?;
    by(2).evaluate().await.map(drop)?;
    Ok(())
}
