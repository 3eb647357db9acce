//! Pedersen commitments: C = vG + rH, 32 bytes that bind to a value and say nothing about it.

use crate::error::CommitmentError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::Identity;
use std::fmt;

/// A commitment, always a canonical encoding and never the identity. In JSON: 64 lower-case hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// Checks 32 bytes.
    ///
    /// # Errors
    /// [`CommitmentError::NonCanonical`] or [`CommitmentError::Identity`].
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, CommitmentError> {
        let point = CompressedRistretto(bytes).decompress().ok_or(CommitmentError::NonCanonical)?;
        if point == RistrettoPoint::identity() {
            return Err(CommitmentError::Identity);
        }
        Ok(Self(bytes))
    }

    /// Reads 64 lower-case hexadecimal characters, or 43 base64url characters without padding.
    ///
    /// # Errors
    /// [`CommitmentError`].
    pub fn parse(text: &str) -> Result<Self, CommitmentError> {
        let bytes = match text.len() {
            64 if !text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                hex::decode(text).map_err(|_| CommitmentError::Malformed)?
            }
            43 => URL_SAFE_NO_PAD.decode(text).map_err(|_| CommitmentError::Malformed)?,
            _ => return Err(CommitmentError::Malformed),
        };
        Self::from_bytes(bytes.try_into().map_err(|_| CommitmentError::Malformed)?)
    }

    /// The canonical 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal characters.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// 43 base64url characters without padding.
    pub fn to_base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Wraps a point that is known not to be the identity.
    pub(crate) fn from_point(point: &RistrettoPoint) -> Result<Self, CommitmentError> {
        if *point == RistrettoPoint::identity() {
            return Err(CommitmentError::Identity);
        }
        Ok(Self(point.compress().to_bytes()))
    }

    pub(crate) fn point(&self) -> RistrettoPoint {
        CompressedRistretto(self.0).decompress().expect("checked by every constructor")
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Commitment({})", self.to_hex())
    }
}

impl std::str::FromStr for Commitment {
    type Err = CommitmentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Commitment {
    type Error = CommitmentError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Commitment> for String {
    fn from(commitment: Commitment) -> String {
        commitment.to_hex()
    }
}

impl schemars::JsonSchema for Commitment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Commitment".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Pedersen commitment: a canonical ristretto255 encoding in hexadecimal (base64url is read, too)",
            "pattern": "^([0-9a-f]{64}|[0-9A-Za-z_-]{43})$",
            "examples": ["b23efe1fb77a16e0894f92ddefe45d540a784bce2508bb5caf9b7d088a210b14"],
        })
    }
}
