//! Who acted for an organization: a person, known by digests of its certificate.
//!
//! A certificate names its holder, and that is personal data. What is kept on the ledger are digests: a reader who has
//! the certificate can tell that it is meant, and nobody can find the name from the digest, because a certificate holds
//! a key and a signature. Which certificate is whose is for the organization's own records; its gateway's audit log has
//! both.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Digest256, Duties};

/// Which certificate acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// SHA-256 of the certificate that signed the transaction: 64 hexadecimal digits.
    pub certificate_sha256: Digest256,
    /// When an organization's gateway signed: SHA-256 of the certificate of the person for which it did, as the gateway
    /// vouches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_sha256: Option<Digest256>,
}

/// The person for which an organization's gateway signs, said beside the request ([`super::Beside`]), so that everybody
/// can read what was vouched for. It counts when the signer's certificate says that it is a gateway's.
///
/// It is no transient data: Fabric's gateway sends a proposal with transient data and private writes to no organization
/// outside the collections, and an authorship digest is such a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vouched {
    /// SHA-256 of the person's certificate.
    pub certificate_sha256: Digest256,
    /// SHA-256 of the public key in it.
    pub key_sha256: Digest256,
    /// What stands for the person's name: the same for each of its certificates, and made with a secret of the gateway,
    /// because names can be guessed.
    pub name_digest: Digest256,
    /// What the person may do, by its certificate and the gateway's table; absent when neither says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duties: Option<Duties>,
}

/// A person as it is told from another one, for acts that take two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// SHA-256 of its public key, which stays when a certificate is renewed for the same key.
    pub key_sha256: Digest256,
    /// What stands for its name, which stays when it gets a new key. When it signed itself: SHA-256 of the client
    /// identifier (subject and issuer), which stands in the transaction itself. Otherwise what the gateway made of it.
    pub name_digest: Digest256,
    /// Whether a gateway vouched for it.
    pub vouched: bool,
}

/// Whether two acts are by two persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Neither key nor name are the same.
    Apart,
    /// The key or the name is the same.
    Same,
    /// One signed itself and a gateway vouched for the other, so that their names cannot be compared.
    NotComparable,
}

impl Person {
    /// Whether this is another person than `other`.
    pub fn told_from(&self, other: &Self) -> Told {
        if self.key_sha256 == other.key_sha256 {
            return Told::Same;
        }
        if self.vouched != other.vouched {
            return Told::NotComparable;
        }
        if self.name_digest == other.name_digest { Told::Same } else { Told::Apart }
    }
}
