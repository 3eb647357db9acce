//! An organization that reads and evaluates and does nothing else: nobody satisfies its own policies for the rest, and
//! the channel's rules let readers evaluate. Each case has a channel of its own, whose third organization is such one.

use fabric_config::{ApplicationOrganization, ChannelSpec};
use fabric_protos::{common::Status, lifecycle::QueryChaincodeDefinitionsArgs};

use super::{events::Listener, tools::*};
use crate::{
    deliver::{Kind, Seek, number},
    lifecycle::lifecycle,
    network::Site,
};

fn third_reads_only(spec: &mut ChannelSpec) -> Result<()> {
    let third = spec.application_organizations.iter_mut().find(|one| one.msp.name == "Org3MSP");
    let third = third.context("no third organization")?;
    *third = ApplicationOrganization {
        anchor_peers: third.anchor_peers.clone(),
        ..ApplicationOrganization::read_only(third.msp.clone())
    };
    Ok(())
}

/// A channel with a regulator, and `conf` on it. The regulator's peer has the package, too, and no approval: that could
/// not be ordered.
async fn supervised(net: N) -> Result<Own> {
    let own = Own::create(net, &[1, 2, 3], |spec| {
        spec.let_readers_evaluate();
        third_reads_only(spec)
    })
    .await?;
    approved_by_two(&own).await?;
    Ok(own)
}

/// Brings `conf` onto the channel by the two that may write.
async fn approved_by_two(own: &Own) -> Result<()> {
    let definition = own.definition("conf", ANY).on(&own.name, &[1, 2]);
    definition.establish(own.net, &own.net.chaincode("conf")?.package.id).await?;
    own.until_usable("conf", &[1, 2]).await
}

pub async fn e010_a_regulator_evaluates_and_follows_blocks_and_events(net: N) -> Result<()> {
    let own = supervised(net).await?;
    let regulator = net.u(3);
    let key = net.name("seen");
    let outcome = own.conf(&[put(&key, "v"), event("said", "payload")]).done().await?;
    // Its own gateway asks a peer that runs the chaincode.
    eventually("the regulator's gateway finds a peer", async || {
        same(own.conf(&[get(&key)]).of(3).first().await?, json!("v"))
    })
    .await?;
    same(own.conf(&[get(&key)]).by(&regulator).at(1).first().await?, json!("v"))?;
    let block = || Seek::new(net, number(outcome.block), number(outcome.block)).channel(&own.name).by(&regulator).at(3);
    same(block().blocks().await?.len(), 1)?;
    let (filtered, status) = block().ask(Kind::Filtered).await?;
    same((filtered.len(), status), (1, Status::Success))?;
    let (ordered, status) = block().ask_orderer().await?;
    same((ordered.len(), status), (1, Status::Success))?;
    let height = Ask::new(net, &own.name, "qscc", vec![b"GetChainInfo".to_vec(), own.name.clone().into()]);
    height.by(&regulator).at(3).evaluate().await?;
    let listening = Listener::new(net).channel(&own.name).chaincode("conf").by(regulator).from(outcome.block);
    let events = listening.events(1, &[&outcome.txid]).await?;
    same(events[0].2.as_str(), "said")
}

pub async fn e011_a_regulators_transaction_is_endorsed_and_never_ordered(net: N) -> Result<()> {
    let own = supervised(net).await?;
    let key = net.name("never");
    let endorsed = own.conf(&[put(&key, "v")]).by(&net.u(3)).at(1).endorse().await?;
    let refused = endorsed.send().await.refused(Code::Aborted, "")?;
    refused.saying("FORBIDDEN")?;
    // Neither its administrator's approval of a chaincode, nor an update that it signs alone.
    let definition = own.definition("conf", ANY);
    let approval = definition.approval(net, 3, &net.chaincode("conf")?.package.id)?;
    let refused = eventually("the approval is endorsed", async || approval.clone().endorse().await).await?.send().await;
    ensure!(refused.is_err_and(|refusal| refusal.says("FORBIDDEN")), "an approval of the regulator was ordered");
    same(own.conf(&[get(&key)]).first().await?, Value::Null)
}

pub async fn e012_a_regulators_endorsement_counts_for_nothing(net: N) -> Result<()> {
    let own = supervised(net).await?;
    // Every peer runs the lifecycle's chaincode, whose policy is a majority of what organizations call their
    // endorsement: two of three.
    let endorsed = async |organizations: &[usize]| {
        let named: Vec<String> = organizations.iter().map(|one| Site::msp_id(*one)).collect();
        let ask = lifecycle(net, "QueryChaincodeDefinitions", &QueryChaincodeDefinitionsArgs {}).channel(&own.name);
        ask.naming(&named).endorse().await?.endorsed_by(organizations)
    };
    endorsed(&[1, 3]).await?.ends(EndorsementPolicyFailure).await?;
    endorsed(&[1, 2]).await?.ends(Valid).await.map(drop)
}

pub async fn e013_under_default_rules_a_regulator_reads_blocks_and_evaluates_nothing(net: N) -> Result<()> {
    let own = Own::create(net, &[1, 2, 3], third_reads_only).await?;
    approved_by_two(&own).await?;
    let regulator = net.u(3);
    let refused = own.conf(&[echo("")]).by(&regulator).at(1).evaluate().await.refused(Code::FailedPrecondition, "")?;
    refused.saying("/Channel/Application/Writers")?;
    let block = Seek::new(net, number(0), number(0)).channel(&own.name).by(&regulator).at(3);
    same(block.blocks().await?.len(), 1)
}
