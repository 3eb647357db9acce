//! What the peers of a network that others run say of themselves: which of them answer, their channels, how high their
//! ledgers are, and which chaincode is defined there. Each peer is asked itself, past its gateway; nothing is changed.

use std::{sync::Arc, time::Duration};

use fabric_client::{Connection, EndorserClient, Gateway};
use fabric_msp::signer::{Signer, SigningIdentity};
use fabric_protos::{
    common::BlockchainInfo,
    lifecycle::{QueryChaincodeDefinitionsArgs, QueryChaincodeDefinitionsResult},
    protos::ChannelQueryResponse,
};
use futures_util::future::join_all;
use prost::Message;
use serde::Serialize;

use super::{description::Described, finding::printable, peer::Peer};
use crate::{
    ask::{Unanswered, ask},
    lifecycle::LIFECYCLE,
};

/// How long a connection to a peer may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// Most channels of a peer that are asked about.
const CHANNELS_MAX: usize = 100;

/// What one peer says.
#[derive(Debug, Clone, Serialize)]
pub struct PeerStatus {
    /// Its organization.
    pub msp_id: String,
    /// Its name, as the profile has it, or its address.
    pub peer: String,
    /// Where it was called.
    pub address: String,
    /// Its channels, in the order of their names; empty when it does not tell them.
    pub channels: Vec<ChannelStatus>,
    /// Why it does not tell its channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent: Option<String>,
}

/// What a peer says of a channel.
#[derive(Debug, Clone, Serialize)]
pub struct ChannelStatus {
    /// The channel.
    pub channel: String,
    /// How many blocks it has of it.
    pub height: Option<u64>,
    /// The definitions that are committed there, in the order of their names.
    pub chaincodes: Vec<ChaincodeStatus>,
    /// What it does not tell, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

/// A chaincode's definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChaincodeStatus {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Which definition of this name it is, from 1.
    pub sequence: i64,
}

/// Asks all peers at once, each organization's in the name of the identity that is described as its administrator; any
/// member will do.
pub async fn status(organizations: &[Described]) -> Vec<PeerStatus> {
    let each = organizations.iter().flat_map(|one| one.peers.iter().map(move |peer| (one, peer)));
    join_all(each.map(|(organization, peer)| of_peer(organization, peer))).await
}

async fn of_peer(organization: &Described, peer: &Peer) -> PeerStatus {
    let (channels, silent) = match channels(organization, peer).await {
        Ok(channels) => (channels, None),
        Err(said) => (Vec::new(), Some(printable(&said))),
    };
    let Described { msp_id, .. } = organization;
    PeerStatus { msp_id: msp_id.clone(), peer: peer.name.clone(), address: peer.address.to_string(), channels, silent }
}

async fn channels(organization: &Described, peer: &Peer) -> Result<Vec<ChannelStatus>, String> {
    let signer = SigningIdentity::from_msp_directory(&organization.msp_id, &organization.admin);
    let signer: Arc<dyn Signer> = Arc::new(signer.map_err(|error| error.to_string())?);
    let connection = Connection::open(&peer.address.to_string(), peer.tls(), CONNECT_PATIENCE).await;
    let connection = connection.map_err(|error| error.to_string())?;
    let asked = EndorserClient::new(connection.clone()).limit(ANSWER_PATIENCE);
    let gateway = Gateway::new(connection, signer);
    let answer = ask(&asked, &gateway.contract("", "cscc"), "GetChannels", None).await;
    let joined = read::<ChannelQueryResponse>(answer)?.channels;
    let mut names: Vec<String> = joined.into_iter().map(|one| one.channel_id).take(CHANNELS_MAX).collect();
    names.sort();
    Ok(join_all(names.iter().map(|name| of_channel(&asked, &gateway, name))).await)
}

async fn of_channel(peer: &EndorserClient, gateway: &Gateway, channel: &str) -> ChannelStatus {
    let mut refused = Vec::new();
    let chain = gateway.contract(channel, "qscc");
    let answer = ask(peer, &chain, "GetChainInfo", Some(channel.into())).await;
    let height = kept(read::<BlockchainInfo>(answer), "the height", &mut refused).map(|info| info.height);
    let lifecycle = gateway.contract(channel, LIFECYCLE);
    let question = QueryChaincodeDefinitionsArgs {}.encode_to_vec();
    let answer = ask(peer, &lifecycle, "QueryChaincodeDefinitions", Some(question)).await;
    let defined = kept(read::<QueryChaincodeDefinitionsResult>(answer), "the definitions", &mut refused);
    let mut chaincodes: Vec<ChaincodeStatus> = defined
        .unwrap_or_default()
        .chaincode_definitions
        .into_iter()
        .map(|one| ChaincodeStatus {
            name: printable(&one.name),
            version: printable(&one.version),
            sequence: one.sequence,
        })
        .collect();
    chaincodes.sort_by(|left, right| left.name.cmp(&right.name));
    ChannelStatus { channel: printable(channel), height, chaincodes, refused }
}

fn read<T: Message + Default>(answer: Result<Vec<u8>, Unanswered>) -> Result<T, String> {
    T::decode(answer.map_err(|error| error.to_string())?.as_slice()).map_err(|error| error.to_string())
}

/// What was told, or nothing and a note of why.
fn kept<T>(answer: Result<T, String>, what: &str, refused: &mut Vec<String>) -> Option<T> {
    answer.map_err(|said| refused.push(printable(&format!("{what}: {said}")))).ok()
}
