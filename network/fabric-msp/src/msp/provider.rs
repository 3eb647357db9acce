//! The membership rules of one organization (Fabric's membership service provider, MSP), applied to identities.

use std::collections::BTreeMap;

use fabric_protos::msp::{FabricMspConfig, SerializedIdentity};
use prost::Message;

use super::{
    chain::Pools,
    error::IdentityError,
    revocation::{RevocationDates, RevocationList},
    role::Role,
    units::{RoleUnits, Unit, certifiers_identifier},
};
use crate::{certificate::Certificate, identity::Identity, signature::PublicKey};

/// What a channel's capabilities change about membership.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MspOptions {
    /// Accept Ed25519 identities, as channels with capability V3_0 do.
    pub ed25519: bool,
}

/// One organization's membership rules.
pub struct Msp {
    pub(super) id: String,
    pub(super) pools: Pools,
    /// CA certificates that have a CA below them: they may not issue identities themselves.
    pub(super) internal: Vec<Certificate>,
    pub(super) admins: Vec<Certificate>,
    pub(super) revocation_lists: Vec<RevocationList>,
    /// Units of which every identity needs one, with the chain that must certify them; empty when not asked for.
    pub(super) units: Vec<Unit>,
    pub(super) roles: Option<RoleUnits>,
    pub(super) options: MspOptions,
    pub(super) config: FabricMspConfig,
    pub(super) number: u64,
}

impl Msp {
    /// The organization's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The configuration this was made from.
    pub fn config(&self) -> &FabricMspConfig {
        &self.config
    }

