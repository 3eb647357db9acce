//! Discovery as Fabric's own clients use it. What is asserted about answers holds for Fabric's peers as well; only the
//! names and addresses are this fixture's.

use std::{collections::BTreeMap, error::Error, time::Duration};

use fabric_msp::{
    hash::sha256,
    signer::{Signer, SigningIdentity},
    transport::{self, ClientTls},
};
use fabric_protos::{
    discovery::{
        AuthInfo, ChaincodeQuery, ConfigQuery, EndorsementDescriptor, LocalPeerQuery, Peer, PeerMembershipQuery, Peers,
        Query, Request, SignedRequest, discovery_client::DiscoveryClient, query, query_result::Result as Answer,
    },
    gossip::{GossipMessage, Properties, gossip_message::Content},
    msp::SerializedIdentity,
    protos::{ChaincodeCall, ChaincodeInterest},
};
use openssl::x509::X509;
use prost::Message;
use tonic::{Code, Status, transport::Channel};

use crate::{chaincode::FakeChaincode, client::expect, fixture::*};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

/// A client with a TLS certificate of its own, to which its requests are bound.
struct Client {
    connection: Channel,
    certificate_hash: Vec<u8>,
}

impl Client {
    async fn of(fixture: &Fixture, organization: &Organization) -> Result<Self, Box<dyn Error>> {
        let network = fixture.network.as_ref().ok_or("not running")?;
        let tls = organization.folder.node("peer0").join("tls");
        let (certificate, key) = (std::fs::read(tls.join("server.crt"))?, std::fs::read(tls.join("server.key"))?);
        let certificate_hash = sha256(&X509::from_pem(&certificate)?.to_der()?).to_vec();
        let tls = ClientTls {
            ca_pem: std::fs::read(tls.join("ca.crt"))?,
            identity: Some((certificate, key)),
            ..ClientTls::default()
        };
        let address = network.peer_address(&organization.msp_id).ok_or("no address")?;
        let connection = transport::connect(address, Some(&tls), Duration::from_secs(5)).await?;
        Ok(Self { connection, certificate_hash })
    }

    /// Asks one question as an identity; the answer may be an error's text.
    async fn ask(&self, signer: &SigningIdentity, channel: &str, query: query::Query) -> Result<Answer, Status> {
        let query = Query { channel: channel.to_owned(), query: Some(query) };
        let request = request(signer, self.certificate_hash.clone(), vec![query]);
        let answer = DiscoveryClient::new(self.connection.clone()).discover(request).await?.into_inner();
        let first = answer.results.into_iter().next().and_then(|result| result.result);
        first.ok_or_else(|| Status::internal("no answer"))
    }

    async fn refused(&self, signer: &SigningIdentity, channel: &str, query: query::Query, text: &str) -> Outcome {
        match self.ask(signer, channel, query).await? {
            Answer::Error(error) if error.content == text => Ok(()),
            other => Err(format!("expected {text}, got {other:?}").into()),
        }
    }

    async fn peers(
        &self,
        signer: &SigningIdentity,
        filter: Option<ChaincodeInterest>,
    ) -> Result<BTreeMap<String, Peers>, Box<dyn Error>> {
        match self.ask(signer, CHANNEL, query::Query::PeerQuery(PeerMembershipQuery { filter })).await? {
            Answer::Members(found) => Ok(found.peers_by_org),
            other => Err(format!("{other:?}").into()),
        }
    }

    async fn descriptor(
        &self,
        signer: &SigningIdentity,
        calls: Vec<ChaincodeCall>,
    ) -> Result<EndorsementDescriptor, Box<dyn Error>> {
        match self.ask(signer, CHANNEL, interests(calls)).await? {
            Answer::CcQueryRes(found) => Ok(found.content.into_iter().next().ok_or("no descriptor")?),
            other => Err(format!("{other:?}").into()),
        }
    }
}

fn request(signer: &SigningIdentity, client_tls_cert_hash: Vec<u8>, queries: Vec<Query>) -> SignedRequest {
    let authentication = Some(AuthInfo { client_identity: signer.creator().to_vec(), client_tls_cert_hash });
    let payload = Request { authentication, queries }.encode_to_vec();
    let signature = signer.sign(&payload).expect("a signature");
    SignedRequest { payload, signature }
}

