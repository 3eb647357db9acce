//! What the peers of a network that others run say of themselves: which of them answer, their channels, how high their
//! ledgers are, and which chaincode is defined there. Each peer is asked itself, past its gateway; nothing is changed.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
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
    /// Of how many further channels, behind these in the order, it was not asked.
    pub left_out: usize,
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
///
/// # Errors
/// An identity cannot be used. A peer that does not answer is an answer.
pub async fn status(organizations: &[Described]) -> Result<Vec<PeerStatus>> {
    let mut each = Vec::new();
    for Described { msp_id, admin, peers, .. } in organizations {
        let signer = SigningIdentity::from_msp_directory(msp_id, admin);
        let signer: Arc<dyn Signer> =
            Arc::new(signer.with_context(|| format!("{msp_id}: {} cannot be used", admin.display()))?);
        each.extend(peers.iter().map(|peer| of_peer(msp_id, Arc::clone(&signer), peer)));
    }
    Ok(join_all(each).await)
}

async fn of_peer(msp_id: &str, signer: Arc<dyn Signer>, peer: &Peer) -> PeerStatus {
    let ((channels, left_out), silent) = match channels(signer, peer).await {
        Ok(told) => (told, None),
        Err(said) => ((Vec::new(), 0), Some(printable(&said))),
    };
    let (peer, address) = (peer.name.clone(), peer.address.to_string());
    PeerStatus { msp_id: msp_id.to_owned(), peer, address, channels, left_out, silent }
}

/// What a peer says of its channels, and of how many it was not asked.
async fn channels(signer: Arc<dyn Signer>, peer: &Peer) -> Result<(Vec<ChannelStatus>, usize), String> {
    let connection = Connection::open(&peer.address.to_string(), peer.tls(), CONNECT_PATIENCE).await;
    let connection = connection.map_err(|error| error.to_string())?;
    let asked = EndorserClient::new(connection.clone()).limit(ANSWER_PATIENCE);
    let gateway = Gateway::new(connection, signer);
    let answer = ask(&asked, &gateway.contract("", "cscc"), "GetChannels", None).await;
    let joined = read::<ChannelQueryResponse>(answer)?.channels;
    let (names, left_out) = asked_about(joined.into_iter().map(|one| one.channel_id).collect());
    Ok((join_all(names.iter().map(|name| of_channel(&asked, &gateway, name))).await, left_out))
}

/// The first channels by their names, and how many more there are.
fn asked_about(mut names: Vec<String>) -> (Vec<String>, usize) {
    names.sort();
    let left_out = names.len().saturating_sub(CHANNELS_MAX);
    names.truncate(CHANNELS_MAX);
    (names, left_out)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consortium::Role;

    #[tokio::test]
    async fn an_identity_that_cannot_be_used_is_not_told_of_a_peer() {
        let described = Described {
            msp_id: "BankMSP".into(),
            peers: Vec::new(),
            admin: "/nowhere".into(),
            user: None,
            role: Role::Enterprise,
            package: None,
            tls_client: None,
        };
        let error = status(&[described]).await.expect_err("there is no such folder");
        assert!(error.to_string().starts_with("BankMSP: /nowhere cannot be used"), "{error:#}");
    }

    #[test]
    fn channels_are_left_out_by_their_names_and_counted() {
        let names = |count: usize| (0..count).rev().map(|number| format!("c{number:03}")).collect::<Vec<String>>();
        let (asked, left_out) = asked_about(names(CHANNELS_MAX + 2));
        assert_eq!((asked.len(), left_out), (CHANNELS_MAX, 2));
        assert_eq!((asked[0].as_str(), asked[CHANNELS_MAX - 1].as_str()), ("c000", "c099"));
        assert_eq!(asked_about(names(2)), (vec!["c000".to_owned(), "c001".to_owned()], 0));
    }
}
