//! The discovery service: what a peer tells its clients about a channel.

use std::{collections::BTreeMap, time::Duration};

use fabric_msp::{
    hash::sha256,
    transport::{self, ClientTls},
};
use fabric_protos::{
    discovery::{
        AuthInfo, ChaincodeQuery, ConfigQuery, EndorsementDescriptor, Layout, LocalPeerQuery, Peer,
        PeerMembershipQuery, Peers, Query, Request, SignedRequest, discovery_client::DiscoveryClient, query,
        query_result::Result as Answer,
    },
    gossip::{Envelope, GossipMessage, Properties, gossip_message::Content},
    msp::SerializedIdentity,
    protos::{ChaincodeCall, ChaincodeInterest},
};
use openssl::{hash::MessageDigest, sign::Verifier, x509::X509};
use tonic::transport::Channel;

use super::tools::*;
use crate::{
    ask::Refusal,
    network::{CHANNEL, Site},
};

/// A client of the first organization's peer with a TLS certificate, to which its requests are bound.
struct Client {
    net: N,
    connection: Channel,
    certificate_hash: Vec<u8>,
}

impl Client {
    fn new(net: N) -> Result<Self> {
        let Site { layout, addresses, .. } = net.network().site();
        let tls = layout.user(&Site::domain(1), "User1").join("tls");
        let (certificate, key) = (std::fs::read(tls.join("client.crt"))?, std::fs::read(tls.join("client.key"))?);
        let certificate_hash = sha256(&X509::from_pem(&certificate)?.to_der()?).to_vec();
        let ca_pem = std::fs::read(layout.tls_authority(&Site::domain(1)))?;
        let tls = ClientTls { ca_pem, identity: Some((certificate, key)), server_name: None };
        let address = addresses.peer("Org1MSP")?.endpoint.to_string();
        let connection = transport::connect_lazy(&address, Some(&tls), Duration::from_secs(10))?;
        Ok(Self { net, connection, certificate_hash })
    }

    /// Asks one question as an identity; the answer may be an error's text.
    async fn ask(&self, who: &Who, channel: &str, query: query::Query) -> Result<Answer> {
        let query = Query { channel: channel.to_owned(), query: Some(query) };
        let request = request(who, self.certificate_hash.clone(), vec![query])?;
        let answer = DiscoveryClient::new(self.connection.clone()).discover(request).await.map_err(Refusal::from)?;
        answer.into_inner().results.into_iter().next().and_then(|result| result.result).context("no answer")
    }

    async fn refused(&self, who: &Who, channel: &str, query: query::Query, text: &str) -> Result<()> {
        match self.ask(who, channel, query).await? {
            Answer::Error(error) => crate::net::contains(&error.content, text),
            other => bail!("it should be refused with «{text}», but the answer is {other:?}"),
        }
    }

    async fn peers(&self, filter: Option<ChaincodeInterest>) -> Result<BTreeMap<String, Peers>> {
        let query = query::Query::PeerQuery(PeerMembershipQuery { filter });
        match self.ask(&self.net.u(1), CHANNEL, query).await? {
            Answer::Members(found) => Ok(found.peers_by_org),
            other => bail!("no peers: {other:?}"),
        }
    }

    /// The layouts of a descriptor, in order, with organizations in place of groups: how many of each must endorse.
    async fn layouts(&self, calls: Vec<ChaincodeCall>) -> Result<Vec<String>> {
        let descriptor = match self.ask(&self.net.u(1), CHANNEL, interests(calls)).await? {
            Answer::CcQueryRes(found) => found.content.into_iter().next().context("no descriptor")?,
            other => bail!("no descriptor: {other:?}"),
        };
        for peer in descriptor.endorsers_by_groups.values().flat_map(|peers| &peers.peers) {
            checked(peer, true)?;
        }
        let mut found =
            descriptor.layouts.iter().map(|layout| in_words(&descriptor, layout)).collect::<Result<Vec<String>>>()?;
        found.sort();
        Ok(found)
    }
}

fn request(who: &Who, client_tls_cert_hash: Vec<u8>, queries: Vec<Query>) -> Result<SignedRequest> {
    let authentication = Some(AuthInfo { client_identity: who.creator().to_vec(), client_tls_cert_hash });
    let payload = Request { authentication, queries }.encode_to_vec();
    let signature = who.sign(&payload)?;
    Ok(SignedRequest { payload, signature })
}

fn config() -> query::Query {
    query::Query::ConfigQuery(ConfigQuery {})
}

fn local() -> query::Query {
    query::Query::LocalPeers(LocalPeerQuery {})
}

fn interests(chaincodes: Vec<ChaincodeCall>) -> query::Query {
    query::Query::CcQuery(ChaincodeQuery { interests: vec![ChaincodeInterest { chaincodes }] })
}