fn interests(chaincodes: Vec<ChaincodeCall>) -> query::Query {
    query::Query::CcQuery(ChaincodeQuery { interests: vec![ChaincodeInterest { chaincodes }] })
}

fn call(name: &str, collections: &[&str]) -> ChaincodeCall {
    let collection_names = collections.iter().map(|name| (*name).to_owned()).collect();
    ChaincodeCall { name: name.to_owned(), collection_names, ..ChaincodeCall::default() }
}

/// What Fabric's client checks of a peer, and what the peer says of the channel.
fn check(peer: &Peer, in_channel: bool) -> Result<(String, String, Option<Properties>), Box<dyn Error>> {
    let identity = SerializedIdentity::decode(&*peer.identity)?;
    let pki_id = sha256(&[identity.mspid.as_bytes(), &identity.id_bytes].concat()).to_vec();
    let key = X509::from_pem(&identity.id_bytes)?.public_key()?;
    let open = |envelope: &Option<fabric_protos::gossip::Envelope>| -> Result<Content, Box<dyn Error>> {
        let envelope = envelope.as_ref().ok_or("no envelope")?;
        assert!(envelope.secret_envelope.is_none(), "inner addresses are nobody's business");
        let mut verifier = openssl::sign::Verifier::new(openssl::hash::MessageDigest::sha256(), &key)?;
        assert!(verifier.verify_oneshot(&envelope.signature, &envelope.payload)?, "not signed by the peer");
        Ok(GossipMessage::decode(&*envelope.payload)?.content.ok_or("no content")?)
    };
    let Content::AliveMsg(alive) = open(&peer.membership_info)? else { return Err("not an alive message".into()) };
    let member = alive.membership.ok_or("no membership")?;
    assert!(member.pki_id == pki_id && alive.timestamp.is_some());
    if !in_channel {
        assert!(peer.state_info.is_none());
        return Ok((identity.mspid, member.endpoint, None));
    }
    let Content::StateInfo(state) = open(&peer.state_info)? else { return Err("not a state info message".into()) };
    assert_eq!(state.channel_mac, sha256(&[&pki_id, CHANNEL.as_bytes()].concat()));
    assert!(state.pki_id == pki_id && state.timestamp.is_some());
    Ok((identity.mspid, member.endpoint, Some(state.properties.ok_or("no properties")?)))
}

fn names(peers: &BTreeMap<String, Peers>) -> Vec<(&str, usize)> {
    peers.iter().map(|(msp_id, peers)| (msp_id.as_str(), peers.peers.len())).collect()
}

