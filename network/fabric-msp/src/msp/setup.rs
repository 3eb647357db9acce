//! Turning a configuration into rules. The order of the checks is Fabric's, so that the first complaint is the same.

use std::sync::atomic::{AtomicU64, Ordering};

use fabric_protos::msp::{FabricMspConfig, FabricNodeOUs, FabricOuIdentifier};

use super::{
    chain::Pools,
    error::{IdentityError, SetupError},
    provider::{Msp, MspOptions},
    revocation::RevocationList,
    units::{RoleUnits, Unit, certifiers_identifier},
};
use crate::{certificate::Certificate, identity::Identity};

/// How many certificates or lists of one kind an organization may have. Fabric has no bound.
const ENTRIES_MAX: usize = 256;

impl Msp {
    /// Sets up the rules without Ed25519.
    ///
    /// # Errors
    /// [`SetupError`] names the first rule of Fabric that the configuration breaks.
    pub fn from_config(config: &FabricMspConfig) -> Result<Self, SetupError> {
        Self::with_options(config, MspOptions::default())
    }

    /// Sets up the rules.
    ///
    /// # Errors
    /// [`SetupError`] names the first rule of Fabric that the configuration breaks.
    pub fn with_options(config: &FabricMspConfig, options: MspOptions) -> Result<Self, SetupError> {
        set_up(config, options, next_number())
    }
}

fn set_up(config: &FabricMspConfig, options: MspOptions, number: u64) -> Result<Msp, SetupError> {
    check_sizes(config)?;
    let mut msp = Msp {
        id: config.name.clone(),
        pools: Pools::default(),
        internal: Vec::new(),
        admins: Vec::new(),
        revocation_lists: Vec::new(),
        units: Vec::new(),
        roles: None,
        options,
        config: config.clone(),
        number,
    };
    msp.pools = authorities(config)?;
    msp.revocation_lists =
        config.revocation_list.iter().map(|list| RevocationList::parse(list)).collect::<Result<_, _>>()?;
    check_authorities(&msp)?;
    msp.internal = internal_authorities(&msp.pools)?;
    check_tls_authorities(&msp, config)?;
    msp.units = config
        .organizational_unit_identifiers
        .iter()
        .map(|unit| certified_unit(&msp, unit))
        .collect::<Result<_, _>>()?;
    msp.roles = match &config.fabric_node_ous {
        Some(node_ous) => role_units(&msp, node_ous)?,
        None => None,
    };
    msp.admins = admins(&msp, config)?;
    Ok(msp)
}

fn check_sizes(config: &FabricMspConfig) -> Result<(), SetupError> {
    if config.name.is_empty() {
        return Err(SetupError::NoName);
    }
    for (what, count) in [
        ("root certificates", config.root_certs.len()),
        ("intermediate certificates", config.intermediate_certs.len()),
        ("administrators", config.admins.len()),
        ("revocation lists", config.revocation_list.len()),
        ("TLS root certificates", config.tls_root_certs.len()),
        ("TLS intermediate certificates", config.tls_intermediate_certs.len()),
        ("organizational units", config.organizational_unit_identifiers.len()),
    ] {
        if count > ENTRIES_MAX {
            return Err(SetupError::TooMany { msp_id: config.name.clone(), what, count, max: ENTRIES_MAX });
        }
    }
    Ok(())
}

/// Reads roots and intermediates and makes their signatures low-S. Intermediates are looked at against the authorities
/// as they stand in the configuration, then replaced.
fn authorities(config: &FabricMspConfig) -> Result<Pools, SetupError> {
    if config.root_certs.is_empty() {
        return Err(SetupError::NoRoot);
    }
    let raw = Pools {
        roots: without_repetition(read_all("CA certificate", &config.root_certs)?),
        intermediates: without_repetition(read_all("intermediate CA certificate", &config.intermediate_certs)?),
    };
    let mut roots = Vec::new();
    for root in &raw.roots {
        if root.has_ecdsa_signature() {
            if !root.is_ca() {
                return Err(SetupError::NotAuthority(hex::encode(root.serial())));
            }
            if !root.is_signed_by(root) {
                return Err(SetupError::RootNotSelfSigned(root.subject().to_string()));
            }
            roots.push(low(root, root, "CA certificate")?);
        } else {
            roots.push(root.clone());
        }
    }
    let mut intermediates = Vec::new();
    for intermediate in &raw.intermediates {
        if intermediate.has_ecdsa_signature() {
            let what = "intermediate CA certificate";
            let chain = raw
                .unique_chain(intermediate)
                .map_err(|cause| SetupError::Certificate { what, cause: cause.into() })?;
            let issuer = chain.get(1).ok_or(SetupError::Certificate { what, cause: IdentityError::ChainTooShort })?;
            intermediates.push(low(intermediate, issuer, what)?);
        } else {
            intermediates.push(intermediate.clone());
        }
    }
    Ok(Pools { roots: without_repetition(roots), intermediates: without_repetition(intermediates) })
}

fn low(certificate: &Certificate, issuer: &Certificate, what: &'static str) -> Result<Certificate, SetupError> {
    certificate
        .with_low_s(issuer.public_key())
        .ok_or(SetupError::Certificate { what, cause: IdentityError::MalformedCertificateSignature })
}

fn check_authorities(msp: &Msp) -> Result<(), SetupError> {
    for authority in msp.pools.roots.iter().chain(&msp.pools.intermediates) {
        check_authority(msp, authority, &msp.pools, "CA certificate")?;
    }
    Ok(())
}

