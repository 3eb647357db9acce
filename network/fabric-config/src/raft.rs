//! What Raft orderers demand of the consensus metadata in an update, beyond that it can be read. The rules and texts
//! are those of Fabric's `etcdraft` package. Whether enough consenters are alive is not looked at.

use std::collections::BTreeSet;

use fabric_protos::etcdraft;
use openssl::{
    asn1::Asn1Time,
    stack::Stack,
    x509::{X509, X509StoreContext, store::X509StoreBuilder, verify::X509VerifyFlags},
};
use prost::Message;

use crate::{config::ChannelConfig, duration};

/// The name of the consensus.
pub(crate) const CONSENSUS_TYPE: &str = "etcdraft";

/// Why Raft orderers would not go on under a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RaftError {
    /// The metadata is none.
    #[error("failed to unmarshal new etcdraft metadata configuration")]
    Malformed,
    /// There are no options.
    #[error("invalid new config metadata: nil Raft config metadata options")]
    NoOptions,
    /// An option is zero.
    #[error(
        "invalid new config metadata: none of HeartbeatTick ({heartbeat}), ElectionTick ({election}) and MaxInflightBlocks ({inflight}) can be zero"
    )]
    Zero {
        /// Ticks between heartbeats.
        heartbeat: u32,
        /// Ticks without a leader until an election.
        election: u32,
        /// Blocks that may be under way.
        inflight: u32,
    },
    /// Followers would vote before a heartbeat can reach them.
    #[error("invalid new config metadata: ElectionTick ({election}) must be greater than HeartbeatTick ({heartbeat})")]
    Election {
        /// Ticks between heartbeats.
        heartbeat: u32,
        /// Ticks without a leader until an election.
        election: u32,
    },
    /// The length of a tick is not a positive duration.
    #[error("invalid new config metadata: failed to parse TickInterval ({0}) to time duration")]
    Tick(String),
    /// Nobody would order.
    #[error("invalid new config metadata: empty consenter set")]
    NoConsenters,
    /// A certificate is none, or no authority of an orderer organization has issued it.
    #[error("invalid new config metadata: consenter {host}:{port} has invalid certificate: {reason}")]
    Certificate {
        /// The consenter's host.
        host: String,
        /// Its port.
        port: u32,
        /// What is wrong.
        reason: String,
    },
    /// A certificate stands for two consenters.
    #[error("invalid new config metadata: duplicate consenter: {host}:{port}")]
    Repeated {
        /// The second consenter's host.
        host: String,
        /// Its port.
        port: u32,
    },
    /// Members can only change one by one.
    #[error(
        "update of more than one consenter at a time is not supported, requested changes: add {added} node(s), remove {removed} node(s)"
    )]
    Several {
        /// Consenters that are new.
        added: usize,
        /// Consenters that are gone.
        removed: usize,
    },
}

/// Checks the configuration that is to follow another. Without metadata there is nothing to check.
pub(crate) fn check_next(current: &ChannelConfig, next: &ChannelConfig) -> Result<(), RaftError> {
    if next.consensus_type() != CONSENSUS_TYPE {
        return Ok(());
    }
    let metadata = next.consensus().metadata.as_slice();
    if metadata.is_empty() {
        return Ok(());
    }
    let metadata = etcdraft::ConfigMetadata::decode(metadata).map_err(|_| RaftError::Malformed)?;
    check_options(metadata.options.as_ref().ok_or(RaftError::NoOptions)?)?;
    if metadata.consenters.is_empty() {
        return Err(RaftError::NoConsenters);
    }
    let authorities: Vec<Vec<u8>> = next.orderer_orgs().flat_map(|org| next.tls_authorities(&org.msp_id)).collect();
    for consenter in &metadata.consenters {
        check_certificates(consenter, &authorities, false)?;
    }
    check_distinct(&metadata.consenters)?;
    let (old, new) = (certificates(current.consenters()), certificates(&metadata.consenters));
    let (added, removed) = (new.difference(&old).count(), old.difference(&new).count());
    if added > 1 || removed > 1 {
        return Err(RaftError::Several { added, removed });
    }
    let is_new = |consenter: &&etcdraft::Consenter| !old.contains(consenter.client_tls_cert.as_slice());
    metadata
        .consenters
        .iter()
        .filter(is_new)
        .try_for_each(|consenter| check_certificates(consenter, &authorities, true))
}

fn check_options(options: &etcdraft::Options) -> Result<(), RaftError> {
    let (heartbeat, election) = (options.heartbeat_tick, options.election_tick);
    let inflight = options.max_inflight_blocks;
    if heartbeat == 0 || election == 0 || inflight == 0 {
        return Err(RaftError::Zero { heartbeat, election, inflight });
    }
    if election <= heartbeat {
        return Err(RaftError::Election { heartbeat, election });
    }
    match duration::parse(&options.tick_interval) {
        Some(_) => Ok(()),
        None => Err(RaftError::Tick(options.tick_interval.clone())),
    }
}

/// Consenters are told apart by the certificates with which they call others.
fn certificates(consenters: &[etcdraft::Consenter]) -> BTreeSet<&[u8]> {
    consenters.iter().map(|consenter| consenter.client_tls_cert.as_slice()).collect()
}

fn check_distinct(consenters: &[etcdraft::Consenter]) -> Result<(), RaftError> {
    let mut seen = BTreeSet::new();
    for etcdraft::Consenter { host, port, client_tls_cert, server_tls_cert } in consenters {
        if seen.contains(client_tls_cert) || seen.contains(server_tls_cert) {
            return Err(RaftError::Repeated { host: host.clone(), port: *port });
        }
        seen.extend([client_tls_cert, server_tls_cert]);
    }
    Ok(())
}

/// Expired certificates are good enough for those who are there already.
fn check_certificates(
    consenter: &etcdraft::Consenter,
    authorities: &[Vec<u8>],
    check_time: bool,
) -> Result<(), RaftError> {
    let etcdraft::Consenter { host, port, client_tls_cert, server_tls_cert } = consenter;
    for (kind, pem) in [("client", client_tls_cert), ("server", server_tls_cert)] {
        let refused = |reason: String| RaftError::Certificate { host: host.clone(), port: *port, reason };
        let certificate =
            X509::from_pem(pem).map_err(|_| refused(format!("parsing tls {kind} cert of {host}:{port}")))?;
        let verdict = verify(&certificate, authorities, check_time);
        let verdict = verdict.unwrap_or_else(|cause| Err(cause.to_string()));
        verdict.map_err(|cause| refused(format!("verifying tls {kind} cert: {cause}")))?;
    }
    Ok(())
}

/// The inner error is the verdict.
fn verify(
    certificate: &X509,
    authorities: &[Vec<u8>],
    check_time: bool,
) -> Result<Result<(), String>, openssl::error::ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    store.set_flags(X509VerifyFlags::NO_CHECK_TIME | X509VerifyFlags::PARTIAL_CHAIN)?;
    for authority in authorities {
        store.add_cert(X509::from_pem(authority)?)?;
    }
    let (store, chain) = (store.build(), Stack::new()?);
    let mut context = X509StoreContext::new()?;
    let holds = context.init(&store, certificate, &chain, |context| {
        let holds = context.verify_cert()?;
        Ok(if holds { Ok(()) } else { Err(context.error().error_string().to_owned()) })
    })?;
    if check_time && *certificate.not_after() < *Asn1Time::days_from_now(0)? {
        return Ok(holds.and(Err("certificate has expired".to_owned())));
    }
    Ok(holds)
}
