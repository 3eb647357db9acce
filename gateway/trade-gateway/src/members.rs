//! Who may call: the listed organizations, their membership rules, and the identities that sign for them.
//!
//! A caller is known by a certificate and by nothing else; which one it is, and how the caller has shown that it is its
//! own, is found out elsewhere (`http`, `oauth`). Which organization answers for the certificate is found by asking
//! each one's MSP; the rules of membership are Fabric's (see `fabric_msp::msp`), with expiry added.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use fabric_msp::{
    certificate::Certificate,
    identity::Identity,
    msp::{self, ChainError, DirectoryError, IdentityError, Msp, RevocationDates, SetupError},
    signer::{Signer, SignerError, SigningIdentity},
};
use trade_model::common::{DUTIES_ATTRIBUTE, Duties};

use crate::{
    operators::{self, Operators, OperatorsError},
    problem::{Problem, ProblemCode},
    settings::{Organization, Role, Settings},
    time::{now, rfc3339},
    ways::{End, Scope, Way},
};

/// Clocks of caller and gateway may differ by this much.
const SKEW_SECONDS: i64 = 60;

/// How long before its end a certificate is warned of: 30 days.
pub const EXPIRY_WARNING_SECONDS: i64 = 30 * 24 * 3_600;

/// The organizations of one gateway.
pub struct Members {
    organizations: BTreeMap<String, Member>,
    msps: RwLock<Arc<Vec<Arc<Msp>>>>,
    /// Whether an organization's rules could not be read when they were last tried.
    stale: AtomicBool,
    service: Arc<dyn Signer>,
    /// The listener's certificate; none when it cannot be read, which the listener says.
    server: RwLock<Option<Certificate>>,
}

/// One organization.
pub struct Member {
    /// Its settings.
    pub settings: Organization,
    managed: RwLock<Managed>,
    operators: Option<Operators>,
}

/// The identity that signs for an organization.
enum Managed {
    /// Its members sign themselves.
    None,
    Usable(Arc<dyn Signer>),
    /// It cannot be used, so the organization is out of service for those who do not sign themselves.
    Unusable,
}

/// The identity that signs for the organization cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfService;

/// A certificate that ends soon, or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// Whose it is, in words.
    pub whose: String,
    /// When it ends, seconds since 1970.
    pub not_after: i64,
}

/// A caller whose certificate was accepted.
#[derive(Clone)]
pub struct Principal {
    /// The organization that answers for the certificate.
    pub msp_id: String,
    /// What its members may do.
    pub role: Role,
    /// The role in the certificate.
    pub certificate_role: &'static str,
    /// The recognised identity; its certificate is normalised as Fabric does.
    pub identity: Identity,
    /// The certificate as it was presented.
    pub certificate: Certificate,
    /// The attributes in the certificate.
    pub attributes: BTreeMap<String, String>,
    /// What this person may do; none when nothing says so.
    pub duties: Option<Duties>,
    /// By which way the caller came; [`Members::authenticate`] says that a certificate was shown.
    pub way: Way,
    /// What the caller may do by it.
    pub scope: Scope,
    /// Until when it counts, beside the certificate's own end; none where nothing else ends it.
    pub until: Option<End>,
}

impl Principal {
    /// The subject of the certificate.
    #[must_use]
    pub fn subject(&self) -> String {
        self.certificate.subject().to_string()
    }

    /// SHA-256 of the normalised certificate, hex: the same as contracts see.
    #[must_use]
    pub fn certificate_sha256(&self) -> String {
        hex::encode(self.identity.certificate().sha256())
    }

    /// Notes what ends it, unless something else does so before.
    pub(crate) fn end_by(&mut self, end: End) {
        self.until = Some(end.or_before(self.until));
    }
}

