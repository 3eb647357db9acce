//! Corners of peers and orderers in which it is easy to be wrong.

use fabric_config::BatchChange;
use fabric_msp::hash::sha256;
use fabric_protos::{
    common::{ConfigGroup, ConfigValue, Status},
    etcdraft::ConfigMetadata,
    msp::{FabricMspConfig, MspConfig},
    orderer::{BatchSize, ConsensusType, consensus_type::State},
    protos::{ProposalResponsePayload, deliver_response::Type, filtered_transaction::Data},
};

use super::{events::Listener, further::broadcast, tools::*};
use crate::{
    deliver::{Kind, Seek, ledger, number},
    lifecycle::collection,
    network::CHANNEL,
    script::{self, signature_policy},
};

const NOT_HERE: &str = "private data matching public hash version is not available";

pub async fn c170_several_private_keys_at_once_are_empty_where_the_data_is_not(net: N) -> Result<()> {
    if net.is_fabric_2() {
        // It does not know the message and ends the chaincode's stream.
        return Ok(());
    }
    let (key, absent) = (net.name("private"), net.name("absent"));
    net.conf(&[private_put("O", &key, "v")]).done().await?;
    let several = private_get_many("O", &[&key, &absent]);
    let member = net.conf(&[several.clone(), put(&key, "v")]).naming(&["Org1MSP"]).endorse().await?;
    same(member.found()?[0].clone(), json!(["v", null]))?;
    member.ends(Valid).await?;
    let hash = json!(hex::encode(sha256(b"v")));
    eventually("the hash is at peer 3", async || {
        same(net.conf(&[private_hash("O", &key)]).of(3).first().await?, hash.clone())
    })
    .await?;
    let other = net.conf(&[several, put(&key, "v")]).of(3).naming(&["Org3MSP"]).endorse().await?;
    same(other.found()?[0].clone(), json!([null, null]))?;
    other.ends(MvccReadConflict).await.map(drop)
}

pub async fn c171_a_key_whose_policy_is_none_is_not_written_any_more(net: N) -> Result<()> {
    let key = net.name("broken");
    net.conf(&[put(&key, "v")]).done().await?;
    net.conf(&[set_policy_bytes(&key, "ffff")]).done().await?;
    let refusal = net.conf(&[put(&key, "w")]).evaluate().await.refused(Code::Aborted, "")?;
    refusal.saying("error in simulation: error unmarshalling SignaturePolicyEnvelope: ")?;
    same(net.conf(&[get(&key)]).first().await?, json!("v"))
}

pub async fn c172_a_transaction_without_an_action_has_a_bad_payload(net: N) -> Result<()> {
    let endorsed = net.conf(&[put(&net.name("changed"), "v")]).endorse().await?;
    let changed = endorsed.changed(|parts| {
        let action = parts.payload.action.get_or_insert_default();
        let payload = ProposalResponsePayload::decode(action.proposal_response_payload.as_slice());
        let payload = ProposalResponsePayload { extension: Vec::new(), ..payload.unwrap_or_default() };
        action.proposal_response_payload = payload.encode_to_vec();
    })?;
    changed.ends(BadResponsePayload).await.map(drop)
}

pub async fn c173_an_event_without_a_name_stands_in_blocks_and_is_not_told(net: N) -> Result<()> {
    let nameless = net.on("ev", &[event("", "payload")]).done().await?;
    let named = net.on("ev", &[event("E", "payload")]).done().await?;
    let told = Listener::new(net).from(nameless.block).events(1, &[&nameless.txid, &named.txid]).await?;
    same(told.iter().map(|event| event.1.as_str()).collect::<Vec<_>>(), [named.txid.as_str()].to_vec())?;
    let (found, _) = Seek::new(net, number(nameless.block), number(nameless.block)).ask(Kind::Filtered).await?;
    let Some(Type::FilteredBlock(block)) = found.into_iter().next() else { bail!("no filtered block") };
    let own = block.filtered_transactions.into_iter().find(|one| one.txid == nameless.txid);
    let Some(Data::TransactionActions(actions)) = own.context("no such transaction")?.data else {
        bail!("no actions");
    };
    let event = actions.chaincode_actions.first().and_then(|action| action.chaincode_event.as_ref());
    same(event.map(|event| event.event_name.as_str()), Some(""))
}

