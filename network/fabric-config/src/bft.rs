//! The parts of a channel configuration that Byzantine fault tolerant consensus adds: who the consenters are and with
//! which identity each signs, the options of the protocol, and the policy that a block's signatures must satisfy.

use std::time::Duration;

use fabric_msp::certificate::Certificate;
use fabric_protos::{
    common::{
        Consenter, MspPrincipal, Orderers, SignaturePolicy, SignaturePolicyEnvelope,
        msp_principal::Classification,
        signature_policy::{NOutOf, Type},
    },
    msp::SerializedIdentity,
};
use prost::Message;

use crate::{
    draft_error::DraftError,
    duration,
    error::SpecError,
    spec::{BftSpec, ChannelCapability, ChannelSpec},
};

/// The name of the consensus in a configuration.
pub(crate) const CONSENSUS_TYPE: &str = "BFT";

/// A leader that waits so long for further requests is taken for a dead one, each time anew.
const NO_BLOCK: &str = "the batch timeout must be below the time after which nodes complain about the leader";

/// Fewer nodes cannot bear the failure of one.
const CONSENTERS_MIN: usize = 4;

/// `orderer.smartbft.Options`. Counts and sizes of a batch come from the channel's own batch size and are written here
/// as well, because orderers check that they are not zero.
#[derive(Clone, PartialEq, Message)]
struct Options {
    #[prost(uint64, tag = "1")]
    request_batch_max_count: u64,
    #[prost(uint64, tag = "2")]
    request_batch_max_bytes: u64,
    #[prost(string, tag = "3")]
    request_batch_max_interval: String,
    #[prost(uint64, tag = "4")]
    incoming_message_buffer_size: u64,
    #[prost(uint64, tag = "5")]
    request_pool_size: u64,
    #[prost(string, tag = "6")]
    request_forward_timeout: String,
    #[prost(string, tag = "7")]
    request_complain_timeout: String,
    #[prost(string, tag = "8")]
    request_auto_remove_timeout: String,
    #[prost(uint64, tag = "9")]
    request_max_bytes: u64,
    #[prost(string, tag = "10")]
    view_change_resend_interval: String,
    #[prost(string, tag = "11")]
    view_change_timeout: String,
    #[prost(string, tag = "12")]
    leader_heartbeat_timeout: String,
    #[prost(uint64, tag = "13")]
    leader_heartbeat_count: u64,
    #[prost(string, tag = "14")]
    collect_timeout: String,
    #[prost(bool, tag = "15")]
    sync_on_start: bool,
    #[prost(bool, tag = "16")]
    speed_up_view_change: bool,
    /// 1 is off, the only value that orderers accept.
    #[prost(int32, tag = "17")]
    leader_rotation: i32,
    #[prost(uint64, tag = "18")]
    decisions_per_leader: u64,
}

/// Refuses what orderers would refuse when they start, or what could not bear a failure.
pub(crate) fn check(spec: &ChannelSpec, bft: &BftSpec) -> Result<(), SpecError> {
    let refused = |reason| Err(SpecError::Bft(reason));
    if spec.capability != ChannelCapability::V3_0 {
        return refused("it takes the channel capability V3_0, and so Fabric 3.0 or later");
    }
    if spec.consenters.len() < CONSENTERS_MIN {
        return refused("it takes at least four consenters");
    }
    if spec.consenters.len() != bft.signers.len() {
        return refused("every consenter needs an identity to sign with");
    }
    for signer in &bft.signers {
        if !spec.orderer_organizations.iter().any(|organization| organization.msp.name == signer.msp_id) {
            return refused("a consenter belongs to no orderer organization");
        }
        if Certificate::from_pem(&signer.certificate).is_err() {
            return refused("a signing certificate cannot be read");
        }
    }
    let never_zero = [
        bft.request_forward_timeout_ms,
        bft.view_change_resend_interval_ms,
        bft.leader_heartbeat_timeout_ms,
        bft.leader_heartbeat_count,
        bft.collect_timeout_ms,
        bft.incoming_message_buffer_size,
        bft.request_pool_size,
    ];
    if never_zero.contains(&0) {
        return refused("intervals and limits must be above zero");
    }
    if spec.batch.timeout_ms >= bft.request_complain_timeout_ms {
        return refused(NO_BLOCK);
    }
    let growing = [bft.request_forward_timeout_ms, bft.request_complain_timeout_ms, bft.request_auto_remove_timeout_ms];
    if !growing.is_sorted() || bft.view_change_resend_interval_ms > bft.view_change_timeout_ms {
        return refused("a later timeout is shorter than an earlier one");
    }
    Ok(())
}

