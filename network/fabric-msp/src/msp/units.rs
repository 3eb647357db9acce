//! Organizational units (OUs) with the chain that certifies them.

use super::role::Role;
use crate::{certificate::Certificate, hash};

/// An organizational unit, and the digest of the chain that certifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) certifiers: Vec<u8>,
}

/// The units that tell roles apart. An empty `certifiers` accepts every chain.
#[derive(Default)]
pub(super) struct RoleUnits {
    pub(super) client: Option<Unit>,
    pub(super) peer: Option<Unit>,
    pub(super) admin: Option<Unit>,
    pub(super) orderer: Option<Unit>,
}

impl RoleUnits {
    /// Later roles win when two share a unit, in the order client, peer, admin, orderer.
    pub(super) fn by_name(&self, name: &str) -> Option<(Role, &Unit)> {
        let candidates = [
            (Role::Orderer, &self.orderer),
            (Role::Admin, &self.admin),
            (Role::Peer, &self.peer),
            (Role::Client, &self.client),
        ];
        candidates.into_iter().find_map(|(role, unit)| Some((role, unit.as_ref().filter(|unit| unit.name == name)?)))
    }

    pub(super) fn of(&self, role: Role) -> Option<&Unit> {
        match role {
            Role::Client => self.client.as_ref(),
            Role::Peer => self.peer.as_ref(),
            Role::Admin => self.admin.as_ref(),
            Role::Orderer => self.orderer.as_ref(),
            Role::Member => None,
        }
    }
}

/// SHA-256 of the certificates of a chain, one after another, from the issuer to the root.
pub(super) fn certifiers_identifier(authorities: &[Certificate]) -> Vec<u8> {
    let parts: Vec<&[u8]> = authorities.iter().map(Certificate::der).collect();
    hash::sha256_parts(&parts).to_vec()
}
