//! Files of Fabric's own tools: read as they mean them, and written again byte for byte.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use fabric_config::{
    ApplicationOrganization, ChannelCapability, ChannelConfig, ChannelSpec, ConsenterSpec, OrdererOrganization, block,
    genesis_block,
};
use fabric_msp::{
    certificate::Certificate,
    msp::{Role, config_from_directory},
};
use fabric_protos::{common::Block, msp::SerializedIdentity};
use prost::Message;

type Outcome = Result<(), Box<dyn Error>>;

fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path)
}

fn theirs() -> Result<Block, Box<dyn Error>> {
    Ok(Block::decode(&*fs::read(golden("genesis.block"))?)?)
}

fn ours() -> Result<Block, Box<dyn Error>> {
    let msp = |id: &str, folder: &str| config_from_directory(id, &golden(folder).join("msp"));
    let mut spec = ChannelSpec::new("trade", ChannelCapability::V3_0);
    let address = vec!["127.0.0.1:7050".to_owned()];
    spec.orderer_organizations
        .push(OrdererOrganization::new(msp("OrdererMSP", "ordererOrganizations/orderer.example")?, address));
    for (id, folder) in [("AMSP", "peerOrganizations/a.example"), ("BMSP", "peerOrganizations/b.example")] {
        let mut organization = ApplicationOrganization::new(msp(id, folder)?);
        organization.anchor_peers.push(("127.0.0.1".to_owned(), 7150));
        spec.application_organizations.push(organization);
    }
    let certificate = fs::read(golden("ordererOrganizations/orderer.example/server.crt"))?;
    spec.consenters.push(ConsenterSpec {
        host: "127.0.0.1".to_owned(),
        port: 7050,
        client_tls_cert: certificate.clone(),
        server_tls_cert: certificate,
    });
    spec.let_readers_evaluate();
    Ok(genesis_block(&spec)?)
}

#[test]
fn a_genesis_block_of_configtxgen_is_read() -> Outcome {
    let block = theirs()?;
    assert_eq!(
        block.header.as_ref().ok_or("no header")?.data_hash,
        block::data_hash(block.data.as_ref().ok_or("no data")?)
    );
    let config = ChannelConfig::from_genesis_block(&block)?;
    assert_eq!(config.channel_id(), "trade");
    assert!(config.has_channel_capability("V3_0"));
    assert_eq!(config.acl("peer/Propose"), Some("/Channel/Application/Proposers"));
    assert_eq!(config.orderer_endpoints()[0].address, "127.0.0.1:7050");
    assert!(config.policy("/Channel/Application/LifecycleEndorsement").exists());
    Ok(())
}

#[test]
fn the_same_description_gives_the_same_configuration() -> Outcome {
    let (ours, theirs) = (ours()?, theirs()?);
    let ours_read = ChannelConfig::from_genesis_block(&ours)?;
    let theirs_read = ChannelConfig::from_genesis_block(&theirs)?;
    // Values inside a configuration are bytes, so this compares every one of them bit by bit.
    assert_eq!(ours_read.config(), theirs_read.config());
    assert_eq!(ours.metadata, theirs.metadata);
    Ok(())
}

#[test]
fn identities_of_cryptogen_have_their_roles() -> Outcome {
    let config = ChannelConfig::from_genesis_block(&theirs()?)?;
    for (msp_id, file, role) in [
        ("AMSP", "peerOrganizations/a.example/user.pem", Role::Client),
        ("AMSP", "peerOrganizations/a.example/admin.pem", Role::Admin),
        ("AMSP", "peerOrganizations/a.example/peer.pem", Role::Peer),
        ("OrdererMSP", "ordererOrganizations/orderer.example/orderer.pem", Role::Orderer),
    ] {
        let id_bytes = fs::read(golden(file))?;
        // What we write of a certificate is what Go writes.
        assert_eq!(Certificate::from_pem(&id_bytes)?.pem(), id_bytes);
        let creator = SerializedIdentity { mspid: msp_id.to_owned(), id_bytes }.encode_to_vec();
        let identity = config.msps().deserialize(&creator)?;
        assert_eq!(config.msps().validate(&identity)?, role, "{file}");
    }
    Ok(())
}
