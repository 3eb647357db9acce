//! The envelope that carries a proof: bounded, versioned, one canonical form.
//!
//! `magic(4) ‖ version u8 ‖ suite u16 ‖ kind u16 ‖ parameters id(8) ‖ context digest(32) ‖ parts u8 ‖
//! (part kind u8, length u16, bytes)*`, little-endian, nothing behind the last part. As text: base64url.
//! The public inputs are not in it: a verifier takes them from where it trusts them.

use crate::error::VerifyError;
use crate::parameters::{self, VERSION};
use crate::part::PartKind;
use crate::statement::StatementKind;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// Most bytes of a proof; the largest kind needs fewer than 800.
pub const PROOF_BYTES_MAX: usize = 4096;

const MAGIC: [u8; 4] = *b"TZKP";
const HEADER_BYTES: usize = 4 + 1 + 2 + 2 + 8 + 32 + 1;

/// A proof as bytes that have the form of an envelope of this version; whether it holds is for the verifier to say.
///
/// In JSON: base64url without padding.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Proof {
    bytes: Vec<u8>,
    kind: StatementKind,
}

impl Proof {
    /// Checks the envelope: size, magic, version, suite, kind, parameters, and the lengths of its parts.
    ///
    /// # Errors
    /// [`VerifyError`], before any curve arithmetic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(VerifyError::TooLarge);
        }
        if bytes.len() < HEADER_BYTES || bytes[..4] != MAGIC {
            return Err(VerifyError::Malformed);
        }
        if bytes[4] != VERSION {
            return Err(VerifyError::UnsupportedVersion);
        }
        if u16::from_le_bytes([bytes[5], bytes[6]]) != parameters::SUITE {
            return Err(VerifyError::UnsupportedSuite);
        }
        let kind = StatementKind::from_number(u16::from_le_bytes([bytes[7], bytes[8]]));
        let kind = kind.ok_or(VerifyError::Malformed)?;
        if bytes[9..17] != parameters::id() {
            return Err(VerifyError::UnknownParameters);
        }
        let proof = Self { bytes: bytes.to_vec(), kind };
        proof.parts()?;
        Ok(proof)
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes); [`VerifyError::Malformed`] when it is not base64url without padding.
    pub fn parse(text: &str) -> Result<Self, VerifyError> {
        if text.len() > PROOF_BYTES_MAX.div_ceil(3) * 4 {
            return Err(VerifyError::TooLarge);
        }
        Self::from_bytes(&URL_SAFE_NO_PAD.decode(text).map_err(|_| VerifyError::Malformed)?)
    }

    /// The envelope's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text form: base64url without padding.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.bytes)
    }

    /// Which kind of statement it claims to prove.
    pub fn kind(&self) -> StatementKind {
        self.kind
    }

    /// The digest of the context it claims to be made for.
    pub fn context_digest(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.copy_from_slice(&self.bytes[17..49]);
        digest
    }

    /// Builds an envelope around one part; every statement of version 1 has exactly one.
    pub(crate) fn assemble(
        kind: StatementKind,
        context_digest: &[u8; 32],
        (part_kind, part): (PartKind, &[u8]),
    ) -> Self {
        let mut bytes = Vec::with_capacity(PROOF_BYTES_MAX / 4);
        bytes.extend_from_slice(&MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&parameters::SUITE.to_le_bytes());
        bytes.extend_from_slice(&kind.number().to_le_bytes());
        bytes.extend_from_slice(&parameters::id());
        bytes.extend_from_slice(context_digest);
        bytes.push(1);
        bytes.push(part_kind as u8);
        bytes.extend_from_slice(&(part.len() as u16).to_le_bytes());
        bytes.extend_from_slice(part);
        Self { bytes, kind }
    }

    /// The only part, which must be of `kind`.
    pub(crate) fn only_part(&self, kind: PartKind) -> Result<&[u8], VerifyError> {
        match self.parts()?.as_slice() {
            [(found, bytes)] if *found == kind => Ok(bytes),
            _ => Err(VerifyError::Malformed),
        }
    }

    fn parts(&self) -> Result<Vec<(PartKind, &[u8])>, VerifyError> {
        let mut rest = &self.bytes[HEADER_BYTES..];
        let mut parts = Vec::new();
        for _ in 0..self.bytes[HEADER_BYTES - 1] {
            let [kind, low, high, tail @ ..] = rest else {
                return Err(VerifyError::Malformed);
            };
            let kind = PartKind::from_number(*kind).ok_or(VerifyError::Malformed)?;
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            let (part, tail) = tail.split_at_checked(length).ok_or(VerifyError::Malformed)?;
            parts.push((kind, part));
            rest = tail;
        }
        if rest.is_empty() { Ok(parts) } else { Err(VerifyError::Malformed) }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proof({}, {} bytes)", self.kind.as_str(), self.bytes.len())
    }
}

impl std::str::FromStr for Proof {
    type Err = VerifyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Proof {
    type Error = VerifyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Proof> for String {
    fn from(proof: Proof) -> String {
        proof.to_text()
    }
}

impl schemars::JsonSchema for Proof {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Proof".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "zero-knowledge proof: an envelope of version 1 in base64url without padding",
            "pattern": "^[0-9A-Za-z_-]+$",
            "maxLength": PROOF_BYTES_MAX.div_ceil(3) * 4,
            "examples": [include_str!("example.txt").trim_end()],
        })
    }
}
