//! An organization at hand: its identities, and its peers as far as they can be called.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use fabric_client::{Connection, EndorserClient, Gateway, version};
use fabric_msp::signer::{Signer, SigningIdentity};
use fabric_protos::protos::ChannelQueryResponse;
use prost::Message;

use super::{
    description::Described,
    finding::{Report, Step},
    peer::Peer,
    probe::probe,
};
use crate::{
    ask::{Unanswered, ask},
    lifecycle::Administrator,
    terms::Terms,
};

/// How long a connection to a peer that shows the right certificate may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long a peer's operations endpoint may take.
const OPERATIONS_PATIENCE: Duration = Duration::from_secs(2);
/// What is said of an MSP folder that cannot be used.
const FOLDER_ADVICE: &str = "Give the MSP folder with signcerts and keystore: with cryptogen users/Admin@DOMAIN/msp, \
                             with Fabric CA what `fabric-ca-client enroll -M` has written.";

/// An organization whose administrator can act.
pub struct Member {
    /// What the user said of it.
    pub described: Described,
    /// Its administrator at its peers that have joined the channel.
    pub administrator: Administrator,
    /// The peer that is asked first; it has joined the channel.
    pub peer: Peer,
    /// Its other peers that have joined the channel, in the order in which they were named.
    pub further_peers: Vec<Peer>,
    /// Who asks in its name: the user when one is named, or else the administrator.
    pub asking: Gateway,
}

impl Member {
    /// Whether its peers endorse by these terms.
    pub(super) fn endorses(&self, terms: &Terms) -> bool {
        terms.endorsing.contains(&self.described.msp_id)
    }
}

/// Those whose peers endorse. The lifecycle is asked and told by the first of them: an organization that only reads may
/// do neither.
pub(super) fn endorsing<'m>(members: &'m [Member], terms: &'m Terms) -> impl Iterator<Item = &'m Member> {
    members.iter().filter(|member| member.endorses(terms))
}

/// An organization of which at least one peer has joined the channel.
pub(super) struct Joined<'a> {
    pub(super) described: &'a Described,
    pub(super) admin: Arc<dyn Signer>,
    pub(super) user: Option<Arc<dyn Signer>>,
    /// Those that have joined; never empty.
    pub(super) peers: Vec<Connection>,
    first: Peer,
    further: Vec<Peer>,
    channel: String,
}

impl Joined<'_> {
    /// Its gateway's peer, called as the administrator.
    pub(super) fn as_admin(&self) -> Gateway {
        Gateway::new(self.peers[0].clone(), Arc::clone(&self.admin))
    }

    /// Its gateway's peer, called as the user, or as the administrator when no user is named.
    pub(super) fn as_user(&self) -> Gateway {
        Gateway::new(self.peers[0].clone(), Arc::clone(self.user.as_ref().unwrap_or(&self.admin)))
    }

    pub(super) fn into_member(self) -> Member {
        let asking = self.as_user();
        let administrator = Administrator::new(&self.channel, Arc::clone(&self.admin), self.peers);
        let described = self.described.clone();
        Member { described, administrator, peer: self.first, further_peers: self.further, asking }
    }
}

/// Reads an organization's identities and calls its peers; `None` when none of them serves the channel.
pub(super) async fn join<'a>(described: &'a Described, channel: &str, report: &mut Report) -> Option<Joined<'a>> {
    let msp_id = &described.msp_id;
    let admin = identity(msp_id, &described.admin, report)?;
    let user = match &described.user {
        Some(folder) => Some(identity(msp_id, folder, report)?),
        None => None,
    };
    let mut peers = Vec::new();
    let mut serving = Vec::new();
    for peer in &described.peers {
        if probe(peer, report).await
            && let Some(connection) = open(peer, report).await
            && has_joined(peer, msp_id, &connection, &admin, channel, report).await
        {
            tell_version(peer, report).await;
            peers.push(connection);
            serving.push(peer.clone());
        }
    }
    let mut serving = serving.into_iter();
    let (first, further) = (serving.next()?, serving.collect());
    Some(Joined { described, admin, user, peers, first, further, channel: channel.to_owned() })
}

