//! Creators for tests.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::Creator;

/// Begins a creator of the organization `msp_id`: named `user`, with the role `client`.
pub fn creator(msp_id: &str) -> CreatorBuilder {
    CreatorBuilder {
        msp_id: msp_id.to_owned(),
        name: "user".to_owned(),
        roles: None,
        attributes: BTreeMap::new(),
        certificates: 1,
        key: None,
    }
}

/// Builds a [`Creator`]. Two builders with the same settings give the same identity.
#[derive(Debug, Clone)]
pub struct CreatorBuilder {
    msp_id: String,
    name: String,
    roles: Option<Vec<String>>,
    attributes: BTreeMap<String, String>,
    certificates: u32,
    key: Option<String>,
}

impl CreatorBuilder {
    /// Sets the common name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Adds an organizational unit; the first call replaces `client`.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        self.roles.get_or_insert_default().push(role.to_owned());
        self
    }

    /// Adds a certificate attribute.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A further certificate for the same name, with the same key.
    #[must_use]
    pub fn renewed(mut self) -> Self {
        self.certificates += 1;
        self
    }

    /// Sets the key. Default: one of its own for each name.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The creator. Its identifier has the form that certificates give, its digests are of made-up bytes.
    pub fn build(self) -> Creator {
        let roles = self.roles.unwrap_or_else(|| vec!["client".to_owned()]);
        let units: String = roles.iter().map(|role| format!(",OU={role}")).collect();
        let id = format!("x509::CN={}{units}::CN=ca.{}", self.name, self.msp_id);
        let digest = |what: &str| -> [u8; 32] { Sha256::digest(format!("{what} of {id}")).into() };
        Creator {
            certificate_sha256: digest(&format!("certificate {} with {:?}", self.certificates, self.key)),
            public_key_sha256: match &self.key {
                Some(key) => Sha256::digest(format!("public key {key}")).into(),
                None => digest("public key"),
            },
            id: base64(id.as_bytes()),
            msp_id: self.msp_id,
            roles,
            attributes: self.attributes,
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| -> String {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digit = |index: usize| char::from(ALPHABET[(bits >> (18 - 6 * index)) as usize & 63]);
        (0..4).map(|index| if index <= chunk.len() { digit(index) } else { '=' }).collect()
    };
    bytes.chunks(3).map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_agrees_with_the_vectors_of_rfc_4648() {
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn creators_differ_by_organization_and_name() {
        let base = creator("AMSP").build();
        assert_eq!(base, creator("AMSP").build());
        assert_ne!(base.id, creator("BMSP").build().id);
        assert_ne!(base.public_key_sha256, creator("AMSP").name("other").build().public_key_sha256);
        assert!(base.has_role("client"));
        assert!(!creator("AMSP").role("admin").build().has_role("client"));
    }
}
