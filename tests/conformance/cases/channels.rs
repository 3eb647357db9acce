//! Several channels on one network. Each case has a channel of its own besides the one that all share.

use super::{events::Listener, tools::*};
use crate::{
    deliver::{Kind, Seek, newest},
    lifecycle::collection,
    network::{CHANNEL, Site},
};

pub async fn e020_two_channels_keep_states_apart(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let key = net.name("apart");
    own.conf(&[put(&key, "here")]).done().await?;
    same(net.conf(&[get(&key)]).first().await?, Value::Null)?;
    net.conf(&[put(&key, "there")]).done().await?;
    net.conf(&[delete(&key)]).done().await?;
    same(own.conf(&[get(&key), history(&key)]).found().await?, json!(["here", ["here"]]))
}

pub async fn e021_two_channels_keep_definitions_apart(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    // What is installed at peers is for all channels, and what is defined is for one.
    let text = "make sure the chaincode mem has been successfully defined on channel";
    let answer = own.on("mem", &[echo("")]).signed()?.process(1).await?;
    crate::net::contains(&answer.response.unwrap_or_default().message, text)?;
    own.on("mem", &[echo("")]).evaluate().await.refused(Code::FailedPrecondition, "no peers available")?;
    // The same chaincode under another policy: a majority here, any one on the shared channel.
    let mut definition = own.definition("conf", "AND('Org1MSP.peer', 'Org2MSP.peer')");
    (definition.sequence, definition.version) = (2, "other".into());
    definition.establish(net, &net.chaincode("conf")?.package.id).await?;
    let ask = || own.conf(&[put(&net.name("strict"), "v")]);
    eventually("the new definition is known", async || ask().endorse().await?.endorsed_by(&[1, 2])).await?;
    ask().naming(&["Org1MSP"]).endorse().await?.ends(EndorsementPolicyFailure).await?;
    net.conf(&[put(&net.name("loose"), "v")]).naming(&["Org1MSP"]).done().await.map(drop)
}

pub async fn e022_two_channels_keep_events_and_transactions_apart(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let here = own.conf(&[put(&net.name("said"), "v"), event("here", "payload")]).done().await?;
    let there = net.conf(&[put(&net.name("said"), "v"), event("there", "payload")]).done().await?;
    let txids = [here.txid.as_str(), there.txid.as_str()];
    let listening = Listener::new(net).channel(&own.name).chaincode("conf").from(0);
    let events = listening.events(1, &txids).await?;
    same((events.len(), events[0].2.as_str()), (1, "here"))?;
    Listener::new(net).channel(&own.name).chaincode("conf").from(here.block + 1).silent(&txids).await?;
    let by_id = |channel: &str, txid: &str| {
        Ask::new(net, channel, "qscc", vec![b"GetTransactionByID".to_vec(), channel.into(), txid.into()])
    };
    by_id(&own.name, &here.txid).evaluate().await?;
    let missing = by_id(&own.name, &there.txid).evaluate().await.refused(Code::Unknown, "")?;
    missing.saying("no such transaction ID").map(drop)
}

pub async fn e023_two_channels_keep_private_data_apart(net: N) -> Result<()> {
    let own = Own::create(net, &[1, 2], |_| Ok(())).await?;
    let mut definition = own.definition("conf", ANY);
    definition.collections = vec![collection("A", &[1, 2])?];
    definition.establish(net, &net.chaincode("conf")?.package.id).await?;
    own.until_usable("conf", &[1, 2]).await?;
    let key = net.name("private");
    own.conf(&[private_put_transient("A", &key, "value")]).transient("value", "here").done().await?;
    let look = [private_get("A", &key), private_hash("A", &key)];
    same(own.conf(&look).first().await?, json!("here"))?;
    same(net.conf(&look).found().await?, json!([null, null]))?;
    // A collection of the shared channel's definition that this channel's has not.
    let refused = own.conf(&[private_get("M", &key)]).evaluate().await.refused(Code::Unknown, "")?;
    refused.saying(&format!("collection {}/conf/M could not be found", own.name)).map(drop)
}