fn calling(name: &str, collections: &[&str]) -> ChaincodeCall {
    let collection_names = collections.iter().map(|name| (*name).to_owned()).collect();
    ChaincodeCall { name: name.to_owned(), collection_names, ..ChaincodeCall::default() }
}

fn in_words(descriptor: &EndorsementDescriptor, layout: &Layout) -> Result<String> {
    let mut groups = Vec::new();
    for (group, count) in &layout.quantities_by_group {
        let peers = descriptor.endorsers_by_groups.get(group).context("a layout names an unknown group")?;
        let mut organizations = Vec::new();
        for peer in &peers.peers {
            organizations.push(SerializedIdentity::decode(peer.identity.as_slice())?.mspid.replace("MSP", ""));
        }
        groups.push(format!("{count} {}", organizations.join("/")));
    }
    groups.sort();
    Ok(groups.join(", "))
}

/// What a client checks of a peer, where the peer listens, and what it says of itself on the channel.
fn checked(peer: &Peer, in_channel: bool) -> Result<(String, Option<Properties>)> {
    let identity = SerializedIdentity::decode(peer.identity.as_slice())?;
    let pki_id = sha256(&[identity.mspid.as_bytes(), &identity.id_bytes].concat()).to_vec();
    let key = X509::from_pem(&identity.id_bytes)?.public_key()?;
    let open = |envelope: &Option<Envelope>| -> Result<Content> {
        let envelope = envelope.as_ref().context("no envelope")?;
        ensure!(envelope.secret_envelope.is_none(), "inner addresses are nobody's business");
        // A peer need not sign what it says of itself to who is connected with it.
        if identity.mspid != "Org1MSP" || !envelope.signature.is_empty() {
            let mut verifier = Verifier::new(MessageDigest::sha256(), &key)?;
            ensure!(verifier.verify_oneshot(&envelope.signature, &envelope.payload)?, "not signed by the peer");
        }
        GossipMessage::decode(envelope.payload.as_slice())?.content.context("no content")
    };
    let Content::AliveMsg(alive) = open(&peer.membership_info)? else { bail!("no membership") };
    let member = alive.membership.context("no member")?;
    ensure!(member.pki_id == pki_id && alive.timestamp.is_some(), "another member's");
    if !in_channel {
        ensure!(peer.state_info.is_none(), "a peer by itself says something of a channel");
        return Ok((member.endpoint, None));
    }
    let Content::StateInfo(state) = open(&peer.state_info)? else { bail!("no state") };
    same(state.channel_mac, sha256(&[&pki_id, CHANNEL.as_bytes()].concat()).to_vec())?;
    ensure!(state.pki_id == pki_id && state.timestamp.is_some(), "another member's");
    Ok((member.endpoint, Some(state.properties.context("no properties")?)))
}

fn counts(peers: &BTreeMap<String, Peers>) -> Vec<(&str, usize)> {
    peers.iter().map(|(msp_id, peers)| (msp_id.as_str(), peers.peers.len())).collect()
}

const ALL: [(&str, usize); 3] = [("Org1MSP", 1), ("Org2MSP", 1), ("Org3MSP", 1)];

pub async fn e030_a_discovery_request_is_bound_to_identity_and_role_and_to_no_connection(net: N) -> Result<()> {
    let client = Client::new(net)?;
    let mut discovery = DiscoveryClient::new(client.connection.clone());
    // The hash of another certificate: peers have a refusal for it and never come to use it.
    discovery.discover(request(&net.u(1), vec![1; 32], Vec::new())?).await?;
    let nobody = SignedRequest { payload: Request::default().encode_to_vec(), signature: Vec::new() };
    let nobody = discovery.discover(nobody).await.map_err(Refusal::from);
    nobody.refused(Code::Unknown, "access denied, no authentication info in request")?;
    let questions = vec![Query { channel: CHANNEL.into(), query: Some(config()) }];
    let mut forged = request(&net.u(1), client.certificate_hash.clone(), questions)?;
    forged.signature = net.admin(1).sign(&forged.payload)?;
    let forged = discovery.discover(forged).await?.into_inner().results;
    ensure!(
        matches!(&forged[0].result, Some(Answer::Error(error)) if error.content == "access denied"),
        "a forged request is answered with {forged:?}"
    );
    client.refused(&net.u(1), "nochan", config(), "access denied").await?;
    client.refused(&net.u(1), "", local(), "access denied").await?;
    client.refused(&net.admin(2), "", local(), "access denied").await?;
    client.refused(&net.u(1), CHANNEL, local(), "unknown or missing request type").await?;
    client.refused(&net.admin(1), "", config(), "unknown or missing request type").await?;
    // Members of other organizations may ask about the channel.
    let answer = client.ask(&net.u(2), CHANNEL, config()).await?;
    ensure!(matches!(answer, Answer::ConfigResult(_)), "a member is answered with {answer:?}");
    Ok(())
}

