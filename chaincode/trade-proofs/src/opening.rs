//! What opens a commitment: the value and the blinding factor. Secrets, wiped when dropped.

use crate::commitment::Commitment;
use crate::error::OpeningError;
use crate::parameters::pedersen;
use curve25519_dalek::scalar::Scalar;
use rand_core::{CryptoRng, RngCore};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value in minor units (0 to 2^64 − 1) and its blinding factor, never zero.
///
/// It has no serde form and prints nothing; [`OpeningText`] is the explicit way out.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Opening {
    pub(crate) value: u64,
    pub(crate) blinding: Scalar,
}

impl Opening {
    /// From a value and the 32 little-endian bytes of a blinding factor.
    ///
    /// # Errors
    /// [`OpeningError::NonCanonical`] or [`OpeningError::ZeroBlinding`].
    pub fn new(value: u64, blinding: [u8; 32]) -> Result<Self, OpeningError> {
        let scalar = Option::<Scalar>::from(Scalar::from_canonical_bytes(blinding));
        Self::from_scalar(value, scalar.ok_or(OpeningError::NonCanonical)?)
    }

    /// With a fresh blinding factor from `rng`.
    pub fn random<R: RngCore + CryptoRng>(value: u64, rng: &mut R) -> Self {
        loop {
            // Zero comes up with probability 2^-252; the loop is there so that no path leads to it.
            if let Ok(opening) = Self::from_scalar(value, Scalar::random(rng)) {
                return opening;
            }
        }
    }

    pub(crate) fn from_scalar(value: u64, blinding: Scalar) -> Result<Self, OpeningError> {
        if blinding == Scalar::ZERO {
            return Err(OpeningError::ZeroBlinding);
        }
        Ok(Self { value, blinding })
    }

    /// The value in minor units.
    pub fn value(&self) -> u64 {
        self.value
    }

    /// C = vG + rH.
    pub fn commitment(&self) -> Commitment {
        let point = pedersen().commit(Scalar::from(self.value), self.blinding);
        Commitment::from_point(&point).expect("r is not zero and nobody knows log_G(H)")
    }

    /// Whether this opens `commitment`; 24 to 36 microseconds.
    pub fn opens(&self, commitment: &Commitment) -> bool {
        self.commitment() == *commitment
    }

    /// The opening of the sum of the commitments: values and blinding factors added.
    ///
    /// # Errors
    /// [`OpeningError::Overflow`] above 2^64 − 1, [`OpeningError::ZeroBlinding`] without any opening.
    pub fn sum<'a>(openings: impl IntoIterator<Item = &'a Opening>) -> Result<Opening, OpeningError> {
        let mut value = 0u64;
        let mut blinding = Scalar::ZERO;
        for opening in openings {
            value = value.checked_add(opening.value).ok_or(OpeningError::Overflow)?;
            blinding += opening.blinding;
        }
        Self::from_scalar(value, blinding)
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Opening(secret)")
    }
}

/// The wire form of an [`Opening`], for transient data and private collections only:
/// `{"value": "150000", "blinding": "<64 hexadecimal characters>"}`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningText {
    /// Minor units as a canonical decimal string.
    pub value: String,
    /// The blinding factor's 32 little-endian bytes, lower-case hexadecimal.
    pub blinding: String,
}

impl OpeningText {
    /// Reads the opening.
    ///
    /// # Errors
    /// [`OpeningError`].
    pub fn open(&self) -> Result<Opening, OpeningError> {
        let canonical =
            self.value.bytes().all(|byte| byte.is_ascii_digit()) && (self.value == "0" || !self.value.starts_with('0'));
        if !canonical || self.blinding.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(OpeningError::Malformed);
        }
        let value = self.value.parse().map_err(|_| OpeningError::Malformed)?;
        let mut blinding = [0; 32];
        hex::decode_to_slice(&self.blinding, &mut blinding).map_err(|_| OpeningError::Malformed)?;
        let opening = Opening::new(value, blinding);
        blinding.zeroize();
        opening
    }
}

impl From<&Opening> for OpeningText {
    fn from(opening: &Opening) -> Self {
        Self { value: opening.value.to_string(), blinding: hex::encode(opening.blinding.as_bytes()) }
    }
}

impl fmt::Debug for OpeningText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OpeningText(secret)")
    }
}