pub async fn e024_a_call_into_another_channel_reads_there_and_writes_nothing(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let (key, written) = (net.name("there"), net.name("written"));
    own.conf(&[put(&key, "there")]).done().await?;
    let steps = [call("conf", &own.name, &[get(&key), put(&written, "v")]), put(&key, "here")];
    let endorsed = net.conf(&steps).naming(&["Org1MSP"]).endorse().await?;
    let found = endorsed.found()?;
    same(found[0][0].clone(), json!(200))?;
    let answered = found[0].to_string();
    ensure!(answered.contains("there"), "the other channel answered {answered}");
    endorsed.ends(Valid).await?;
    same(own.conf(&[get(&written), get(&key)]).found().await?, json!([null, "there"]))?;
    same(net.conf(&[get(&written), get(&key)]).found().await?, json!([null, "here"]))?;
    // What was read there is not checked again at commit.
    let endorsed = net.conf(&[call("conf", &own.name, &[get(&key)]), put(&net.name("later"), "v")]);
    let endorsed = endorsed.naming(&["Org1MSP"]).endorse().await?;
    own.conf(&[put(&key, "changed")]).done().await?;
    endorsed.ends(Valid).await.map(drop)
}

pub async fn e025_a_call_into_another_channel_takes_the_right_to_call_there(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    // The peer of the first organization is on both channels, and the user of the third on the shared one only.
    let call = call("conf", &own.name, &[echo("")]);
    let refused = net.conf(std::slice::from_ref(&call)).by(&net.u(3)).at(1).first().await?;
    same(refused[0].clone(), json!(500))?;
    let policy = format!("on channel [{}] with policy [/Channel/Application/Writers]", own.name);
    crate::net::contains(&refused[1].to_string(), &policy)?;
    same(net.conf(&[call]).first().await?[0].clone(), json!(200))
}

pub async fn e026_a_peer_knows_nothing_of_a_channel_that_it_has_not_joined(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let text = format!("failed to get config for channel [{}]", own.name);
    own.conf(&[echo("")]).of(3).evaluate().await.refused(Code::Unavailable, "")?.saying(&text)?;
    own.conf(&[echo("")]).of(3).endorse().await.refused(Code::FailedPrecondition, "")?;
    let newest = Seek::new(net, newest(), newest()).channel(&own.name).by(&net.u(3)).at(3);
    let (_, status) = newest.ask(Kind::Blocks).await?;
    same(status, fabric_protos::common::Status::NotFound)?;
    // At a peer that has joined, the user of an organization that is not on the channel is nobody.
    let stranger = own.conf(&[echo("")]).by(&net.u(3)).at(1).evaluate().await.refused(Code::FailedPrecondition, "")?;
    stranger.saying("access denied")?;
    same(channels(net, 3).await?.contains(&own.name), false)?;
    same(channels(net, 1).await?.contains(&own.name), true)
}

pub async fn e027_peers_and_orderers_join_a_channel_once(net: N) -> Result<()> {
    let own = Own::create(net, &[1, 2], |_| Ok(())).await?;
    let block = std::fs::read(own.network().layout.genesis_block(&own.name))?;
    let join = |who: &Who| Ask::new(net, "", "cscc", vec![b"JoinChain".to_vec(), block.clone()]).by(who);
    let again = join(&net.admin(1)).signed()?.process(1).await?.response.unwrap_or_default();
    ensure!(again.status == 500 && again.message.contains("already exists"), "{} {}", again.status, again.message);
    let user = join(&net.u(3)).signed()?.process(3).await;
    let text = match user {
        Ok(answer) => answer.response.unwrap_or_default().message,
        Err(refusal) => refusal.to_string(),
    };
    ensure!(text.contains("access denied for [JoinChain]"), "a user who joins is told {text}");
    // The orderers take it as done.
    own.join(1).await?;
    own.deploy("conf", ANY).await
}

/// The channels that a peer has joined.
async fn channels(net: N, organization: usize) -> Result<Vec<String>> {
    let ask = Ask::new(net, "", "cscc", vec![b"GetChannels".to_vec()]).by(&net.admin(organization));
    let answer = ask.signed()?.process(organization).await?.response.unwrap_or_default();
    let known = fabric_protos::protos::ChannelQueryResponse::decode(answer.payload.as_slice())?.channels;
    let names: Vec<String> = known.into_iter().map(|one| one.channel_id).collect();
    ensure!(names.contains(&CHANNEL.to_owned()), "{} has joined {names:?} only", Site::msp_id(organization));
    Ok(names)
}