/// Why the organizations cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MembersError {
    /// An MSP directory cannot be read.
    #[error("the MSP directory {path} of {msp_id}: {cause}")]
    Directory {
        /// The organization.
        msp_id: String,
        /// The directory.
        path: PathBuf,
        /// Why.
        cause: DirectoryError,
    },
    /// An MSP directory breaks a rule of membership.
    #[error("the MSP of {msp_id} cannot be used: {cause}")]
    Setup {
        /// The organization.
        msp_id: String,
        /// Why.
        cause: SetupError,
    },
    /// An organization's table of operators cannot be used.
    #[error("the operators of {msp_id}: {cause}")]
    Operators {
        /// The organization.
        msp_id: String,
        /// Why.
        cause: OperatorsError,
    },
    /// Two organizations trust one authority, so a certificate would belong to both.
    #[error("{0} and {1} share a certificate authority; whose members its certificates name would be a guess")]
    SharedAuthority(String, String),
    /// A managed or service identity cannot be loaded.
    #[error("the identity in {path}: {cause}")]
    Signer {
        /// The directory.
        path: PathBuf,
        /// Why.
        cause: SignerError,
    },
    /// A managed or service identity is not a valid client of its organization.
    #[error("the identity in {path} is not a valid client of {msp_id}: {reason}")]
    SignerRefused {
        /// The organization.
        msp_id: String,
        /// The directory.
        path: PathBuf,
        /// The code of the rule.
        reason: String,
    },
}

impl Members {
    /// Loads all membership rules and identities. A managed identity that cannot be used puts its organization out of
    /// service and nobody else; the log says why.
    ///
    /// # Errors
    /// A directory is unreadable, or the gateway's own identity is not a valid client of its organization.
    pub fn load(settings: &Settings) -> Result<Self, MembersError> {
        let msps = load_msps(&settings.organizations)?;
        let mut organizations = BTreeMap::new();
        for organization in &settings.organizations {
            let managed = match &organization.managed_identity {
                Some(path) => match load_signer(&msps, &organization.msp_id, path) {
                    Ok(signer) => Managed::Usable(signer),
                    Err(error) => {
                        tracing::error!(
                            msp.id = organization.msp_id,
                            "{} is out of service: {error}",
                            organization.msp_id
                        );
                        Managed::Unusable
                    }
                },
                None => Managed::None,
            };
            let operators = load_operators(&msps, organization)?;
            let member = Member { settings: organization.clone(), managed: RwLock::new(managed), operators };
            organizations.insert(organization.msp_id.clone(), member);
        }
        let service = load_signer(&msps, &settings.service.msp_id, &settings.service.msp_dir)?;
        let server = std::fs::read(&settings.tls.certificate).ok().and_then(|pem| Certificate::from_pem(&pem).ok());
        let (msps, stale) = (RwLock::new(Arc::new(msps)), AtomicBool::new(false));
        Ok(Self { organizations, msps, stale, service, server: RwLock::new(server) })
    }

    /// Notes which certificate the listener shows now.
    pub(crate) fn show(&self, server: Option<Certificate>) {
        *self.server.write().unwrap_or_else(PoisonError::into_inner) = server;
    }