fn identity(msp_id: &str, folder: &Path, report: &mut Report) -> Option<Arc<dyn Signer>> {
    let about = format!("{msp_id} {}", folder.display());
    let signer = match SigningIdentity::from_msp_directory(msp_id, folder) {
        Ok(signer) => signer,
        Err(error) => {
            report.failed(Step::Identity, about, error.to_string(), FOLDER_ADVICE);
            return None;
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().cast_signed();
    let certificate = signer.certificate();
    if certificate.is_expired(now) {
        let found = format!("the certificate of {} has expired, and peers refuse it", certificate.subject());
        report.failed(Step::Identity, about, found, "Enroll it again with the organization's certificate authority.");
        return None;
    }
    report.held(Step::Identity, about, certificate.subject().to_string());
    Some(Arc::new(signer))
}

async fn open(peer: &Peer, report: &mut Report) -> Option<Connection> {
    match Connection::open(&peer.address.to_string(), peer.tls(), CONNECT_PATIENCE).await {
        Ok(connection) => Some(connection),
        Err(error) => {
            let advice = peer.client_advice();
            report.failed(Step::Tls, &peer.name, format!("no gRPC comes about: {error}"), advice);
            None
        }
    }
}

async fn has_joined(
    peer: &Peer,
    msp_id: &str,
    connection: &Connection,
    admin: &Arc<dyn Signer>,
    channel: &str,
    report: &mut Report,
) -> bool {
    let (client, gateway) =
        (EndorserClient::new(connection.clone()), Gateway::new(connection.clone(), Arc::clone(admin)));
    let answer = match ask(&client, &gateway.contract("", "cscc"), "GetChannels", None).await {
        Ok(answer) => answer,
        Err(Unanswered::Denied(said)) => {
            let advice = "Either the peer belongs to another organization than the identity, or the organization's \
                          authority did not issue it. Compare CORE_PEER_LOCALMSPID with the MSP id, and the issuer of \
                          the certificate with cacerts of the peer's MSP folder.";
            let found = format!("the peer does not take the identity for one of its {msp_id}: {said}");
            report.failed(Step::Membership, &peer.name, found, advice);
            return false;
        }
        Err(error) => {
            let advice = format!(
                "The connection is there, and what answers is no peer, or a peer that is starting or stopping: look into \
                 its log. {}",
                peer.client_advice()
            );
            let found = format!("the peer does not tell its channels: {error}");
            report.failed(Step::Membership, &peer.name, found, &advice);
            return false;
        }
    };
    let joined = ChannelQueryResponse::decode(answer.as_slice()).unwrap_or_default().channels;
    if joined.iter().any(|one| one.channel_id == channel) {
        report.held(Step::Membership, &peer.name, format!("the peer of {msp_id} has joined {channel}"));
        return true;
    }
    let names: Vec<&str> = joined.iter().map(|one| one.channel_id.as_str()).take(20).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let advice = format!(
        "With the peer's operator: `peer channel fetch 0 {channel}.block -c {channel} -o ORDERER:PORT --tls --cafile \
         ORDERER_TLS_CA` and `peer channel join -b {channel}.block`. Where the channel has another name, give that."
    );
    report.failed(
        Step::Membership,
        &peer.name,
        format!("the peer has not joined {channel}; its channels: {names}"),
        &advice,
    );
    false
}

async fn tell_version(peer: &Peer, report: &mut Report) {
    let Some(operations) = &peer.operations else { return };
    match version(&operations.to_string(), OPERATIONS_PATIENCE).await {
        Ok(version) => report.held(Step::Version, &peer.name, format!("Fabric {version}")),
        Err(error) => {
            let advice = "The peer's operations endpoint is CORE_OPERATIONS_LISTENADDRESS; without TLS it tells GET \
                          /version. It is not needed otherwise.";
            report.open(Step::Version, &peer.name, error.to_string(), advice);
        }
    }
}
