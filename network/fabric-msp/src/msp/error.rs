//! The rules of membership, one variant for each way to break one. Texts follow Fabric's where a client can see them.

use super::chain::ChainError;
use crate::certificate::CertificateError;

/// Why an identity was not recognised or is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The bytes are not a `SerializedIdentity`.
    #[error("could not deserialize a SerializedIdentity")]
    Malformed,
    /// No organization of the channel has this id.
    #[error("MSP {0} is not defined on channel")]
    UnknownMsp(String),
    /// The identity belongs to another organization.
    #[error("expected MSP ID {expected}, received {received}")]
    OtherMsp {
        /// The organization that was asked.
        expected: String,
        /// The organization that the identity names.
        received: String,
    },
    /// The certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate has no single chain to an authority of the organization.
    #[error("the supplied identity is not valid: {0}")]
    Chain(ChainError),
    /// The certificate's own signature is not one that its issuer's key could have made.
    #[error("the signature on the certificate is malformed")]
    MalformedCertificateSignature,
    /// Authorities cannot act as identities.
    #[error(
        "An X509 certificate with Basic Constraint: Certificate Authority equals true cannot be used as an identity"
    )]
    IsAuthority,
    /// A root certificate stands for itself only.
    #[error("expected a chain of length at least 2, got 1")]
    ChainTooShort,
    /// The issuer has authorities below it and so may not issue identities.
    #[error("invalid validation chain. Parent certificate should be a leaf of the certification tree")]
    IssuerHasAuthorities,
    /// The key is of a kind that the channel does not accept.
    #[error("could not validate identity's public key algorithm: {0} is not supported")]
    UnsupportedKey(String),
    /// A revocation list of the issuer names the certificate.
    #[error("The certificate has been revoked")]
    Revoked,
    /// The issuer's certificate lacks the key identifier that revocation needs.
    #[error("subjectKeyIdentifier not found in certificate")]
    IssuerWithoutKeyId,
    /// A revocation list lacks the identifier of its issuer's key; Fabric then validates nobody.
    #[error("authorityKeyIdentifier not found in certificate")]
    RevocationListWithoutKeyId,
    /// The organization asks for one of certain units and the certificate has none of them.
    #[error("none of the identity's organizational units {units:?} are in MSP {msp_id}")]
    NoKnownUnit {
        /// The certificate's units.
        units: Vec<String>,
        /// The organization.
        msp_id: String,
    },
    /// A role unit was certified by another authority than the one that may.
    #[error("certifiersIdentifier does not match: {unit}, MSP: [{msp_id}]")]
    OtherCertifier {
        /// The role unit.
        unit: String,
        /// The organization.
        msp_id: String,
    },
    /// The certificate has no role unit.
    #[error(
        "the identity does not have an OU that resolves to client, peer, orderer, or admin role. OUs: {units:?}, MSP: [{msp_id}]"
    )]
    NoRole {
        /// The certificate's units.
        units: Vec<String>,
        /// The organization.
        msp_id: String,
    },
    /// The certificate has more than one role unit.
    #[error(
        "the identity must have a client, a peer, an orderer, or an admin OU role to be valid, not a combination of them. OUs: {units:?}, MSP: [{msp_id}]"
    )]
    SeveralRoles {
        /// The certificate's units.
        units: Vec<String>,
        /// The organization.
        msp_id: String,
    },
}

impl From<ChainError> for IdentityError {
    fn from(error: ChainError) -> Self {
        Self::Chain(error)
    }
}