fn check_tls_authorities(msp: &Msp, config: &FabricMspConfig) -> Result<(), SetupError> {
    let what = "TLS CA certificate";
    let pools = Pools {
        roots: without_repetition(read_all(what, &config.tls_root_certs)?),
        intermediates: without_repetition(read_all(what, &config.tls_intermediate_certs)?),
    };
    for authority in pools.roots.iter().chain(&pools.intermediates) {
        check_authority(msp, authority, &pools, what)?;
    }
    Ok(())
}

fn check_authority(msp: &Msp, authority: &Certificate, pools: &Pools, what: &'static str) -> Result<(), SetupError> {
    if !authority.is_ca() {
        return Err(SetupError::NotAuthority(hex::encode(authority.serial())));
    }
    if authority.subject_key_id().is_none() {
        return Err(SetupError::NoKeyId(hex::encode(authority.serial())));
    }
    let chain = pools.unique_chain(authority).map_err(|cause| SetupError::Certificate { what, cause: cause.into() })?;
    match chain.get(1) {
        Some(issuer) => {
            msp.check_not_revoked(authority, issuer).map_err(|cause| SetupError::Certificate { what, cause })
        }
        None => Ok(()),
    }
}

fn internal_authorities(pools: &Pools) -> Result<Vec<Certificate>, SetupError> {
    let mut internal = Vec::new();
    for intermediate in &pools.intermediates {
        let chain = pools
            .unique_chain(intermediate)
            .map_err(|cause| SetupError::Certificate { what: "intermediate CA certificate", cause: cause.into() })?;
        internal.extend(chain.into_iter().skip(1));
    }
    Ok(without_repetition(internal))
}

/// Roles are told apart only when the configuration says so and defines at least one unit.
fn role_units(msp: &Msp, node_ous: &FabricNodeOUs) -> Result<Option<RoleUnits>, SetupError> {
    let unit = |identifier: &Option<FabricOuIdentifier>| match identifier {
        Some(identifier) if identifier.certificate.is_empty() => {
            let name = identifier.organizational_unit_identifier.clone();
            Ok(Some(Unit { name, certifiers: Vec::new() }))
        }
        Some(identifier) => certified_unit(msp, identifier).map(Some),
        None => Ok(None),
    };
    let units = RoleUnits {
        client: unit(&node_ous.client_ou_identifier)?,
        peer: unit(&node_ous.peer_ou_identifier)?,
        admin: unit(&node_ous.admin_ou_identifier)?,
        orderer: unit(&node_ous.orderer_ou_identifier)?,
    };
    let any = [&units.client, &units.peer, &units.admin, &units.orderer].into_iter().any(Option::is_some);
    Ok((node_ous.enable && any).then_some(units))
}

fn certified_unit(msp: &Msp, identifier: &FabricOuIdentifier) -> Result<Unit, SetupError> {
    let name = identifier.organizational_unit_identifier.clone();
    let what = "certificate of an organizational unit";
    let certificate = read(what, &identifier.certificate)?;
    let known = msp.pools.roots.iter().chain(&msp.pools.intermediates);
    // The signature may be written in either form, so everything but the signature decides.
    let mut same = known.filter(|authority| {
        authority.serial() == certificate.serial()
            && authority.subject_raw() == certificate.subject_raw()
            && authority.issuer_raw() == certificate.issuer_raw()
            && authority.spki() == certificate.spki()
    });
    let authority = same.next().ok_or_else(|| SetupError::UnknownCertifier(name.clone()))?;
    let chain =
        msp.pools.unique_chain(authority).map_err(|cause| SetupError::Certificate { what, cause: cause.into() })?;
    if msp.internal.contains(authority) && msp.pools.intermediates.contains(authority) {
        return Err(SetupError::Certificate { what, cause: IdentityError::IssuerHasAuthorities });
    }
    Ok(Unit { name, certifiers: certifiers_identifier(&chain) })
}

fn admins(msp: &Msp, config: &FabricMspConfig) -> Result<Vec<Certificate>, SetupError> {
    let has_admin_unit = msp.roles.as_ref().is_some_and(|roles| roles.admin.is_some());
    if config.admins.is_empty() && !has_admin_unit {
        return Err(SetupError::NoAdmins);
    }
    let mut admins = Vec::new();
    for (index, pem) in config.admins.iter().enumerate() {
        let identity = msp.recognise(pem).map_err(|cause| SetupError::Admin { index, cause })?;
        check_admin(msp, &identity).map_err(|cause| SetupError::Admin { index, cause })?;
        admins.push(identity.certificate().clone());
    }
    Ok(admins)
}

/// With roles an administrator needs the unit of a client or an administrator and nothing more; without, it must be
/// valid.
fn check_admin(msp: &Msp, identity: &Identity) -> Result<(), IdentityError> {
    let Some(roles) = &msp.roles else { return msp.validate(identity).map(drop) };
    let units = identity.certificate().ous();
    let fits = [&roles.client, &roles.admin].into_iter().flatten().any(|unit| units.contains(&unit.name));
    if fits { Ok(()) } else { Err(IdentityError::NoRole { units: units.to_vec(), msp_id: msp.id.clone() }) }
}

fn read_all(what: &'static str, pems: &[Vec<u8>]) -> Result<Vec<Certificate>, SetupError> {
    pems.iter().map(|pem| read(what, pem)).collect()
}

fn read(what: &'static str, pem: &[u8]) -> Result<Certificate, SetupError> {
    Certificate::from_pem(pem).map_err(|cause| SetupError::Certificate { what, cause: cause.into() })
}

fn without_repetition(certificates: Vec<Certificate>) -> Vec<Certificate> {
    let mut kept: Vec<Certificate> = Vec::new();
    for certificate in certificates {
        if !kept.contains(&certificate) {
            kept.push(certificate);
        }
    }
    kept
}

fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
