//! Changing the channel while it runs: batch size, a new organization, a revoked certificate, a second root, an access
//! rule.

use std::{error::Error, time::Duration};

use fabric_config::{
    ApplicationOrganization, ChannelConfig, ChannelSpec, ConsenterSpec, OrdererOrganization,
    block::{data_hash, header_hash},
    compute_update, genesis_block, update_envelope,
};
use fabric_cryptogen::{CryptoConfig, OrganizationFolder, OrganizationSpec};
use fabric_msp::{
    msp::config_from_directory,
    signer::{Signer, SigningIdentity},
    transport::{self, ClientTls},
};
use fabric_protos::{
    common::{Block, BlockchainInfo, Config, ConfigGroup, Envelope, Status},
    msp::{FabricMspConfig, MspConfig},
    orderer::{BatchSize, BroadcastResponse, atomic_broadcast_client::AtomicBroadcastClient},
    protos::{AcLs, ApiResource, TxValidationCode},
};
use prost::Message;
use tonic::Code;

use crate::{
    chaincode::FakeChaincode,
    client::{self, Call, expect},
    fixture::*,
};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

async fn started() -> Result<(Fixture, FakeChaincode), Box<dyn Error>> {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    Ok((fixture, chaincode))
}

/// The configuration as the peer of the first organization has it.
pub async fn config(fixture: &Fixture) -> Result<Config, Box<dyn Error>> {
    let call = Call::new(CHANNEL, "cscc", &["GetChannelConfig", CHANNEL]);
    let answer = propose(fixture.org(1), &fixture.org(1).admin, &call).await?.response.unwrap_or_default();
    assert_eq!(answer.status, 200, "{}", answer.message);
    Ok(Config::decode(&*answer.payload)?)
}

fn group<'a>(config: &'a mut Config, name: &str) -> &'a mut ConfigGroup {
    config.channel_group.as_mut().and_then(|group| group.groups.get_mut(name)).expect("a group")
}

fn set_value(group: &mut ConfigGroup, name: &str, message: &impl Message) {
    let value = group.values.entry(name.to_owned()).or_default();
    value.value = message.encode_to_vec();
    value.mod_policy = "Admins".to_owned();
}

fn edit_msp(config: &mut Config, name: &str, edit: impl FnOnce(&mut FabricMspConfig)) {
    let own = group(config, "Application").groups.get_mut(name).expect("a group");
    let mut wrapped = MspConfig::decode(&*own.values["MSP"].value).expect("an MSP");
    let mut msp = FabricMspConfig::decode(&*wrapped.config).expect("an MSP");
    edit(&mut msp);
    wrapped.config = msp.encode_to_vec();
    set_value(own, "MSP", &wrapped);
}

/// An update made from the configuration of now, signed by these and sent by an administrator.
pub async fn update(
    fixture: &Fixture,
    consenting: &[&dyn Signer],
    change: impl FnOnce(&mut Config),
) -> Result<Envelope, Box<dyn Error>> {
    let original = config(fixture).await?;
    let mut modified = original.clone();
    change(&mut modified);
    let update = compute_update(CHANNEL, &original, &modified)?;
    Ok(update_envelope(&update, consenting, &fixture.org(1).admin, client::now())?)
}

async fn broadcast(fixture: &Fixture, envelope: Envelope) -> Result<BroadcastResponse, Box<dyn Error>> {
    let network = fixture.network.as_ref().ok_or("not running")?;
    let options = fixture.options()?;
    let ca_pem = std::fs::read(options.orderer.tls_cert.with_file_name("ca.crt"))?;
    let tls = ClientTls { ca_pem, ..ClientTls::default() };
    let connection = transport::connect(network.orderer_address(), Some(&tls), Duration::from_secs(5)).await?;
    let mut orderer = AtomicBroadcastClient::new(connection);
    let mut answers = orderer.broadcast(tokio_stream::iter([envelope])).await?.into_inner();
    Ok(answers.message().await?.ok_or("no answer")?)
}