pub async fn e031_discovery_tells_authorities_and_orderers(net: N) -> Result<()> {
    let Answer::ConfigResult(found) = Client::new(net)?.ask(&net.u(1), CHANNEL, config()).await? else {
        bail!("no configuration")
    };
    let msp_ids: Vec<&str> = found.msps.keys().map(String::as_str).collect();
    same(msp_ids, vec!["OrdererMSP", "Org1MSP", "Org2MSP", "Org3MSP"])?;
    ensure!(found.msps.iter().all(|(msp_id, msp)| msp.name == *msp_id && !msp.root_certs.is_empty()));
    let own = &net.network().site().addresses.orderer()?.endpoint;
    let orderers = found.orderers.get("OrdererMSP").context("no orderers")?;
    let told: Vec<String> = orderers.endpoint.iter().map(|one| format!("{}:{}", one.host, one.port)).collect();
    same(told, vec![own.to_string()])
}

pub async fn e032_discovery_tells_peers_with_what_they_signed_themselves(net: N) -> Result<()> {
    let client = Client::new(net)?;
    let Answer::Members(found) = client.ask(&net.admin(1), "", local()).await? else { bail!("no peers") };
    same(counts(&found.peers_by_org), ALL.to_vec())?;
    let addresses = &net.network().site().addresses;
    for (msp_id, peers) in &found.peers_by_org {
        same(checked(&peers.peers[0], false)?.0, addresses.peer(msp_id)?.endpoint.to_string())?;
    }
    let found = client.peers(None).await?;
    same(counts(&found), ALL.to_vec())?;
    for (msp_id, peers) in &found {
        let (endpoint, properties) = checked(&peers.peers[0], true)?;
        same(endpoint, addresses.peer(msp_id)?.endpoint.to_string())?;
        let properties = properties.context("no properties")?;
        ensure!(properties.ledger_height > 1 && !properties.left_channel, "{properties:?}");
        let conf = properties.chaincodes.iter().find(|one| one.name == "conf").context("without conf")?;
        same(conf.version.as_str(), "1")?;
    }
    // Only who can run a chaincode is shown to a client that asks for such.
    let able = ChaincodeInterest { chaincodes: vec![calling("conf", &[])] };
    same(counts(&client.peers(Some(able)).await?), ALL.to_vec())
}

pub async fn e033_a_descriptor_has_a_layout_for_every_sufficient_set_of_endorsers(net: N) -> Result<()> {
    let client = Client::new(net)?;
    let pairs = ["1 Org1, 1 Org2", "1 Org1, 1 Org3", "1 Org2, 1 Org3"];
    same(
        client.layouts(vec![calling("conf", &[])]).await?,
        ["1 Org1", "1 Org2", "1 Org3"].map(str::to_owned).to_vec(),
    )?;
    same(client.layouts(vec![calling("maj", &[])]).await?, pairs.map(str::to_owned).to_vec())?;
    same(client.layouts(vec![calling("tr", &[])]).await?, vec!["1 Org1, 1 Org3".to_owned()])?;
    // A collection with a policy of its own, one of a single member, and an organization's implicit one.
    same(client.layouts(vec![calling("conf", &["E"])]).await?, vec!["1 Org1, 1 Org2".to_owned()])?;
    same(client.layouts(vec![calling("conf", &["M"])]).await?, vec!["1 Org1".to_owned()])?;
    same(client.layouts(vec![calling("conf", &["_implicit_org_Org2MSP"])]).await?, vec!["1 Org2".to_owned()])?;
    // A chaincode that calls another: both policies.
    same(client.layouts(vec![calling("conf", &[]), calling("tr", &[])]).await?, vec!["1 Org1, 1 Org3".to_owned()])?;
    // What is written by keys alone needs the keys' policies alone.
    let key = signature_policy("OR('Org3MSP.peer')")?;
    let by_key = ChaincodeCall { key_policies: vec![key], disregard_namespace_policy: true, ..calling("maj", &[]) };
    same(client.layouts(vec![by_key]).await?, vec!["1 Org3".to_owned()])
}

pub async fn e034_what_nobody_can_endorse_has_no_descriptor(net: N) -> Result<()> {
    let client = Client::new(net)?;
    for (query, text) in [
        (interests(vec![calling("none", &[])]), "failed constructing descriptor for chaincodes:"),
        (interests(vec![calling("", &[])]), "chaincode name in interest cannot be empty"),
        (interests(Vec::new()), "chaincode interest must contain at least one chaincode"),
        (query::Query::CcQuery(ChaincodeQuery::default()), "chaincode query must have at least one chaincode interest"),
        (
            query::Query::PeerQuery(PeerMembershipQuery {
                filter: Some(ChaincodeInterest { chaincodes: vec![calling("none", &[])] }),
            }),
            "No metadata was found for chaincode none in channel conf",
        ),
    ] {
        client.refused(&net.u(1), CHANNEL, query, text).await?;
    }
    Ok(())
}