pub async fn c174_the_ledger_names_the_hash_that_it_has_not_if_it_is_a_text(net: N) -> Result<()> {
    let named = ledger(net, "GetBlockByHash", b"none").evaluate().await.refused(Code::Unknown, "")?;
    named.saying("Failed to get block hash none, error no such block hash [6e6f6e65] in index")?;
    let nameless = ledger(net, "GetBlockByHash", &[0xff; 32]).evaluate().await.refused(Code::Aborted, "")?;
    nameless.saying("error in simulation: transaction returned with failure: failed to marshal response: ")?;
    Ok(())
}

pub async fn c175_for_nothing_there_is_no_plan(net: N) -> Result<()> {
    let arguments = || script::arguments(&[echo("")]);
    let nowhere = |chaincode: &str, channel: &str| {
        format!(
            "no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for \
             chaincode {chaincode} in channel {channel}"
        )
    };
    let incomplete = [("conf", ""), ("", CHANNEL), ("", "")];
    for (chaincode, channel) in incomplete {
        let ask = || Ask::new(net, channel, chaincode, arguments());
        ask().endorse().await.refused(Code::FailedPrecondition, &nowhere(chaincode, channel))?;
        let transient = ask().transient("t", "v").endorse().await;
        transient.refused(Code::FailedPrecondition, "no endorsers found in the gateway's organization; retry")?;
        let named = ask().naming(&["Org1MSP", "Org2MSP"]).endorse().await;
        named.refused(Code::Unavailable, "failed to find any endorsing peers for org(s): Org1MSP, Org2MSP")?;
    }
    Ok(())
}

pub async fn c176_private_data_of_invalid_transactions_comes_with_blocks(net: N) -> Result<()> {
    let key = net.name("private");
    net.conf(&[private_put("A", &key, "first")]).done().await?;
    let late = net.conf(&[private_get("A", &key), private_put("A", &key, "late")]).naming(&["Org1MSP"]);
    let late = late.endorse().await?;
    net.conf(&[private_put("A", &key, "second")]).done().await?;
    let late = late.ends(MvccReadConflict).await?;
    let (found, _) = Seek::new(net, number(late.block), number(late.block)).ask(Kind::Private).await?;
    let Some(Type::BlockAndPrivateData(with)) = found.into_iter().next() else { bail!("no block") };
    let sets = with.private_data_map.values().flat_map(|set| &set.ns_pvt_rwset);
    let written = sets.flat_map(|part| &part.collection_pvt_rwset).any(|set| {
        // The value stands in the set as it is.
        set.collection_name == "A" && set.rwset.windows(4).any(|part| part == b"late")
    });
    ensure!(written, "what the invalid transaction wrote is not there");
    same(net.conf(&[private_get("A", &key)]).first().await?, json!("second"))
}

pub async fn e050_what_no_plugin_can_endorse_is_not_endorsed(net: N) -> Result<()> {
    let own = Own::create(net, &[1], |_| Ok(())).await?;
    let definition = crate::lifecycle::Definition { endorsement_plugin: "other".into(), ..own.definition("conf", ANY) };
    definition.establish(net, &net.chaincode("conf")?.package.id).await?;
    eventually("a refusal for the plugin's sake", async || {
        let refusal = own.conf(&[echo("")]).evaluate().await.refused(Code::Aborted, "")?;
        refusal.saying(
            "endorsing with plugin failed: plugin with name other could not be used: plugin with name other wasn't found",
        )
    })
    .await?;
    let failed = answer(500, "failed", "so");
    own.conf(&[failed]).evaluate().await.refused(Code::Unknown, "")?.saying("chaincode response 500, failed").map(drop)
}

/// A channel of these organizations whose chaincode has these collections.
async fn with_collections(
    net: N,
    organizations: &[usize],
    collections: Vec<fabric_protos::protos::StaticCollectionConfig>,
) -> Result<Own> {
    let own = Own::create(net, organizations, |_| Ok(())).await?;
    let definition = crate::lifecycle::Definition { collections, ..own.definition("conf", ANY) };
    definition.establish(net, &net.chaincode("conf")?.package.id).await?;
    own.until_usable("conf", organizations).await?;
    Ok(own)
}