    /// The organization's TLS authorities, roots and intermediates, in PEM.
    pub fn tls_certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.config.tls_root_certs.iter().chain(&self.config.tls_intermediate_certs).map(Vec::as_slice)
    }

    /// Recognises a `SerializedIdentity`.
    ///
    /// # Errors
    /// [`IdentityError`]: it is malformed, belongs to another organization, or no authority here has signed it.
    pub fn deserialize(&self, serialized: &[u8]) -> Result<Identity, IdentityError> {
        let parsed = SerializedIdentity::decode(serialized).map_err(|_| IdentityError::Malformed)?;
        if parsed.mspid != self.id {
            return Err(IdentityError::OtherMsp { expected: self.id.clone(), received: parsed.mspid });
        }
        self.recognise(&parsed.id_bytes)
    }

    /// Recognises a certificate in PEM.
    ///
    /// # Errors
    /// As [`Msp::deserialize`].
    pub fn recognise(&self, certificate_pem: &[u8]) -> Result<Identity, IdentityError> {
        let (certificate, chain) = self.normalise(Certificate::from_pem(certificate_pem)?)?;
        Ok(Identity::new(&self.id, certificate, chain, self.number))
    }

    /// Validates an identity and tells its role.
    ///
    /// # Errors
    /// [`IdentityError`]: the key is of a kind that is not accepted, the certificate is a CA's, was issued by an
    /// authority that may not, has been revoked, or has not exactly one role.
    pub fn validate(&self, identity: &Identity) -> Result<Role, IdentityError> {
        if identity.msp_id() != self.id {
            let received = identity.msp_id().to_owned();
            return Err(IdentityError::OtherMsp { expected: self.id.clone(), received });
        }
        identity.verdict(self.number, || self.decide(identity))
    }

    /// Whether the identity is named as an administrator or validly carries the administrator's unit.
    pub fn is_admin(&self, identity: &Identity) -> bool {
        identity.msp_id() == self.id
            && (self.admins.contains(identity.certificate()) || self.validate(identity) == Ok(Role::Admin))
    }

    fn decide(&self, identity: &Identity) -> Result<Role, IdentityError> {
        match identity.certificate().public_key() {
            PublicKey::P256(_) | PublicKey::P384(_) => {}
            PublicKey::Ed25519(_) if self.options.ed25519 => {}
            other => return Err(IdentityError::UnsupportedKey(other.kind().to_owned())),
        }
        let chain = self.issuing_chain(identity)?;
        self.check_not_revoked(identity.certificate(), &chain[1])?;
        let certifiers = certifiers_identifier(&chain[1..]);
        self.check_units(identity.certificate(), &certifiers)?;
        self.role(identity.certificate(), &certifiers)
    }

    /// The chain of an identity, whose direct issuer must stand at an end of the tree of authorities.
    pub(super) fn issuing_chain(&self, identity: &Identity) -> Result<Vec<Certificate>, IdentityError> {
        if identity.certificate().is_ca() {
            return Err(IdentityError::IsAuthority);
        }
        let chain = match identity.chain() {
            [] => self.pools.unique_chain(identity.certificate())?,
            known => known.to_vec(),
        };
        let Some(issuer) = chain.get(1) else { return Err(IdentityError::ChainTooShort) };
        if self.internal.contains(issuer) {
            return Err(IdentityError::IssuerHasAuthorities);
        }
        Ok(chain)
    }

    pub(super) fn check_not_revoked(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), IdentityError> {
        let issuer_key_id = issuer.subject_key_id().ok_or(IdentityError::IssuerWithoutKeyId)?;
        for list in &self.revocation_lists {
            let key_id = list.authority_key_id().ok_or(IdentityError::RevocationListWithoutKeyId)?;
            if key_id == issuer_key_id && list.names(certificate.serial()) && list.is_signed_by(issuer) {
                return Err(IdentityError::Revoked);
            }
        }
        Ok(())
    }

    /// The dates of each authority's newest revocation list. Nobody's membership depends on them.
    pub fn revocation_dates(&self) -> Vec<RevocationDates> {
        let mut newest: BTreeMap<Option<&[u8]>, RevocationDates> = BTreeMap::new();
        for list in &self.revocation_lists {
            let dates = newest.entry(list.authority_key_id()).or_insert_with(|| list.dates());
            *dates = list.dates().max(*dates);
        }
        newest.into_values().collect()
    }

    fn check_units(&self, certificate: &Certificate, certifiers: &[u8]) -> Result<(), IdentityError> {
        let matches = |unit: &Unit| certificate.ous().contains(&unit.name) && unit.certifiers == certifiers;
        if self.units.is_empty() || self.units.iter().any(matches) {
            return Ok(());
        }
        Err(IdentityError::NoKnownUnit { units: certificate.ous().to_vec(), msp_id: self.id.clone() })
    }

    fn role(&self, certificate: &Certificate, certifiers: &[u8]) -> Result<Role, IdentityError> {
        let Some(roles) = &self.roles else { return Ok(Role::Member) };
        let mut found = Vec::new();
        for name in certificate.ous() {
            let Some((role, unit)) = roles.by_name(name) else { continue };
            if !unit.certifiers.is_empty() && unit.certifiers != certifiers {
                return Err(IdentityError::OtherCertifier { unit: name.clone(), msp_id: self.id.clone() });
            }
            found.push(role);
        }
        let units = certificate.ous().to_vec();
        match found[..] {
            [role] => Ok(role),
            [] => Err(IdentityError::NoRole { units, msp_id: self.id.clone() }),
            _ => Err(IdentityError::SeveralRoles { units, msp_id: self.id.clone() }),
        }
    }

    /// Makes the certificate's signature low-S, for which its chain must be known. A certificate that is not signed
    /// with ECDSA is left alone and its chain is looked for only when it is validated, as in Fabric.
    fn normalise(&self, certificate: Certificate) -> Result<(Certificate, Vec<Certificate>), IdentityError> {
        if !certificate.has_ecdsa_signature() {
            return Ok((certificate, Vec::new()));
        }
        let mut chain = self.pools.unique_chain(&certificate)?;
        // A CA certificate of this MSP used as an identity: it is its own chain, and validation will refuse it.
        let issuer = chain.get(1).unwrap_or(&chain[0]);
        let low = certificate.with_low_s(issuer.public_key()).ok_or(IdentityError::MalformedCertificateSignature)?;
        chain[0] = low.clone();
        Ok((low, chain))
    }
}
