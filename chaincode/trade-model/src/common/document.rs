//! A document that two parties hold and the ledger does not: a salted digest of it is public, what the digest was made
//! from is private.
//!
//! A plain digest of an invoice or a bank message would let everybody try amounts until the digest fits, for each part
//! of the document is known or guessed. Salted with 32 random bytes, the digest tells nothing without the salt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Digest256, Malformed, text_type};

/// What is hashed before the salt and the document's digest, so that no other digest of ours has the same form.
const DOMAIN: &[u8] = b"entrepot salted document v1\n";

text_type! {
    /// The public digest of a document that is not public: SHA-256 over a fixed text, the salt and the document's
    /// SHA-256. 64 lower-case hexadecimal digits.
    SaltedDigest, "^[0-9a-f]{64}$", "0bf9b6b6a0ffb5e18c4ec3a2ea5c79a5a2dcb0b3a2b97d4cbd1a0d3b5b1d9f00", hexadecimal
}

fn hexadecimal(text: &str) -> Result<String, Malformed> {
    let malformed = |_| Malformed::new("request.digest_malformed", "must be 64 lower-case hexadecimal digits");
    Digest256::parse(text).map(String::from).map_err(malformed)
}

/// 32 random bytes that were drawn for one document, as 64 lower-case hexadecimal digits. It prints nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Salt([u8; 32]);

impl TryFrom<String> for Salt {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(hexadecimal(&text)?, &mut bytes).expect("64 hexadecimal digits are 32 bytes");
        Ok(Self(bytes))
    }
}

impl From<Salt> for String {
    fn from(salt: Salt) -> Self {
        hex::encode(salt.0)
    }
}

impl JsonSchema for Salt {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Salt".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "examples": ["5f0c1b7f6d9c4e2a8b3d7e6f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"],
        })
    }
}

/// What a [`SaltedDigest`] was made from. It travels in private inputs and stands in private collections only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaltedDocument {
    /// SHA-256 of the document's bytes: 64 lower-case hexadecimal digits.
    pub sha256: Digest256,
    /// The salt.
    pub salt: Salt,
}

impl SaltedDocument {
    /// A document with the salt that was drawn for it.
    pub fn new(document: &[u8], salt: [u8; 32]) -> Self {
        Self::of_digest(Digest256::of(document), salt)
    }

    /// A document of which the digest is known, with the salt that was drawn for it.
    pub fn of_digest(sha256: Digest256, salt: [u8; 32]) -> Self {
        Self { sha256, salt: Salt(salt) }
    }

    /// The digest that may be public.
    pub fn digest(&self) -> SaltedDigest {
        let document = hex::decode(self.sha256.as_str()).expect("a digest is hexadecimal digits");
        let parts = [DOMAIN, &self.salt.0, &document].concat();
        SaltedDigest(String::from(Digest256::of(&parts)))
    }
}

/// Prints nothing: both parts are private.
impl std::fmt::Debug for SaltedDocument {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SaltedDocument(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_digest_is_of_the_text_the_salt_and_the_documents_digest() {
        let document = SaltedDocument::new(b"", [7; 32]);
        assert_eq!(document.sha256, Digest256::of(b""));
        let parts = [DOMAIN, &[7; 32], &hex::decode(document.sha256.as_str()).expect("hexadecimal")].concat();
        assert_eq!(document.digest().as_str(), Digest256::of(&parts).as_str());
        assert_ne!(document.digest(), SaltedDocument::new(b"", [8; 32]).digest());
        assert_ne!(document.digest(), SaltedDocument::new(b"1", [7; 32]).digest());
        assert_eq!(format!("{document:?}"), "SaltedDocument(…)");
    }

    #[test]
    fn capitals_and_other_lengths_are_refused() {
        for text in ["", "00", "A".repeat(64).as_str(), "0".repeat(65).as_str()] {
            let refused = SaltedDigest::parse(text).expect_err(text);
            assert_eq!(refused.code(), "request.digest_malformed");
            assert!(Salt::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
