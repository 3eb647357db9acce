//! What stands in a value of a configuration, entry by entry, so that a change shows what goes and what comes.

use fabric_msp::{certificate::Certificate, hash::sha256};
use fabric_protos::{
    common::OrdererAddresses,
    etcdraft::{ConfigMetadata, Consenter, Options},
    msp::{FabricMspConfig, FabricNodeOUs, FabricOuIdentifier, MspConfig},
    orderer::ConsensusType,
    protos::AnchorPeers,
};
use openssl::x509::X509Crl;
use prost::Message;

/// The entries of a value that has such; none of another, or of one that cannot be read.
pub(super) fn entries(name: &str, value: &[u8]) -> Option<Vec<String>> {
    match name {
        "MSP" => Some(membership(&FabricMspConfig::decode(&*MspConfig::decode(value).ok()?.config).ok()?)),
        "AnchorPeers" => {
            let peers = AnchorPeers::decode(value).ok()?.anchor_peers;
            Some(peers.iter().map(|peer| format!("{}:{}", peer.host, peer.port)).collect())
        }
        "Endpoints" => Some(OrdererAddresses::decode(value).ok()?.addresses),
        "ConsensusType" => consensus(&ConsensusType::decode(value).ok()?),
        _ => None,
    }
}

fn membership(rules: &FabricMspConfig) -> Vec<String> {
    let certificates = [
        ("root certificate", &rules.root_certs),
        ("intermediate certificate", &rules.intermediate_certs),
        ("TLS root certificate", &rules.tls_root_certs),
        ("TLS intermediate certificate", &rules.tls_intermediate_certs),
        ("administrator", &rules.admins),
    ];
    let mut found = Vec::new();
    for (kind, pems) in certificates {
        found.extend(pems.iter().map(|pem| format!("{kind} {}", certificate(pem))));
    }
    found.extend(rules.revocation_list.iter().map(|list| revocation_list(list)));
    found.extend(
        rules.organizational_unit_identifiers.iter().map(|one| format!("needed unit {}", units_of_one(&[one]))),
    );
    found.extend(rules.fabric_node_ous.as_ref().filter(|roles| roles.enable).map(roles));
    found
}

fn roles(roles: &FabricNodeOUs) -> String {
    let units = [
        &roles.client_ou_identifier,
        &roles.peer_ou_identifier,
        &roles.admin_ou_identifier,
        &roles.orderer_ou_identifier,
    ];
    let units: Vec<&FabricOuIdentifier> = units.into_iter().flatten().collect();
    let of_one_authority = units.chunk_by(|one, next| one.certificate == next.certificate);
    format!("roles by the units {}", of_one_authority.map(units_of_one).collect::<Vec<_>>().join("; "))
}

/// Units that are bound to the same authority, or to none.
fn units_of_one(units: &[&FabricOuIdentifier]) -> String {
    let names: Vec<&str> = units.iter().map(|unit| unit.organizational_unit_identifier.as_str()).collect();
    match units.first().filter(|unit| !unit.certificate.is_empty()) {
        None => names.join(", "),
        Some(unit) => format!("{} of {}", names.join(", "), certificate(&unit.certificate)),
    }
}

fn consensus(consensus: &ConsensusType) -> Option<Vec<String>> {
    let mut found = vec![format!("{} in {}", consensus.r#type, consensus.state().as_str_name())];
    match consensus.r#type.as_str() {
        "etcdraft" => {
            let ConfigMetadata { consenters, options } = ConfigMetadata::decode(&*consensus.metadata).ok()?;
            found.extend(options.as_ref().map(pace));
            found.extend(consenters.iter().map(consenter));
        }
        _ => found.push(format!("options, {}", digest(&consensus.metadata))),
    }
    Some(found)
}

fn pace(options: &Options) -> String {
    let Options { tick_interval, election_tick, heartbeat_tick, max_inflight_blocks, snapshot_interval_size } = options;
    format!(
        "a tick of {tick_interval}, {heartbeat_tick} to a heartbeat and {election_tick} to an election, \
         {max_inflight_blocks} blocks in flight, a snapshot every {snapshot_interval_size} bytes"
    )
}

fn consenter(consenter: &Consenter) -> String {
    let Consenter { host, port, client_tls_cert, server_tls_cert } = consenter;
    let client = certificate(client_tls_cert);
    match client_tls_cert == server_tls_cert {
        true => format!("consenter {host}:{port} with {client}"),
        false => format!("consenter {host}:{port} with {client} as client and {}", certificate(server_tls_cert)),
    }
}

fn certificate(pem: &[u8]) -> String {
    match Certificate::from_pem(pem) {
        Ok(found) => format!("{}, {}, until {}", found.subject(), digest(found.der()), found.x509().not_after()),
        Err(_) => format!("that cannot be read, {}", digest(pem)),
    }
}

fn revocation_list(list: &[u8]) -> String {
    let parsed = X509Crl::from_pem(list).or_else(|_| X509Crl::from_der(list));
    let count = parsed.map(|list| list.get_revoked().map_or(0, |revoked| revoked.len()));
    match count {
        Ok(count) => format!("revocation list with {count} entries, {}", digest(list)),
        Err(_) => format!("revocation list that cannot be read, {}", digest(list)),
    }
}

/// Enough of a digest to tell certificates apart by eye.
fn digest(bytes: &[u8]) -> String {
    format!("SHA-256 {}…", hex::encode(&sha256(bytes)[..8]))
}
