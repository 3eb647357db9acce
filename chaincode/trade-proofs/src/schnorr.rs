//! Schnorr's proof of knowledge of δ with D = δH: the base of EQUAL and SUM.
//!
//! R = kH, c = challenge(…, R), s = k + cδ; accepted when sH = R + cD.

use crate::error::VerifyError;
use crate::parameters::pedersen;
use crate::transcript;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};

/// R ‖ s for D = `secret`·H; `D` itself follows from the statement, which the transcript has absorbed.
pub(crate) fn prove<R: RngCore + CryptoRng>(transcript: &mut Transcript, secret: Scalar, rng: &mut R) -> Vec<u8> {
    let mut nonces = transcript::nonces(transcript, &[(0, secret)], rng);
    let nonce = nonzero(&mut nonces);
    let announcement = (pedersen().B_blinding * nonce).compress();
    let challenge = announce(transcript, &announcement);
    let response = nonce + challenge * secret;
    [announcement.to_bytes(), response.to_bytes()].concat()
}

/// Checks R ‖ s against D.
pub(crate) fn verify(transcript: &mut Transcript, difference: RistrettoPoint, bytes: &[u8]) -> Result<(), VerifyError> {
    let [announcement, response] = chunks(bytes)?;
    let point = point(announcement)?;
    let response = scalar(response)?;
    let challenge = announce(transcript, &CompressedRistretto(announcement));
    if pedersen().B_blinding * response == point + difference * challenge { Ok(()) } else { Err(VerifyError::Rejected) }
}

/// Absorbs R and draws c.
pub(crate) fn announce(transcript: &mut Transcript, announcement: &CompressedRistretto) -> Scalar {
    transcript.append_message(b"R", announcement.as_bytes());
    transcript::challenge(transcript, b"c")
}

/// A nonce; zero would make R the identity, which verifiers refuse.
pub(crate) fn nonzero<R: RngCore + CryptoRng>(rng: &mut R) -> Scalar {
    loop {
        let nonce = Scalar::random(rng);
        if nonce != Scalar::ZERO {
            return nonce;
        }
    }
}

/// Exactly `N` pieces of 32 bytes.
pub(crate) fn chunks<const N: usize>(bytes: &[u8]) -> Result<[[u8; 32]; N], VerifyError> {
    let (pieces, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(VerifyError::Malformed);
    }
    pieces.try_into().map_err(|_| VerifyError::Malformed)
}

/// A canonical point that is not the identity.
pub(crate) fn point(bytes: [u8; 32]) -> Result<RistrettoPoint, VerifyError> {
    let point = CompressedRistretto(bytes).decompress().ok_or(VerifyError::NonCanonical)?;
    if point == RistrettoPoint::identity() { Err(VerifyError::IdentityPoint) } else { Ok(point) }
}

/// A canonical scalar.
pub(crate) fn scalar(bytes: [u8; 32]) -> Result<Scalar, VerifyError> {
    Option::from(Scalar::from_canonical_bytes(bytes)).ok_or(VerifyError::NonCanonical)
}