/// A descriptor with organizations in place of groups: for each layout how many of each, in order.
fn layouts(descriptor: &EndorsementDescriptor) -> Vec<String> {
    let organization = |group: &String| {
        let peers = descriptor.endorsers_by_groups.get(group).map_or(&[][..], |peers| &peers.peers);
        let name = |peer: &Peer| SerializedIdentity::decode(&*peer.identity).unwrap().mspid.replace("MSP", "");
        peers.iter().map(name).collect::<Vec<_>>().join("/")
    };
    let text = |layout: &fabric_protos::discovery::Layout| {
        let mut groups: Vec<String> = layout
            .quantities_by_group
            .iter()
            .map(|(group, count)| format!("{count} {}", organization(group)))
            .collect();
        groups.sort();
        groups.join(", ")
    };
    let mut found: Vec<String> = descriptor.layouts.iter().map(text).collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_bound_to_identity_and_role_and_to_no_connection() -> Outcome {
    let fixture = Fixture::start().await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    let client = Client::of(&fixture, org1).await?;
    let local = || query::Query::LocalPeers(LocalPeerQuery {});
    let config = || query::Query::ConfigQuery(ConfigQuery {});
    // As Fabric's peers, which never compare the hash with the certificate.
    let mut discovery = DiscoveryClient::new(org1.connection.clone());
    discovery.discover(request(&org1.user, Vec::new(), Vec::new())).await?;
    let mut discovery = DiscoveryClient::new(client.connection.clone());
    discovery.discover(request(&org1.user, vec![1; 32], Vec::new())).await?;
    let nobody = SignedRequest { payload: Request::default().encode_to_vec(), signature: Vec::new() };
    let nobody = discovery.discover(nobody).await;
    expect("nobody", nobody.map(drop), Code::Unknown, "access denied, no authentication info in request");
    let mut forged = request(
        &org1.user,
        client.certificate_hash.clone(),
        vec![Query { channel: CHANNEL.into(), query: Some(config()) }],
    );
    forged.signature = org1.admin.sign(&forged.payload)?;
    let forged = discovery.discover(forged).await?.into_inner().results;
    assert!(matches!(&forged[0].result, Some(Answer::Error(error)) if error.content == "access denied"), "{forged:?}");
    client.refused(&org1.user, "side", config(), "access denied").await?;
    client.refused(&org1.user, "", local(), "access denied").await?;
    client.refused(&org2.admin, "", local(), "access denied").await?;
    client.refused(&org1.admin, "", config(), "unknown or missing request type").await?;
    client.refused(&org1.user, CHANNEL, local(), "unknown or missing request type").await?;
    // Members of other organizations may ask about the channel.
    assert!(matches!(client.ask(&org2.user, CHANNEL, config()).await?, Answer::ConfigResult(_)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configuration_and_peers_are_told() -> Outcome {
    let fixture = Fixture::start().await?;
    let org1 = fixture.org(1);
    let client = Client::of(&fixture, org1).await?;
    let answer = client.ask(&org1.user, CHANNEL, query::Query::ConfigQuery(ConfigQuery {})).await?;
    let Answer::ConfigResult(config) = answer else { return Err(format!("{answer:?}").into()) };
    assert_eq!(config.msps.keys().collect::<Vec<_>>(), ["OrdererMSP", "Org1MSP", "Org2MSP", "Org3MSP"]);
    assert!(config.msps.iter().all(|(msp_id, msp)| msp.name == *msp_id && !msp.root_certs.is_empty()));
    let orderer = &config.orderers["OrdererMSP"].endpoint[0];
    assert_eq!((config.orderers.len(), orderer.host.as_str(), orderer.port), (1, "127.0.0.1", 7050));

    let answer = client.ask(&org1.admin, "", query::Query::LocalPeers(LocalPeerQuery {})).await?;
    let Answer::Members(found) = answer else { return Err(format!("{answer:?}").into()) };
    let found = found.peers_by_org;
    assert_eq!(names(&found), [("Org1MSP", 1), ("Org2MSP", 1), ("Org3MSP", 1)]);
    let network = fixture.network.as_ref().ok_or("not running")?;
    for (msp_id, peers) in &found {
        let (identity, endpoint, _) = check(&peers.peers[0], false)?;
        assert_eq!((&identity, Some(endpoint.as_str())), (msp_id, network.peer_address(msp_id)));
    }

    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    // Every peer takes its blocks by itself.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let found = loop {
        let found = client.peers(&org1.user, None).await?;
        let mut heights = Vec::new();
        for peers in found.values() {
            heights.push(check(&peers.peers[0], true)?.2.ok_or("no properties")?.ledger_height);
        }
        if heights.iter().all(|height| *height == 5) || std::time::Instant::now() > deadline {
            break found;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(names(&found), [("Org1MSP", 1), ("Org2MSP", 1), ("Org3MSP", 1)]);
    for peers in found.values() {
        let (_, _, properties) = check(&peers.peers[0], true)?;
        let properties = properties.ok_or("no properties")?;
        let chaincodes: Vec<_> =
            properties.chaincodes.iter().map(|one| (one.name.as_str(), one.version.as_str())).collect();
        assert_eq!((chaincodes, properties.ledger_height), (vec![("conf", "1"), ("_lifecycle", "1")], 5));
    }
    // One that is away or that has not joined is not shown.
    network.peer_faults("Org2MSP").ok_or("no peer")?.drop_out();
    assert_eq!(names(&client.peers(&org1.user, None).await?), [("Org1MSP", 1), ("Org2MSP", 0), ("Org3MSP", 1)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn descriptors_follow_policies_collections_and_what_peers_can_run() -> Outcome {
    let fixture = Fixture::start().await?;
    let org1 = fixture.org(1);
    let chaincode = FakeChaincode::start().await?;
    let own = collection("own", "OR('Org1MSP.member','Org2MSP.member')");
    let mut strict = collection("strict", "OR('Org2MSP.member','Org3MSP.member')");
    strict.endorsement_policy = Some(application_policy("AND('Org2MSP.peer','Org3MSP.peer')"));
    let two = "OutOf(2,'Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";
    let definition = Definition { collections: vec![own, strict], ..Definition::new("conf", Some(two)) };
    let package_id = fixture.deploy(&chaincode, &definition).await?;
    // Only the first organization has this one.
    let first = Definition::new("first", Some(ANY_ORG));
    for number in [1, 2, 3] {
        fixture.approve(fixture.org(number), &first, if number == 1 { &package_id } else { "" }).await?;
    }
    fixture.commit(&first).await?;
    fixture.define(&Definition::new("third", Some("OR('Org3MSP.peer')")), &package_id).await?;

    let client = Client::of(&fixture, org1).await?;
    let found = async |calls: Vec<ChaincodeCall>| -> Result<Vec<String>, Box<dyn Error>> {
        let descriptor = client.descriptor(&org1.user, calls).await?;
        for peer in descriptor.endorsers_by_groups.values().flat_map(|peers| &peers.peers) {
            check(peer, true)?;
        }
        Ok(layouts(&descriptor))
    };
    let pairs = ["1 Org1, 1 Org2", "1 Org1, 1 Org3", "1 Org2, 1 Org3"];
    assert_eq!(found(vec![call("conf", &[])]).await?, pairs);
    assert_eq!(found(vec![call("first", &[])]).await?, ["1 Org1"]);
    // Endorsers keep the collections, unless nothing is read from them.
    assert_eq!(found(vec![call("conf", &["own"])]).await?, ["1 Org1, 1 Org2"]);
    let blind = ChaincodeCall { no_private_reads: true, ..call("conf", &["own"]) };
    assert_eq!(found(vec![blind]).await?, pairs);
    assert_eq!(found(vec![call("conf", &["strict"])]).await?, ["1 Org2, 1 Org3"]);
    assert_eq!(found(vec![call("conf", &["_implicit_org_Org1MSP"])]).await?, ["1 Org1"]);
    // One chaincode that calls another: both policies, and peers that can run both.
    assert_eq!(found(vec![call("conf", &[]), call("third", &[])]).await?, ["1 Org1, 1 Org3", "1 Org2, 1 Org3"]);
    assert!(found(vec![call("conf", &[]), call("first", &[])]).await.is_err());
    let runs_both = ChaincodeInterest { chaincodes: vec![call("conf", &[]), call("first", &[])] };
    let able = client.peers(&org1.user, Some(runs_both)).await?;
    assert_eq!(names(&able), [("Org1MSP", 1), ("Org2MSP", 0), ("Org3MSP", 0)]);
    // What is written by keys alone needs the keys' policies alone.
    let key = fabric_msp::policy::parse("OR('Org3MSP.peer')")?;
    let by_key = ChaincodeCall { key_policies: vec![key], disregard_namespace_policy: true, ..call("conf", &[]) };
    assert_eq!(found(vec![by_key]).await?, ["1 Org3"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_endorsed_is_refused() -> Outcome {
    let fixture = Fixture::start().await?;
    let org1 = fixture.org(1);
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some("AND('Org1MSP.peer','Org1MSP.peer')"))).await?;
    let client = Client::of(&fixture, org1).await?;
    for (query, text) in [
        (interests(vec![call("none", &[])]), "failed constructing descriptor for chaincodes:{name:\"none\"}"),
        (
            interests(vec![call("conf", &["none"])]),
            "failed constructing descriptor for chaincodes:{name:\"conf\" collection_names:\"none\"}",
        ),
        (interests(vec![call("conf", &[])]), "failed constructing descriptor for chaincodes:{name:\"conf\"}"),
        (interests(vec![call("", &[])]), "chaincode name in interest cannot be empty"),
        (interests(Vec::new()), "chaincode interest must contain at least one chaincode"),
        (query::Query::CcQuery(ChaincodeQuery::default()), "chaincode query must have at least one chaincode interest"),
        (
            query::Query::PeerQuery(PeerMembershipQuery {
                filter: Some(ChaincodeInterest { chaincodes: vec![call("none", &[])] }),
            }),
            "No metadata was found for chaincode none in channel conf",
        ),
    ] {
        client.refused(&org1.user, CHANNEL, query, text).await?;
    }
    Ok(())
}