    /// Reads the MSP directories and the managed identities again, so that new revocation lists and renewed
    /// certificates count. What cannot be used now leaves what was there before, unless that may not be used any more;
    /// why is given back. Reads files, so it may block.
    pub fn reload(&self) -> Vec<MembersError> {
        let mut msps = Vec::clone(&self.msps());
        let mut failed = Vec::new();
        for at in 0..msps.len() {
            let Some(member) = self.organizations.get(msps[at].id()) else { continue };
            let loaded = load_msp(&member.settings).and_then(|msp| {
                let others = msps.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, msp)| msp.as_ref());
                check_alone(&msp, others).map(|()| msp)
            });
            match loaded {
                Ok(msp) => msps[at] = Arc::new(msp),
                Err(error) => failed.push(error),
            }
        }
        self.stale.store(!failed.is_empty(), Ordering::Relaxed);
        for member in self.organizations.values() {
            let Some(path) = &member.settings.managed_identity else { continue };
            let loaded = load_signer(&msps, &member.settings.msp_id, path);
            let mut managed = member.managed.write().unwrap_or_else(PoisonError::into_inner);
            match loaded {
                Ok(signer) => *managed = Managed::Usable(signer),
                Err(error) => {
                    let still_may = |signer: &Arc<dyn Signer>| {
                        check_signer(&msps, &member.settings.msp_id, path, signer.certificate()).is_ok()
                    };
                    if !matches!(&*managed, Managed::Usable(signer) if still_may(signer)) {
                        *managed = Managed::Unusable;
                    }
                    failed.push(error);
                }
            }
        }
        *self.msps.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(msps);
        failed
    }

    /// Whether some organization's rules are not those in its directory, because these could not be read.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// The MSP ids of the organizations whose managed identity cannot be used.
    #[must_use]
    pub fn out_of_service(&self) -> Vec<&str> {
        let unusable = self.organizations.iter().filter(|(_, member)| member.signer().is_err());
        unusable.map(|(msp_id, _)| msp_id.as_str()).collect()
    }

    /// The certificates that the gateway shows or signs with and that end within [`EXPIRY_WARNING_SECONDS`] of `now`
    /// (seconds since 1970).
    #[must_use]
    pub fn expiring(&self, now: u64) -> Vec<Expiring> {
        let limit = i64::try_from(now).unwrap_or(i64::MAX).saturating_add(EXPIRY_WARNING_SECONDS);
        let soon = self.ends().into_iter().filter(|(_, not_after)| *not_after <= limit);
        soon.map(|(whose, not_after)| Expiring { whose, not_after }).collect()
    }

    /// When the certificates end that the gateway shows or signs with, in seconds since 1970, and whose they are.
    pub(crate) fn ends(&self) -> Vec<(String, i64)> {
        let signers = self.organizations.iter().filter_map(|(msp_id, member)| {
            let signer = member.signer().ok().flatten()?;
            Some((format!("the managed identity of {msp_id}"), signer.certificate().not_after()))
        });
        let server = self.server.read().unwrap_or_else(PoisonError::into_inner);
        let server = server.as_ref().map(|server| ("the listener".to_owned(), server.not_after()));
        let service = [("the gateway's own identity".to_owned(), self.service.certificate().not_after())];
        server.into_iter().chain(service).chain(signers).collect()
    }

    /// When the revocation lists of each organization that has some were issued, and the next ones are due: of several
    /// authorities, the dates of the one that is first.
    pub(crate) fn revocation_dates(&self) -> Vec<(String, RevocationDates)> {
        let of = |msp: &Arc<Msp>| {
            let dates = msp.revocation_dates();
            let issued = dates.iter().map(|one| one.issued).min()?;
            let next = dates.iter().filter_map(|one| one.next).min();
            Some((msp.id().to_owned(), RevocationDates { issued, next }))
        };
        self.msps().iter().filter_map(of).collect()
    }

    /// Writes to the log which certificates end soon.
    pub(crate) fn warn_of_expiry(&self) {
        for Expiring { whose, not_after } in self.expiring(now()) {
            let end = rfc3339(u64::try_from(not_after).unwrap_or(0));
            tracing::warn!("the certificate of {whose} ends at {end}");
        }
    }

    fn msps(&self) -> Arc<Vec<Arc<Msp>>> {
        Arc::clone(&self.msps.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who presents this certificate (DER), at `now` (seconds since 1970).
    ///
    /// # Errors
    /// A problem that names the broken rule.
    pub fn authenticate(&self, certificate_der: Option<&[u8]>, now: u64) -> Result<Principal, Problem> {
        let Some(der) = certificate_der else {
            return Err(Problem::of(ProblemCode::CertificateMissing));
        };
        let certificate = Certificate::from_der(der).map_err(|_| Problem::of(ProblemCode::CertificateMalformed))?;
        let (identity, certificate_role) = recognise(&self.msps(), &certificate)?;
        check_validity(&certificate, now)?;
        let attributes = certificate.attributes().cloned().map_err(|error| {
            Problem::of(ProblemCode::CertificateMalformed).with_detail(format!("In its extension: {error}."))
        })?;
        let Some(member) = self.organizations.get(identity.msp_id()) else {
            return Err(Problem::of(ProblemCode::CertificateUnknownAuthority));
        };
        let role = member.settings.role;
        let duties = operators::duties_of(&attributes, member.operators.as_ref(), identity.certificate());
        let duties = duties.map_err(|error| {
            Problem::of(ProblemCode::CertificateMalformed).with_detail(format!("In {DUTIES_ATTRIBUTE}: {error}."))
        })?;
        let msp_id = identity.msp_id().to_owned();
        let (way, scope) = (Way::default(), Scope::default());
        let until = None;
        Ok(Principal { msp_id, role, certificate_role, identity, certificate, attributes, duties, way, scope, until })
    }

    /// The organization with this MSP id.
    #[must_use]
    pub fn member(&self, msp_id: &str) -> Option<&Member> {
        self.organizations.get(msp_id)
    }

    /// The MSP ids of all customs authorities.
    #[must_use]
    pub fn authorities(&self) -> Vec<&str> {
        let customs = self.organizations.values().filter(|member| member.settings.role == Role::Customs);
        customs.map(|member| member.settings.msp_id.as_str()).collect()
    }

    /// The MSP ids of all organizations.
    pub fn msp_ids(&self) -> impl Iterator<Item = &str> {
        self.organizations.keys().map(String::as_str)
    }

    /// The gateway's own identity.
    #[must_use]
    pub fn service(&self) -> &Arc<dyn Signer> {
        &self.service
    }
}

impl Member {
    /// The identity that signs for the organization, unless its members sign themselves.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn signer(&self) -> Result<Option<Arc<dyn Signer>>, OutOfService> {
        match &*self.managed.read().unwrap_or_else(PoisonError::into_inner) {
            Managed::None => Ok(None),
            Managed::Usable(signer) => Ok(Some(Arc::clone(signer))),
            Managed::Unusable => Err(OutOfService),
        }
    }
}