/// Sends an update and waits until the peers have it.
async fn apply(fixture: &Fixture, envelope: Envelope) -> Outcome {
    let before = config(fixture).await?.sequence;
    let answer = broadcast(fixture, envelope).await?;
    assert_eq!((answer.status(), answer.info.as_str()), (Status::Success, ""));
    let changed = async {
        while config(fixture).await?.sequence == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok::<(), Box<dyn Error>>(())
    };
    tokio::time::timeout(Duration::from_secs(10), changed).await?
}

async fn refused(fixture: &Fixture, envelope: Envelope, status: Status, text: &str) -> Outcome {
    let answer = broadcast(fixture, envelope).await?;
    assert!(answer.status() == status && answer.info.contains(text), "{answer:?}");
    Ok(())
}

async fn block(fixture: &Fixture, number: u64) -> Result<Block, Box<dyn Error>> {
    let call = Call::new(CHANNEL, "qscc", &["GetBlockByNumber", CHANNEL, &number.to_string()]);
    let answer = propose(fixture.org(1), &fixture.org(1).user, &call).await?.response.unwrap_or_default();
    Ok(Block::decode(&*answer.payload)?)
}

pub fn one_message_a_block(config: &mut Config) {
    let size = BatchSize { max_message_count: 1, absolute_max_bytes: 999_999, preferred_max_bytes: 99_999 };
    set_value(group(config, "Orderer"), "BatchSize", &size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_size_changes_with_the_orderers_consent_and_stays_after_a_restart() -> Outcome {
    let (mut fixture, _chaincode) = started().await?;
    let (admin1, admin2) = (&fixture.org(1).admin, &fixture.org(2).admin);
    let strangers: [&dyn Signer; 2] = [admin1, admin2];
    let text = "error applying config update to existing channel 'conf': error authorizing update: error validating DeltaSet: policy for [Value]  /Channel/Orderer/BatchSize not satisfied: implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Admins' sub-policies to be satisfied";
    refused(&fixture, update(&fixture, &strangers, one_message_a_block).await?, Status::BadRequest, text).await?;
    let wanted = update(&fixture, &[&fixture.orderer_admin], one_message_a_block).await?;
    apply(&fixture, wanted.clone()).await?;
    let text = "error validating ReadSet: proposed update requires that key [Value]  /Channel/Orderer/BatchSize be at version 0, but it is currently at version 1";
    let answer = broadcast(&fixture, wanted).await?;
    assert_eq!(answer.status(), Status::BadRequest);
    assert!(answer.info.contains("is at version 1") || answer.info.contains(text), "{}", answer.info);

    let changed = config(&fixture).await?;
    assert_eq!(changed.sequence, 1);
    let last = Call::new(CHANNEL, "cscc", &["GetConfigBlock", CHANNEL]);
    let answer = propose(fixture.org(1), &fixture.org(1).admin, &last).await?.response.unwrap_or_default();
    let config_block = Block::decode(&*answer.payload)?;
    let (header, data) =
        (config_block.header.clone().ok_or("no header")?, config_block.data.clone().unwrap_or_default());
    assert_eq!((data.data.len(), header.data_hash.as_slice()), (1, data_hash(&data).as_slice()));
    assert_eq!(ChannelConfig::from_genesis_block(&config_block)?.batch().max_message_count, 1);
    let before = block(&fixture, header.number - 1).await?.header.ok_or("no header")?;
    assert_eq!(header.previous_hash, header_hash(&before));

    fixture.restart().await?;
    assert_eq!(config(&fixture).await?, changed);
    let org1 = fixture.org(1);
    for key in ["a", "b"] {
        let call = Call::new(CHANNEL, "conf", &["put", key, "v"]);
        assert_eq!(submit(org1, &call).await?, TxValidationCode::Valid);
    }
    assert_eq!(block(&fixture, header.number + 1).await?.data.unwrap_or_default().data.len(), 1);
    Ok(())
}

/// The group of a new organization, taken from the description of a channel that has it.
fn new_organization(
    fixture: &Fixture,
    out: &std::path::Path,
) -> Result<(ConfigGroup, OrganizationFolder), Box<dyn Error>> {
    let spec =
        CryptoConfig { orderer_orgs: Vec::new(), peer_orgs: vec![OrganizationSpec::new("Org4", "org4.example.com")] };
    let folder = fabric_cryptogen::generate(&spec, out)?.remove(0);
    let options = fixture.options()?;
    let mut channel = ChannelSpec::new(CHANNEL, Default::default());
    let msp = config_from_directory("Org4MSP", &folder.msp())?;
    channel.application_organizations.push(ApplicationOrganization::new(msp));
    let ordering = config_from_directory("OrdererMSP", &options.orderer.msp_dir)?;
    channel.orderer_organizations.push(OrdererOrganization::new(ordering, vec!["localhost:7050".to_owned()]));
    let tls = std::fs::read(&options.orderer.tls_cert)?;
    let (host, port) = ("localhost".to_owned(), 7050);
    channel.consenters.push(ConsenterSpec { host, port, client_tls_cert: tls.clone(), server_tls_cert: tls });
    let made = ChannelConfig::from_genesis_block(&genesis_block(&channel)?)?;
    let mut config = made.config().clone();
    Ok((group(&mut config, "Application").groups.remove("Org4MSP").ok_or("no group")?, folder))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_joins_when_a_majority_agrees() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let out = tempfile::tempdir()?;
    let (new, folder) = new_organization(&fixture, out.path())?;
    let newcomer = SigningIdentity::from_msp_directory("Org4MSP", &folder.user("User1").join("msp"))?;
    let call = Call::new(CHANNEL, "conf", &["put", "k", "v"]);
    let org1 = fixture.org(1);
    expect("before", endorse(org1, &newcomer, &call, &[]).await, Code::Aborted, "");
    let join = |config: &mut Config| {
        group(config, "Application").groups.insert("Org4MSP".to_owned(), new.clone());
    };
    let alone = update(&fixture, &[&org1.admin], join).await?;
    let text = "policy for [Group]  /Channel/Application not satisfied: implicit policy evaluation failed - 1 sub-policies were satisfied, but this policy requires 2 of the 'Admins' sub-policies to be satisfied";
    refused(&fixture, alone, Status::BadRequest, text).await?;
    apply(&fixture, update(&fixture, &[&org1.admin, &fixture.org(2).admin], join).await?).await?;
    assert_eq!(submit_with(org1, &newcomer, &call, &[]).await?, TxValidationCode::Valid);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_certificate_and_a_new_access_rule_count_at_once() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    let call = Call::new(CHANNEL, "conf", &["get", "k"]);
    evaluate(org1, &org2.user, &call).await?;
    let rule = |config: &mut Config| {
        let policy = ApiResource { policy_ref: "/Channel/Application/Org1MSP/Writers".to_owned() };
        let acls = [("peer/Propose".to_owned(), policy)].into();
        set_value(group(config, "Application"), "ACLs", &AcLs { acls });
    };
    apply(&fixture, update(&fixture, &[&org1.admin, &org2.admin], rule).await?).await?;
    assert!(evaluate(org1, &org2.user, &call).await.is_err());
    evaluate(org1, &org1.user, &call).await?;

    let revocation = std::fs::read(fabric_cryptogen::revoke(&org1.folder, &[org1.user.certificate()])?)?;
    let revoke = |config: &mut Config| {
        edit_msp(config, "Org1MSP", |msp| msp.revocation_list.push(revocation.clone()));
    };
    // An organization decides alone over its own members.
    apply(&fixture, update(&fixture, &[&org1.admin], revoke).await?).await?;
    let denied = evaluate(org1, &org1.user, &call).await.expect_err("revoked");
    assert!(client::text(&denied).contains("access denied"), "{}", client::text(&denied));
    evaluate(org1, &org1.admin, &call).await?;
    Ok(())
}

/// The same transaction is endorsed before its sender's root is removed and sent afterwards; the rest is new each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_under_a_second_root_count_at_once_and_those_of_a_removed_one_no_more() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let (org1, org3) = (fixture.org(1), fixture.org(3));
    let out = tempfile::tempdir()?;
    let spec = OrganizationSpec::new("Org3", "org3.example.com");
    let spec = CryptoConfig { orderer_orgs: Vec::new(), peer_orgs: vec![spec] };
    let folder = fabric_cryptogen::generate(&spec, out.path())?.remove(0);
    let new = SigningIdentity::from_msp_directory("Org3MSP", &folder.user("User1").join("msp"))?;
    let root = config_from_directory("Org3MSP", &folder.msp())?.root_certs.remove(0);
    let put = Call::new(CHANNEL, "conf", &["put", "k", "v"]);
    let get = Call::new(CHANNEL, "conf", &["get", "k"]);
    assert!(evaluate(org1, &new, &get).await.is_err());

    let both = |config: &mut Config| {
        edit_msp(config, "Org3MSP", |msp| {
            msp.root_certs.push(root.clone());
            // What Fabric's tools write binds each role to the root of the time.
            let roles = msp.fabric_node_ous.as_mut().expect("roles");
            for unit in [&mut roles.client_ou_identifier, &mut roles.admin_ou_identifier] {
                unit.as_mut().expect("a unit").certificate.clear();
            }
        });
    };
    apply(&fixture, update(&fixture, &[&org3.admin], both).await?).await?;
    for signer in [&org3.user, &new] {
        assert_eq!(submit_with(org1, signer, &put, &[]).await?, TxValidationCode::Valid);
    }

    let (endorsed, id) = endorse(org1, &org3.user, &put, &[]).await?;
    let second_alone = |config: &mut Config| edit_msp(config, "Org3MSP", |msp| msp.root_certs = vec![root.clone()]);
    let still_bound = update(&fixture, &[&org3.admin], second_alone).await?;
    let text = "not in root or intermediate certs";
    refused(&fixture, still_bound, Status::BadRequest, text).await?;
    let second_alone = |config: &mut Config| {
        second_alone(config);
        edit_msp(config, "Org3MSP", |msp| {
            let roles = msp.fabric_node_ous.as_mut().expect("roles");
            for unit in [&mut roles.peer_ou_identifier, &mut roles.orderer_ou_identifier] {
                unit.as_mut().expect("a unit").certificate.clear();
            }
        });
    };
    apply(&fixture, update(&fixture, &[&org3.admin], second_alone).await?).await?;
    let denied = evaluate(org1, &org3.user, &get).await.expect_err("under a removed root");
    assert!(client::text(&denied).contains("access denied"), "{}", client::text(&denied));
    let sent = send(org1, client::sign_envelope(endorsed, &org3.user), &id).await.expect_err("under a removed root");
    assert!(client::text(&sent).contains("permission denied"), "{}", client::text(&sent));
    assert_eq!(submit_with(org1, &new, &put, &[]).await?, TxValidationCode::Valid);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_whose_organization_is_removed_stands_before_the_block_that_did_it() -> Outcome {
    let (mut fixture, _chaincode) = started().await?;
    let heights = async |fixture: &Fixture| -> Result<(u64, u64), Box<dyn Error>> {
        Ok((height(fixture.org(1)).await?, height(fixture.org(3)).await?))
    };
    let (before, same) = heights(&fixture).await?;
    assert_eq!(before, same);
    let (admin1, admin2) = (&fixture.org(1).admin, &fixture.org(2).admin);
    let without_org3 = |config: &mut Config| drop(group(config, "Application").groups.remove("Org3MSP"));
    let envelope = update(&fixture, &[admin1, admin2], without_org3).await?;
    apply(&fixture, envelope).await?;
    assert_eq!(heights(&fixture).await?, (before + 1, before));
    assert_eq!(submit(fixture.org(1), &Call::new(CHANNEL, "conf", &["put", "k", "v"])).await?, TxValidationCode::Valid);
    assert_eq!(heights(&fixture).await?, (before + 2, before));
    fixture.restart().await?;
    assert_eq!(heights(&fixture).await?, (before + 2, before));
    Ok(())
}

async fn height(organization: &Organization) -> Result<u64, Box<dyn Error>> {
    let call = Call::new(CHANNEL, "qscc", &["GetChainInfo", CHANNEL]);
    let answer = propose(organization, &organization.user, &call).await?.response.unwrap_or_default();
    assert_eq!(answer.status, 200, "{}", answer.message);
    Ok(BlockchainInfo::decode(&*answer.payload)?.height)
}
