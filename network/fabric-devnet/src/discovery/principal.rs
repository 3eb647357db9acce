//! Principals (`MSPPrincipal`) that can be compared: whether every identity that satisfies one satisfies the other.

use fabric_protos::{
    common::{MspPrincipal, MspRole, OrganizationUnit, msp_principal::Classification, msp_role::MspRoleType},
    msp::SerializedIdentity,
};
use prost::Message;

/// A principal taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Principal {
    pub(super) original: MspPrincipal,
    msp_id: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Role(i32),
    Unit(OrganizationUnit),
    Identity(Vec<u8>),
}

impl Principal {
    /// Takes a principal apart; `None` for kinds that cannot be compared.
    pub(super) fn new(original: &MspPrincipal) -> Option<Self> {
        let bytes = original.principal.as_slice();
        let (msp_id, kind) = match Classification::try_from(original.principal_classification).ok()? {
            Classification::Role => {
                let MspRole { msp_identifier, role } = MspRole::decode(bytes).ok()?;
                (msp_identifier, Kind::Role(role))
            }
            Classification::OrganizationUnit => {
                let unit = OrganizationUnit::decode(bytes).ok()?;
                (unit.msp_identifier.clone(), Kind::Unit(unit))
            }
            Classification::Identity => {
                let SerializedIdentity { mspid, id_bytes } = SerializedIdentity::decode(bytes).ok()?;
                (mspid, Kind::Identity(id_bytes))
            }
            _ => return None,
        };
        Some(Self { original: original.clone(), msp_id, kind })
    }

    /// Whether everybody who satisfies this principal satisfies the other, as far as that can be told without the
    /// organization's rules.
    pub(super) fn is_a(&self, other: &Self) -> bool {
        if self.msp_id != other.msp_id {
            return false;
        }
        match (&self.kind, &other.kind) {
            (_, Kind::Role(role)) if *role == MspRoleType::Member as i32 => true,
            (Kind::Unit(this), Kind::Unit(other)) => {
                this.organizational_unit_identifier == other.organizational_unit_identifier
                    && this.certifiers_identifier == other.certifiers_identifier
            }
            (this, other) => this == other,
        }
    }
}
