//! Who signed the proposal.
//!
//! Contracts need no certificate: what they may decide by is named here, and was taken from the certificate by the shim
//! after the peer had validated it. Nothing here is validated again. The certificate itself is in
//! [`Origin::creator`](crate::Origin::creator).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The identity that proposed the transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creator {
    /// The membership service provider, which stands for the organization: `ExporterMSP`.
    pub msp_id: String,
    /// The client identifier in the form of Fabric's Go library: base64 of `x509::<subject>::<issuer>`.
    /// The Node and Java libraries write other forms; store this one only.
    pub id: String,
    /// The organizational units of the certificate's subject, in its order. With NodeOUs one of them is the role:
    /// `client`, `peer`, `admin` or `orderer`.
    pub roles: Vec<String>,
    /// The attributes that Fabric CA wrote into the certificate.
    pub attributes: BTreeMap<String, String>,
    /// SHA-256 of the certificate's DER encoding. Changes when the certificate is renewed.
    pub certificate_sha256: [u8; 32],
    /// SHA-256 of the subject public key info (DER). Survives a renewal with the same key.
    pub public_key_sha256: [u8; 32],
}

impl Creator {
    /// Whether the certificate carries the organizational unit `role`, exactly as written.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// Whether the certificate attribute `name` has exactly this value.
    pub fn has_attribute(&self, name: &str, value: &str) -> bool {
        self.attribute(name) == Some(value)
    }

    /// The value of the certificate attribute `name`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}