/// The consenters, numbered from 1.
pub(crate) fn orderers(spec: &ChannelSpec, bft: &BftSpec) -> Orderers {
    let all = (1..).zip(spec.consenters.iter().zip(&bft.signers));
    let consenter_mapping = all.map(|(id, (consenter, signer))| Consenter {
        id,
        host: consenter.host.clone(),
        port: u32::from(consenter.port),
        msp_id: signer.msp_id.clone(),
        identity: signer.certificate.clone(),
        client_tls_cert: consenter.client_tls_cert.clone(),
        server_tls_cert: consenter.server_tls_cert.clone(),
    });
    Orderers { consenter_mapping: consenter_mapping.collect() }
}

/// The options of the protocol, encoded.
pub(crate) fn metadata(spec: &ChannelSpec, bft: &BftSpec) -> Vec<u8> {
    let millis = |count: u64| format!("{count}ms");
    let largest = u64::from(spec.batch.absolute_max_bytes);
    let options = Options {
        request_batch_max_count: u64::from(spec.batch.max_message_count),
        request_batch_max_bytes: largest,
        // The channel's batch timeout is not asked under this consensus.
        request_batch_max_interval: millis(spec.batch.timeout_ms),
        incoming_message_buffer_size: bft.incoming_message_buffer_size,
        request_pool_size: bft.request_pool_size,
        request_forward_timeout: millis(bft.request_forward_timeout_ms),
        request_complain_timeout: millis(bft.request_complain_timeout_ms),
        request_auto_remove_timeout: millis(bft.request_auto_remove_timeout_ms),
        request_max_bytes: largest,
        view_change_resend_interval: millis(bft.view_change_resend_interval_ms),
        view_change_timeout: millis(bft.view_change_timeout_ms),
        leader_heartbeat_timeout: millis(bft.leader_heartbeat_timeout_ms),
        leader_heartbeat_count: bft.leader_heartbeat_count,
        collect_timeout: millis(bft.collect_timeout_ms),
        sync_on_start: false,
        speed_up_view_change: false,
        leader_rotation: 1,
        decisions_per_leader: 0,
    };
    options.encode_to_vec()
}

/// The options with another interval between blocks, in milliseconds.
///
/// # Errors
/// They cannot be decoded, or the interval is one at which no block would ever be made.
pub(crate) fn with_interval(metadata: &[u8], timeout_ms: u64) -> Result<Vec<u8>, DraftError> {
    let malformed = || DraftError::Malformed("options of the BFT consensus");
    let mut options = Options::decode(metadata).map_err(|_| malformed())?;
    let patience = duration::parse(&options.request_complain_timeout).ok_or_else(malformed)?;
    if Duration::from_millis(timeout_ms) >= patience {
        return Err(DraftError::Bft(NO_BLOCK));
    }
    options.request_batch_max_interval = format!("{timeout_ms}ms");
    Ok(options.encode_to_vec())
}

/// The signatures that make a block valid: a quorum of the consenters, each by its own certificate.
pub(crate) fn block_validation(bft: &BftSpec) -> SignaturePolicyEnvelope {
    let identities = bft.signers.iter().map(|signer| {
        let identity = SerializedIdentity { mspid: signer.msp_id.clone(), id_bytes: signer.certificate.clone() };
        MspPrincipal { principal_classification: Classification::Identity as i32, principal: identity.encode_to_vec() }
    });
    let rules = (0..).zip(&bft.signers).map(|(index, _)| SignaturePolicy { r#type: Some(Type::SignedBy(index)) });
    let quorum = i32::try_from(quorum(bft.signers.len())).unwrap_or(i32::MAX);
    let rule = SignaturePolicy { r#type: Some(Type::NOutOf(NOutOf { n: quorum, rules: rules.collect() })) };
    SignaturePolicyEnvelope { version: 0, rule: Some(rule), identities: identities.collect() }
}

/// How many of `nodes` consenters must agree: any two such groups share an honest node while less than a third fails.
fn quorum(nodes: usize) -> usize {
    let failures = nodes.saturating_sub(1) / 3;
    (nodes + failures + 1).div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quorum_is_more_than_two_thirds() {
        for (nodes, expected) in [(4, 3), (5, 4), (6, 4), (7, 5), (10, 7)] {
            assert_eq!(quorum(nodes), expected, "{nodes} nodes");
        }
    }
}