pub async fn e051_a_peer_keeps_what_it_endorsed_for_a_collection_of_its_organizations_clients(net: N) -> Result<()> {
    use fabric_protos::protos::{CollectionPolicyConfig, collection_policy_config::Payload};
    let mut clients = collection("X", &[1])?;
    let policy = Payload::SignaturePolicy(signature_policy("OR('Org1MSP.client')")?);
    clients.member_orgs_policy = Some(CollectionPolicyConfig { payload: Some(policy) });
    let own = with_collections(net, &[1, 3], vec![clients]).await?;
    own.conf(&[private_put("X", "k", "v")]).naming(&["Org1MSP"]).done().await?;
    same(own.conf(&[private_get("X", "k")]).first().await?, json!("v"))?;
    eventually("a refusal", async || {
        own.conf(&[private_get("X", "k")]).of(3).evaluate().await.refused(Code::Unknown, "")?.saying(NOT_HERE)
    })
    .await?;
    // No peer is a client, so that none is planned with.
    let planned = own.conf(&[private_get("X", "k"), put("read", "v")]).endorse().await;
    planned.refused(Code::FailedPrecondition, "no combination of peers can be derived").map(drop)
}

pub async fn e052_a_policy_set_on_a_private_key_prolongs_its_life(net: N) -> Result<()> {
    let mut short = collection("B", &[1])?;
    short.block_to_live = 3;
    let own = with_collections(net, &[1], vec![short]).await?;
    let steps = [private_get("B", "k"), private_hash("B", "k")];
    own.conf(&[private_put("B", "k", "v")]).done().await?;
    let set = own.conf(&[set_policy("B", "k", "OR('Org1MSP.peer')")]).done().await?.block;
    let hash = json!(hex::encode(sha256(b"v")));
    let mut newest = set;
    while newest < set + 4 {
        same(own.conf(&steps).found().await?, json!(["v", hash]))?;
        newest = own.conf(&[put("filler", "v")]).done().await?.block;
    }
    same(own.conf(&steps).found().await?, json!([null, null]))
}

pub async fn e053_who_reaches_too_few_peers_with_private_data_is_told_which(net: N) -> Result<()> {
    let mut wide = collection("W", &[1, 2])?;
    (wide.required_peer_count, wide.maximum_peer_count) = (2, 2);
    let own = with_collections(net, &[1, 2], vec![wide]).await?;
    let refusal = own.conf(&[private_put("W", "k", "v")]).evaluate().await.refused(Code::Aborted, "")?;
    refusal
        .saying("could not build private data dissemination plan for chaincode conf and collection W: required to")?;
    Ok(())
}

/// Changes a value of the orderers' group.
fn with_ordering<M: Message + Default>(root: &mut ConfigGroup, key: &str, change: impl FnOnce(&mut M)) {
    let group = root.groups.get_mut("Orderer").expect("every channel has this group");
    let value = group.values.get_mut(key).expect("orderers have this value");
    let mut message = M::decode(value.value.as_slice()).expect("the orderers could read it");
    change(&mut message);
    value.value = message.encode_to_vec();
}

pub async fn e054_in_maintenance_the_orderer_takes_nothing_but_its_own_organizations_configuration(
    net: N,
) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let transaction = own.conf(&[put("k", "v")]).endorse().await?.signed()?.envelope;
    let turn = |root: &mut ConfigGroup, state: State| {
        with_ordering::<ConsensusType>(root, "ConsensusType", |consensus| consensus.state = state.into());
    };
    let more = own.asking_for(&[ORDERER], |root| {
        turn(root, State::Maintenance);
        with_ordering::<BatchSize>(root, "BatchSize", |size| size.max_message_count += 1);
    });
    let (status, info) = own.refusal(&more.await?).await?;
    let text = "config update for existing channel did not pass maintenance checks: config transaction inspection \
                failed: config update contain more then just the ConsensusType value in the Orderer group";
    same((status, info.as_str()), (Status::BadRequest, text))?;

    let enter = own.asking_for(&[ORDERER], |root| turn(root, State::Maintenance)).await?;
    fabric_operator::channel::broadcast(&own.network(), &enter).await?;
    eventually("maintenance has begun", async || same(own.config().await?.sequence(), 1)).await?;
    let answer = broadcast(net, transaction.clone()).await?;
    let text = "normal transactions are rejected: maintenance mode";
    same((answer.status(), answer.info.as_str()), (Status::ServiceUnavailable, text))?;
    let seek = Seek::new(net, number(0), number(0)).channel(&own.name);
    same(seek.by(&net.peer(1)).ask_orderer().await?.1, Status::Forbidden)?;
    let update = own.asking(&[1, 2], |draft| Ok(draft.remove_organization("Org2MSP")?)).await?;
    same(own.refusal(&update).await?.0, Status::Forbidden)?;

    let leave = own.asking_for(&[ORDERER], |root| turn(root, State::Normal)).await?;
    fabric_operator::channel::broadcast(&own.network(), &leave).await?;
    eventually("maintenance is over", async || {
        same(broadcast(net, transaction.clone()).await?.status(), Status::Success)
    })
    .await
}