fn load_msps(organizations: &[Organization]) -> Result<Vec<Arc<Msp>>, MembersError> {
    let mut msps: Vec<Arc<Msp>> = Vec::new();
    for organization in organizations {
        let loaded = load_msp(organization)?;
        check_alone(&loaded, msps.iter().map(Arc::as_ref))?;
        msps.push(Arc::new(loaded));
    }
    Ok(msps)
}

fn load_msp(Organization { msp_id, msp_dir, .. }: &Organization) -> Result<Msp, MembersError> {
    let config = msp::config_from_directory(msp_id, msp_dir).map_err(|cause| MembersError::Directory {
        msp_id: msp_id.clone(),
        path: msp_dir.clone(),
        cause,
    })?;
    Msp::from_config(&config).map_err(|cause| MembersError::Setup { msp_id: msp_id.clone(), cause })
}

/// Whether none of the others trusts an authority of this one. Authorities are compared by their keys: one key may have
/// several certificates, and what it signed chains to each of them.
fn check_alone<'a>(msp: &Msp, others: impl IntoIterator<Item = &'a Msp>) -> Result<(), MembersError> {
    let own = authority_keys(msp);
    match others.into_iter().find(|other| !authority_keys(other).is_disjoint(&own)) {
        Some(other) => Err(MembersError::SharedAuthority(other.id().to_owned(), msp.id().to_owned())),
        None => Ok(()),
    }
}

fn authority_keys(msp: &Msp) -> BTreeSet<[u8; 32]> {
    let config = msp.config();
    let certificates = config.root_certs.iter().chain(&config.intermediate_certs);
    // What cannot be read was refused when the MSP was set up.
    certificates.filter_map(|pem| Certificate::from_pem(pem).ok()).map(|one| one.spki_sha256()).collect()
}

fn load_operators(msps: &[Arc<Msp>], organization: &Organization) -> Result<Option<Operators>, MembersError> {
    let Some(msp) = msps.iter().find(|msp| msp.id() == organization.msp_id) else { return Ok(None) };
    let loaded = Operators::load(&organization.operators, msp);
    loaded.map_err(|cause| MembersError::Operators { msp_id: organization.msp_id.clone(), cause })
}