/// Why an identity does not satisfy a principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrincipalError {
    /// The principal cannot be read.
    #[error("could not unmarshal the principal")]
    Malformed,
    /// Principals are nested too deeply.
    #[error("the principal is nested more than {0} levels deep")]
    TooDeep(usize),
    /// A combination of nothing.
    #[error("No principals in CombinedPrincipal")]
    Empty,
    /// The class or role number means nothing, or needs NodeOUs that are off.
    #[error("invalid principal type {0}")]
    UnknownKind(i32),
    /// The principal names another organization.
    #[error("the identity is a member of a different MSP (expected {expected}, got {received})")]
    OtherMsp {
        /// The organization of the principal.
        expected: String,
        /// The organization of the identity.
        received: String,
    },
    /// The identity is not valid in the first place.
    #[error("The identity is not valid under this MSP: {0}")]
    Invalid(IdentityError),
    /// Valid, but in another role.
    #[error("The identity is not {} under this MSP [{msp_id}]: {}", wanted(role), lacking(role, msp_id, *unit))]
    OtherRole {
        /// The role that the principal asks for.
        role: &'static str,
        /// The organization.
        msp_id: String,
        /// Which unit would have shown it.
        unit: RoleUnit,
    },
    /// No administrator, in an organization without NodeOUs.
    #[error("This identity is not an admin")]
    NotAdmin,
    /// Another certificate, or a unit that the certificate does not carry.
    #[error("The identities do not match")]
    NoMatch,
    /// X.509 identities are never anonymous.
    #[error("Principal is anonymous, but X.509 MSP does not support anonymous identities")]
    Anonymous,
}

impl From<IdentityError> for PrincipalError {
    fn from(error: IdentityError) -> Self {
        Self::Invalid(error)
    }
}

/// How an organization tells a role by a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleUnit {
    /// It does, and the certificate carries another.
    Missing,
    /// It does for other roles only.
    Undefined,
    /// It does not tell roles apart.
    Off,
}

fn wanted(role: &str) -> String {
    if role == "ADMIN" { "an admin".to_owned() } else { format!("a [{role}]") }
}

fn lacking(role: &str, msp_id: &str, unit: RoleUnit) -> String {
    match unit {
        RoleUnit::Missing => format!("The identity does not contain OU [{role}], MSP: [{msp_id}]"),
        RoleUnit::Undefined => {
            format!("cannot test for classification, node ou for type [{role}], not defined, msp: [{msp_id}]")
        }
        RoleUnit::Off => "NodeOUs not activated. Cannot tell apart identities.".to_owned(),
    }
}

/// Why membership rules could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The organization has no id.
    #[error("the MSP has no name")]
    NoName,
    /// More entries than any organization needs.
    #[error("the MSP {msp_id} has {count} {what}, more than {max}")]
    TooMany {
        /// The organization.
        msp_id: String,
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many are accepted.
        max: usize,
    },
    /// There is no root.
    #[error("expected at least one CA certificate")]
    NoRoot,
    /// A certificate of the configuration cannot be used.
    #[error("the {what} cannot be used: {cause}")]
    Certificate {
        /// Which kind of certificate.
        what: &'static str,
        /// What is wrong with it.
        cause: IdentityError,
    },
    /// A root is not signed by itself.
    #[error("the CA certificate {0} is not self-signed and cannot be a root")]
    RootNotSelfSigned(String),
    /// A certificate among the authorities is not one.
    #[error("CA Certificate did not have the CA attribute, (SN: {0})")]
    NotAuthority(String),
    /// An authority lacks its key identifier.
    #[error("CA Certificate problem with Subject Key Identifier extension, (SN: {0})")]
    NoKeyId(String),
    /// A revocation list cannot be read.
    #[error("could not parse RevocationList")]
    RevocationList,
    /// A unit names a certifying authority that the organization does not have.
    #[error("Failed adding OU. Certificate of unit {0} not in root or intermediate certs.")]
    UnknownCertifier(String),
    /// Nobody can administer the organization.
    #[error("administrators must be declared when no admin ou classification is set")]
    NoAdmins,
    /// A named administrator is not a client or an administrator, or is not valid.
    #[error("admin {index} is invalid: {cause}")]
    Admin {
        /// The position in the list.
        index: usize,
        /// What is wrong with it.
        cause: IdentityError,
    },
}