pub async fn e055_a_configuration_under_which_nobody_could_go_on_is_refused(net: N) -> Result<()> {
    let own = Own::create(net, &[1, 2], |_| Ok(())).await?;
    let refused = async |edit: &dyn Fn(&mut ConfigGroup), text: &str| {
        let (status, info) = own.refusal(&own.asking_for(&[ORDERER, 1, 2], edit).await?).await?;
        ensure!(info.contains(text) && !info.contains("authorizing"), "«{text}» should be in «{info}»");
        same(status, Status::BadRequest)
    };
    let unknown = |root: &mut ConfigGroup| {
        let value = ConfigValue { mod_policy: "Admins".into(), ..Default::default() };
        root.groups.get_mut("Application").expect("a group").values.insert("Foo".into(), value);
    };
    refused(&unknown, "Unexpected key Foo").await?;
    let below = |root: &mut ConfigGroup| {
        let organization = root.groups.get_mut("Application").and_then(|group| group.groups.get_mut("Org1MSP"));
        let group = ConfigGroup { mod_policy: "Admins".into(), ..Default::default() };
        organization.expect("a group").groups.insert("Below".into(), group);
    };
    refused(&below, "ApplicationOrg config does not allow sub-groups").await?;
    let two_versions = |root: &mut ConfigGroup| {
        let mut group = root.groups["Application"].groups["Org1MSP"].clone();
        let ordering = root.groups.get_mut("Orderer").expect("a group");
        let endpoints = ordering.groups.values().find_map(|group| group.values.get("Endpoints")).cloned();
        group.values.remove("AnchorPeers");
        group.values.extend(endpoints.map(|endpoints| ("Endpoints".to_owned(), endpoints)));
        let value = group.values.get_mut("MSP").expect("a value");
        let mut msp = MspConfig::decode(value.value.as_slice()).expect("an MSP");
        let mut config = FabricMspConfig::decode(msp.config.as_slice()).expect("an MSP");
        config.tls_root_certs.clear();
        msp.config = config.encode_to_vec();
        value.value = msp.encode_to_vec();
        ordering.groups.insert("Org1MSP".into(), group);
    };
    refused(&two_versions, "Attempted to define two different versions of MSP: Org1MSP").await?;
    let consenters = |change: fn(&mut ConfigMetadata)| {
        move |root: &mut ConfigGroup| {
            with_ordering::<ConsensusType>(root, "ConsensusType", |consensus| {
                let mut metadata = ConfigMetadata::decode(consensus.metadata.as_slice()).expect("metadata");
                change(&mut metadata);
                consensus.metadata = metadata.encode_to_vec();
            });
        }
    };
    let nobody = consenters(|metadata| metadata.consenters.clear());
    refused(
        &nobody,
        "consensus metadata update for channel config update is invalid: invalid new config metadata: empty",
    )
    .await?;
    let broken = consenters(|metadata| metadata.consenters[0].client_tls_cert = b"none".to_vec());
    refused(&broken, "has invalid certificate").await?;
    let twice = consenters(|metadata| metadata.consenters.push(metadata.consenters[0].clone()));
    refused(&twice, "duplicate consenter").await?;
    let hasty = consenters(|metadata| metadata.options.get_or_insert_default().election_tick = 1);
    refused(&hasty, "must be greater than HeartbeatTick").await?;
    same(own.config().await?.sequence(), 0)?;

    let small = BatchChange { absolute_max_bytes: Some(8192), preferred_max_bytes: Some(8192), ..Default::default() };
    own.change(&[ORDERER], |draft| Ok(draft.batch(small)?)).await?;
    let larger = own
        .asking(&[ORDERER], |draft| Ok(draft.batch(BatchChange { max_message_count: Some(1), ..Default::default() })?));
    let (status, info) = own.refusal(&larger.await?).await?;
    same(status, Status::BadRequest)?;
    let text = "config update for existing channel did not pass final checks: message payload is ";
    ensure!(info.starts_with(text) && info.ends_with(" and exceeds maximum allowed 8192 bytes"), "{info}");
    same(own.config().await?.sequence(), 1)
}
