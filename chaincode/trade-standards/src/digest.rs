//! SHA-256 digests (FIPS 180-4) as text.

use sha2::{Digest, Sha256};

use crate::malformed::Coded;

crate::text_type! {
    /// A SHA-256 digest: 64 lower-case hexadecimal digits. Capitals are refused, because one digest must be one text.
    Digest256, DigestError, "SHA-256 digest, lower-case hexadecimal", "^[0-9a-f]{64}$",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}

impl Digest256 {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// The text form of a digest that was computed elsewhere.
    pub fn from_bytes(digest: [u8; 32]) -> Self {
        Self(hex::encode(digest))
    }

    fn canonical(text: &str) -> Result<String, DigestError> {
        if is_digest(text) { Ok(text.to_owned()) } else { Err(DigestError::Digest) }
    }
}

/// Whether `text` is 64 lower-case hexadecimal digits.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Why a text is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not 64 lower-case hexadecimal digits.
    #[error("a digest has 64 lower-case hexadecimal digits")]
    Digest,
    /// Not a digest inside an RFC 6920 URI as CBV 2.0 §8.9 writes event hashes.
    #[error("an event hash has the form ni:///sha-256;…?ver=CBV2.0 with 64 lower-case hexadecimal digits")]
    EventHash,
}

impl Coded for DigestError {
    fn code(&self) -> &'static str {
        "request.digest_malformed"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_lower_case_hexadecimal_digits() {
        let empty = Digest256::of(b"");
        assert_eq!(empty.as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Digest256::parse(empty.as_str()), Ok(empty.clone()));
        for text in ["", "00", &empty.as_str().to_uppercase(), &empty.as_str()[1..], &format!("{empty}0")] {
            assert_eq!(Digest256::parse(text), Err(DigestError::Digest), "{text}");
        }
    }
}
