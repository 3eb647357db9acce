//! Peers as discovery shows them: who they are, that they are there, and what they have of a channel. Peers sign what
//! is said about them, as they do on Fabric, where it comes by gossip.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::{SystemTime, UNIX_EPOCH},
};

use fabric_msp::hash::sha256;
use fabric_protos::{
    discovery::{Peer as PeerInfo, Peers},
    gossip::{
        AliveMessage, Chaincode, Envelope, GossipMessage, Member, PeerTime, Properties, StateInfo,
        gossip_message::{Content, Tag},
    },
    msp::SerializedIdentity,
};
use prost::Message;

use crate::{
    channel::Channel,
    peer::{Peer, Readiness},
    state::definition::LIFECYCLE,
};

/// When this process began, which is when its peers did; in nanoseconds since 1970.
static BEGAN: LazyLock<u64> = LazyLock::new(now);

/// Peers that are there, with what they show.
pub(super) struct Membership {
    /// Organizations that could have peers, by MSP id.
    organizations: Vec<String>,
    pub(super) peers: Vec<Shown>,
}

/// One peer.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) msp_id: String,
    /// What it can run, by name, with the sequence of the definition; nothing outside a channel.
    pub(super) chaincodes: BTreeMap<String, String>,
    pub(super) info: PeerInfo,
}

impl Membership {
    /// The peers of a channel.
    pub(super) fn of_channel(own: &Arc<Peer>, peers: &[Arc<Peer>], channel: &Channel) -> Self {
        let config = channel.config();
        let organizations = config.application_orgs().map(|organization| organization.msp_id.clone()).collect();
        let mut found = Vec::new();
        for peer in present(peers) {
            let is_own = Arc::ptr_eq(peer, own);
            let joined = peer.channel(channel.id()).filter(|joined| joined.ledger().is_same(channel.ledger()));
            // Peers of strangers are not heard by the members, only by themselves.
            if let Some(joined) = joined
                && (is_own || config.application_org(peer.msp_id()).is_some())
            {
                found.extend(show(peer, Some(&joined)));
            }
        }
        Self { organizations, peers: found }
    }

    /// The peers that a peer knows: those of organizations with which it shares a channel, and itself.
    pub(super) fn of_neighbours(own: &Arc<Peer>, peers: &[Arc<Peer>]) -> Self {
        let mut organizations = vec![own.msp_id().to_owned()];
        for channel in own.channels() {
            organizations.extend(channel.config().application_orgs().map(|one| one.msp_id.clone()));
        }
        organizations.sort();
        organizations.dedup();
        let knows = |peer: &&Arc<Peer>| organizations.iter().any(|msp_id| msp_id == peer.msp_id());
        let found = present(peers).filter(knows).filter_map(|peer| show(peer, None)).collect();
        Self { organizations, peers: found }
    }

    /// The peers by organization; organizations that have peers at all, even if none is left here, are named.
    pub(super) fn by_organization(&self) -> BTreeMap<String, Peers> {
        let of = |msp_id: &String| {
            let own = self.peers.iter().filter(|peer| peer.msp_id == *msp_id);
            (msp_id.clone(), Peers { peers: own.map(|peer| peer.info.clone()).collect() })
        };
        let mut found: BTreeMap<String, Peers> = self.organizations.iter().map(of).collect();
        found.extend(self.peers.iter().map(|peer| of(&peer.msp_id)));
        found
    }
}

fn present(peers: &[Arc<Peer>]) -> impl Iterator<Item = &Arc<Peer>> {
    peers.iter().filter(|peer| !peer.switches().is_away())
}

fn show(peer: &Peer, channel: Option<&Channel>) -> Option<Shown> {
    let pki_id = pki_id(peer.creator());
    let member = Member { endpoint: peer.address().to_owned(), metadata: Vec::new(), pki_id: pki_id.clone() };
    let alive = AliveMessage { membership: Some(member), timestamp: Some(time()), identity: Vec::new() };
    let membership_info = Some(signed(peer, Tag::Empty, Content::AliveMsg(alive))?);
    let chaincodes = channel.map(|channel| chaincodes(peer, channel)).unwrap_or_default();
    let state_info = match channel {
        None => None,
        Some(channel) => {
            let state = state(&pki_id, channel, &chaincodes);
            Some(signed(peer, Tag::ChanOrOrg, Content::StateInfo(state))?)
        }
    };
    let info = PeerInfo { state_info, membership_info, identity: peer.creator().to_vec() };
    Some(Shown { msp_id: peer.msp_id().to_owned(), chaincodes: chaincodes.into_iter().collect(), info })
}

fn state(pki_id: &[u8], channel: &Channel, chaincodes: &[(String, String)]) -> StateInfo {
    let chaincode = |(name, version): &(String, String)| Chaincode {
        name: name.clone(),
        version: version.clone(),
        metadata: Vec::new(),
    };
    let properties = Properties {
        ledger_height: channel.ledger().height(),
        left_channel: false,
        chaincodes: chaincodes.iter().map(chaincode).collect(),
    };
    StateInfo {
        timestamp: Some(time()),
        pki_id: pki_id.to_vec(),
        channel_mac: sha256(&[pki_id, channel.id().as_bytes()].concat()).to_vec(),
        properties: Some(properties),
    }
}

/// What a peer can run on a channel, each with the sequence of its definition, as Fabric's peers report it: by name,
/// and `_lifecycle` at the end.
fn chaincodes(peer: &Peer, channel: &Channel) -> Vec<(String, String)> {
    let defined = channel.ledger().definitions().unwrap_or_else(|cause| {
        tracing::error!(%cause, channel = channel.id(), "the definitions of a channel cannot be read");
        Vec::new()
    });
    let is_ready = |name: &str| matches!(peer.readiness(channel, name), Ok(Readiness::Ready { .. }));
    let mut found: Vec<(String, String)> = defined
        .into_iter()
        .filter(|definition| is_ready(&definition.name))
        .map(|definition| (definition.name, definition.sequence.to_string()))
        .collect();
    found.sort();
    found.push((LIFECYCLE.to_owned(), "1".to_owned()));
    found
}

fn signed(peer: &Peer, tag: Tag, content: Content) -> Option<Envelope> {
    let message = GossipMessage { nonce: 0, channel: Vec::new(), tag: tag as i32, content: Some(content) };
    let payload = message.encode_to_vec();
    match peer.sign(&payload) {
        Ok(signature) => Some(Envelope { payload, signature, secret_envelope: None }),
        Err(cause) => {
            tracing::error!(%cause, peer = peer.msp_id(), "a peer cannot sign what is said about it");
            None
        }
    }
}

/// Fabric's name for a peer: the hash of MSP id and certificate.
fn pki_id(creator: &[u8]) -> Vec<u8> {
    // The peer has made the identity itself.
    let SerializedIdentity { mspid, id_bytes } = SerializedIdentity::decode(creator).unwrap_or_default();
    sha256(&[mspid.as_bytes(), &id_bytes].concat()).to_vec()
}

fn time() -> PeerTime {
    let inc_num = *BEGAN;
    PeerTime { inc_num, seq_num: now() }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
