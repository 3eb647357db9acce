//! Whether an identity is whom a policy names.

use fabric_protos::common::{
    CombinedPrincipal, MspIdentityAnonymity, MspPrincipal, MspRole, OrganizationUnit,
    msp_identity_anonymity::MspIdentityAnonymityType, msp_principal::Classification, msp_role::MspRoleType,
};
use prost::Message;

use super::{
    error::{PrincipalError, RoleUnit},
    provider::Msp,
    role::Role,
    units::certifiers_identifier,
};
use crate::identity::Identity;

/// How deeply combined principals may nest. Fabric has no bound.
const DEPTH_MAX: usize = 16;

impl Msp {
    /// Whether an identity satisfies a principal: a role, a unit, exactly one certificate, or all parts of a
    /// combination.
    ///
    /// # Errors
    /// [`PrincipalError`] says which part failed.
    pub fn satisfies(&self, identity: &Identity, principal: &MspPrincipal) -> Result<(), PrincipalError> {
        self.satisfies_at(identity, principal, 0)
    }

    fn satisfies_at(&self, identity: &Identity, principal: &MspPrincipal, depth: usize) -> Result<(), PrincipalError> {
        let bytes = principal.principal.as_slice();
        match Classification::try_from(principal.principal_classification) {
            Ok(Classification::Role) => self.satisfies_role(identity, &read(bytes)?),
            Ok(Classification::OrganizationUnit) => self.satisfies_unit(identity, &read(bytes)?),
            Ok(Classification::Identity) => self.is_exactly(identity, bytes),
            Ok(Classification::Anonymity) => satisfies_anonymity(&read(bytes)?),
            Ok(Classification::Combined) => {
                if depth >= DEPTH_MAX {
                    return Err(PrincipalError::TooDeep(DEPTH_MAX));
                }
                let parts = read::<CombinedPrincipal>(bytes)?.principals;
                if parts.is_empty() {
                    return Err(PrincipalError::Empty);
                }
                parts.iter().try_for_each(|part| self.satisfies_at(identity, part, depth + 1))
            }
            Err(_) => Err(PrincipalError::UnknownKind(principal.principal_classification)),
        }
    }

    fn satisfies_role(&self, identity: &Identity, wanted: &MspRole) -> Result<(), PrincipalError> {
        self.check_msp(identity, &wanted.msp_identifier)?;
        let role = MspRoleType::try_from(wanted.role).map_err(|_| PrincipalError::UnknownKind(wanted.role))?;
        match role {
            MspRoleType::Member => Ok(self.validate(identity).map(drop)?),
            // Named administrators were checked when the organization was set up.
            MspRoleType::Admin if self.admins.contains(identity.certificate()) => Ok(()),
            MspRoleType::Admin => self.has_role(identity, Role::Admin, "ADMIN"),
            MspRoleType::Client => self.has_role(identity, Role::Client, "CLIENT"),
            MspRoleType::Peer => self.has_role(identity, Role::Peer, "PEER"),
            MspRoleType::Orderer => self.has_role(identity, Role::Orderer, "ORDERER"),
        }
    }

    fn has_role(&self, identity: &Identity, role: Role, name: &'static str) -> Result<(), PrincipalError> {
        self.validate(identity)?;
        let unit = match self.roles.as_ref().map(|roles| roles.of(role)) {
            Some(Some(unit)) if identity.certificate().ous().contains(&unit.name) => return Ok(()),
            Some(Some(_)) => RoleUnit::Missing,
            Some(None) => RoleUnit::Undefined,
            None if role == Role::Admin => return Err(PrincipalError::NotAdmin),
            None => RoleUnit::Off,
        };
        Err(PrincipalError::OtherRole { role: name, msp_id: self.id().to_owned(), unit })
    }

    fn satisfies_unit(&self, identity: &Identity, wanted: &OrganizationUnit) -> Result<(), PrincipalError> {
        self.check_msp(identity, &wanted.msp_identifier)?;
        self.validate(identity)?;
        let chain = self.issuing_chain(identity)?;
        let certified = certifiers_identifier(&chain[1..]) == wanted.certifiers_identifier;
        let carries = identity.certificate().ous().contains(&wanted.organizational_unit_identifier);
        if certified && carries { Ok(()) } else { Err(PrincipalError::NoMatch) }
    }

    fn is_exactly(&self, identity: &Identity, serialized: &[u8]) -> Result<(), PrincipalError> {
        let named = self.deserialize(serialized)?;
        if identity.certificate() != named.certificate() {
            return Err(PrincipalError::NoMatch);
        }
        self.validate(&named)?;
        Ok(())
    }

    fn check_msp(&self, identity: &Identity, wanted: &str) -> Result<(), PrincipalError> {
        if wanted == self.id() {
            return Ok(());
        }
        Err(PrincipalError::OtherMsp { expected: wanted.to_owned(), received: identity.msp_id().to_owned() })
    }
}

fn satisfies_anonymity(wanted: &MspIdentityAnonymity) -> Result<(), PrincipalError> {
    match MspIdentityAnonymityType::try_from(wanted.anonymity_type) {
        Ok(MspIdentityAnonymityType::Nominal) => Ok(()),
        Ok(MspIdentityAnonymityType::Anonymous) => Err(PrincipalError::Anonymous),
        Err(_) => Err(PrincipalError::UnknownKind(wanted.anonymity_type)),
    }
}

fn read<M: Message + Default>(bytes: &[u8]) -> Result<M, PrincipalError> {
    M::decode(bytes).map_err(|_| PrincipalError::Malformed)
}