fn load_signer(msps: &[Arc<Msp>], msp_id: &str, path: &std::path::Path) -> Result<Arc<dyn Signer>, MembersError> {
    let signer = SigningIdentity::from_msp_directory(msp_id, path)
        .map_err(|cause| MembersError::Signer { path: path.to_owned(), cause })?;
    check_signer(msps, msp_id, path, signer.certificate())?;
    Ok(Arc::new(signer))
}

/// Whether the identity in `path` may sign for the organization now.
fn check_signer(
    msps: &[Arc<Msp>],
    msp_id: &str,
    path: &std::path::Path,
    certificate: &Certificate,
) -> Result<(), MembersError> {
    let refused =
        |reason: String| MembersError::SignerRefused { msp_id: msp_id.to_owned(), path: path.to_owned(), reason };
    let (identity, _) = recognise(msps, certificate).map_err(|problem| refused(problem.code))?;
    check_validity(certificate, now()).map_err(|problem| refused(problem.code))?;
    if identity.msp_id() == msp_id {
        return Ok(());
    }
    Err(refused(format!("it belongs to {}", identity.msp_id())))
}

/// Asks each organization whether it answers for the certificate.
fn recognise(msps: &[Arc<Msp>], certificate: &Certificate) -> Result<(Identity, &'static str), Problem> {
    let mut reason = None;
    for msp in msps {
        let verdict = msp.recognise(certificate.pem()).and_then(|identity| Ok((msp.validate(&identity)?, identity)));
        match verdict {
            Ok((msp::Role::Client, identity)) => return Ok((identity, "client")),
            Ok((msp::Role::Admin, identity)) => return Ok((identity, "admin")),
            Ok((msp::Role::Member, identity)) => return Ok((identity, "member")),
            Ok((msp::Role::Peer | msp::Role::Orderer, _)) => {
                return Err(Problem::of(ProblemCode::CertificateOfANode)
                    .with_detail("Use the certificate of a client of your organization."));
            }
            Err(IdentityError::Chain(ChainError::UnknownAuthority)) => {}
            Err(error) => reason = Some(error),
        }
    }
    Err(reason.map_or_else(|| Problem::of(ProblemCode::CertificateUnknownAuthority), |error| refusal(&error)))
}

fn check_validity(certificate: &Certificate, now: u64) -> Result<(), Problem> {
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    if certificate.is_expired(now.saturating_sub(SKEW_SECONDS)) {
        return Err(Problem::of(ProblemCode::CertificateExpired));
    }
    if certificate.is_not_yet_valid(now.saturating_add(SKEW_SECONDS)) {
        return Err(Problem::of(ProblemCode::CertificateNotYetValid));
    }
    Ok(())
}

/// One code for each way in which a certificate breaks the rules of membership.
fn refusal(error: &IdentityError) -> Problem {
    let code = match error {
        IdentityError::Revoked => ProblemCode::CertificateRevoked,
        IdentityError::IsAuthority | IdentityError::ChainTooShort => ProblemCode::CertificateOfAnAuthority,
        IdentityError::NoRole { .. } | IdentityError::NoKnownUnit { .. } => ProblemCode::CertificateRoleMissing,
        IdentityError::SeveralRoles { .. } => ProblemCode::CertificateRoleAmbiguous,
        IdentityError::OtherCertifier { .. } | IdentityError::IssuerHasAuthorities => {
            ProblemCode::CertificateWrongIssuer
        }
        IdentityError::UnsupportedKey(_) => ProblemCode::CertificateKeyKind,
        IdentityError::Certificate(_) | IdentityError::Malformed | IdentityError::MalformedCertificateSignature => {
            ProblemCode::CertificateMalformed
        }
        IdentityError::Chain(ChainError::KeyUsage) => ProblemCode::CertificateKeyUsage,
        _ => ProblemCode::CertificateUntrusted,
    };
    Problem::of(code)
}
