//! Public keys and the signatures that Fabric takes from them: ECDSA on P-256 and P-384 over SHA-256 with the smaller
//! of the two possible values of `s`, and Ed25519. RSA keys are only carried, never used to check a message.

use std::sync::OnceLock;

use openssl::{
    bn::BigNum,
    ec::{EcGroup, EcKey},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    nid::Nid,
    pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public},
    sign::{Signer, Verifier},
};

use crate::hash::sha256;

/// Why a signature was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The bytes are not a signature of this kind.
    #[error("the signature is malformed")]
    Malformed,
    /// The second number is in the upper half of the group order; anybody could have made it from a good signature.
    #[error("Invalid S. Must be smaller than half the order")]
    HighS,
    /// Well-formed, but made by another key or over other bytes.
    #[error("The signature is invalid")]
    Wrong,
    /// The key is of a kind that Fabric does not use for messages.
    #[error("a {0} key cannot check a message")]
    UnsupportedKey(String),
}

/// The public key of a certificate.
#[derive(Clone)]
pub enum PublicKey {
    /// ECDSA on the curve P-256.
    P256(EcKey<Public>),
    /// ECDSA on the curve P-384.
    P384(EcKey<Public>),
    /// Ed25519.
    Ed25519(PKey<Public>),
    /// Anything else, by name.
    Other(String),
}

impl PublicKey {
    /// Sorts a key into its kind.
    pub fn from_pkey(key: &PKeyRef<impl HasPublic>) -> Result<Self, ErrorStack> {
        match key.id() {
            Id::EC => {
                let ec = key.ec_key()?;
                let public = EcKey::from_public_key(ec.group(), ec.public_key())?;
                Ok(match ec.group().curve_name() {
                    Some(Nid::X9_62_PRIME256V1) => Self::P256(public),
                    Some(Nid::SECP384R1) => Self::P384(public),
                    Some(nid) => Self::Other(nid.short_name().unwrap_or("ECDSA").to_owned()),
                    None => Self::Other("ECDSA with explicit parameters".to_owned()),
                })
            }
            Id::ED25519 => Ok(Self::Ed25519(PKey::public_key_from_raw_bytes(&key.raw_public_key()?, Id::ED25519)?)),
            Id::RSA => Ok(Self::Other("RSA".to_owned())),
            other => Ok(Self::Other(format!("number {}", other.as_raw()))),
        }
    }

    /// The name of the kind, as Fabric's messages use it.
    pub fn kind(&self) -> &str {
        match self {
            Self::P256(_) | Self::P384(_) => "ECDSA",
            Self::Ed25519(_) => "Ed25519",
            Self::Other(name) => name,
        }
    }

    /// Checks that `signature` was made over `message` by the owner of this key.
    ///
    /// # Errors
    /// [`VerifyError`] names what is wrong; a high `s` is refused even when the numbers would fit.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let fits = match self {
            Self::P256(key) | Self::P384(key) => {
                let parsed = EcdsaSig::from_der(signature).map_err(|_| VerifyError::Malformed)?;
                if !is_low(&parsed, half_order(key)) {
                    return Err(VerifyError::HighS);
                }
                holds(parsed.verify(&sha256(message), key))
            }
            Self::Ed25519(key) => {
                let mut verifier = Verifier::new_without_digest(key).map_err(|_| VerifyError::Wrong)?;
                holds(verifier.verify_oneshot(signature, message))
            }
            Self::Other(name) => return Err(VerifyError::UnsupportedKey(name.clone())),
        };
        if fits { Ok(()) } else { Err(VerifyError::Wrong) }
    }

    /// A signature as hardware gives it, `r` and `s` one after another and of equal length, in the form that Fabric
    /// takes: DER with the smaller `s`. `None` for a key that is not ECDSA, or bytes of another length than the
    /// curve's.
    pub fn encode_raw(&self, raw: &[u8]) -> Option<Vec<u8>> {
        let (key, width) = match self {
            Self::P256(key) => (key, 32),
            Self::P384(key) => (key, 48),
            _ => return None,
        };
        let (r, s) = raw.split_at_checked(width).filter(|(_, s)| s.len() == width)?;
        let (r, s) = (BigNum::from_slice(r).ok()?, BigNum::from_slice(s).ok()?);
        low_s(EcdsaSig::from_private_components(r, s).ok()?, key).ok()?.to_der().ok()
    }

    /// The same ECDSA signature with the smaller `s`, in its shortest encoding; `None` for a key or bytes that are not
    /// ECDSA. Both forms fit the same message.
    pub fn normalise(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let (Self::P256(key) | Self::P384(key)) = self else { return None };
        low_s(EcdsaSig::from_der(signature).ok()?, key).ok()?.to_der().ok()
    }
}

/// Signs SHA-256 of `message` with an ECDSA key, low-S, or `message` itself with an Ed25519 key.
pub(crate) fn sign(key: &PKeyRef<Private>, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    if key.id() == Id::EC {
        return sign_digest(key, &sha256(message));
    }
    Signer::new_without_digest(key)?.sign_oneshot_to_vec(message)
}

/// Signs a digest of at most the curve's size with an ECDSA key, low-S.
pub(crate) fn sign_digest(key: &PKeyRef<Private>, digest: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let ec = key.ec_key()?;
    let public = EcKey::from_public_key(ec.group(), ec.public_key())?;
    low_s(EcdsaSig::sign(digest, &ec)?, &public)?.to_der()
}

/// Whether a check by OpenSSL came out well. One that did not leaves its reasons in a queue of this thread, where the
/// next TLS connection that the thread serves would take them for its own and end; so the queue is emptied.
pub(crate) fn holds(check: Result<bool, ErrorStack>) -> bool {
    let holds = check.unwrap_or(false);
    if !holds {
        drop(ErrorStack::get());
    }
    holds
}

fn low_s(signature: EcdsaSig, key: &EcKey<Public>) -> Result<EcdsaSig, ErrorStack> {
    if is_low(&signature, half_order(key)) {
        return Ok(signature);
    }
    let mut order = BigNum::new()?;
    key.group().order(&mut order, &mut *openssl::bn::BigNumContext::new()?)?;
    let mut flipped = BigNum::new()?;
    flipped.checked_sub(&order, signature.s())?;
    EcdsaSig::from_private_components(signature.r().to_owned()?, flipped)
}

fn is_low(signature: &EcdsaSig, half: &BigNum) -> bool {
    signature.s().ucmp(half) != std::cmp::Ordering::Greater
}

fn half_order(key: &EcKey<Public>) -> &'static BigNum {
    static P256: OnceLock<BigNum> = OnceLock::new();
    static P384: OnceLock<BigNum> = OnceLock::new();
    match key.group().curve_name() {
        Some(Nid::SECP384R1) => P384.get_or_init(|| compute_half_order(Nid::SECP384R1)),
        _ => P256.get_or_init(|| compute_half_order(Nid::X9_62_PRIME256V1)),
    }
}

fn compute_half_order(curve: Nid) -> BigNum {
    let compute = || -> Result<BigNum, ErrorStack> {
        let group = EcGroup::from_curve_name(curve)?;
        let mut order = BigNum::new()?;
        group.order(&mut order, &mut *openssl::bn::BigNumContext::new()?)?;
        let mut half = BigNum::new()?;
        half.rshift1(&order)?;
        Ok(half)
    };
    compute().expect("OpenSSL knows the order of its own named curves")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Result<Vec<PKey<Private>>, ErrorStack> {
        let mut keys = Vec::new();
        for curve in [Nid::X9_62_PRIME256V1, Nid::SECP384R1] {
            keys.push(PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(curve)?)?)?);
        }
        keys.push(PKey::generate_ed25519()?);
        Ok(keys)
    }

    #[test]
    fn a_signature_fits_its_message_and_key_only() -> Result<(), Box<dyn std::error::Error>> {
        for key in keys()? {
            let public = PublicKey::from_pkey(&key)?;
            let signature = sign(&key, b"message")?;
            public.verify(b"message", &signature)?;
            assert_eq!(public.verify(b"other", &signature), Err(VerifyError::Wrong));
            for other in keys()? {
                assert!(PublicKey::from_pkey(&other)?.verify(b"message", &signature).is_err());
            }
        }
        Ok(())
    }

    #[test]
    fn signatures_are_low_and_a_high_one_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        for key in keys()?.into_iter().take(2) {
            let public = PublicKey::from_pkey(&key)?;
            for round in 0..32_u8 {
                let signature = sign(&key, &[round])?;
                public.verify(&[round], &signature)?;
                let high = flip(&key, &signature)?;
                assert_eq!(public.verify(&[round], &high), Err(VerifyError::HighS));
                assert_eq!(public.normalise(&high).as_deref(), Some(signature.as_slice()));
            }
        }
        Ok(())
    }

    #[test]
    fn raw_signatures_become_low_der_signatures() -> Result<(), Box<dyn std::error::Error>> {
        for (key, width) in keys()?.into_iter().zip([32, 48]) {
            let public = PublicKey::from_pkey(&key)?;
            for round in 0..16_u8 {
                let high = EcdsaSig::from_der(&flip(&key, &sign(&key, &[round])?)?)?;
                let raw = [high.r().to_vec_padded(width)?, high.s().to_vec_padded(width)?].concat();
                public.verify(&[round], &public.encode_raw(&raw).ok_or("not encoded")?)?;
                assert_eq!(public.encode_raw(&raw[1..]), None);
            }
        }
        assert_eq!(PublicKey::from_pkey(&keys()?[2])?.encode_raw(&[1; 64]), None);
        Ok(())
    }

    #[test]
    fn bytes_that_are_no_signature_are_malformed() -> Result<(), Box<dyn std::error::Error>> {
        let public = PublicKey::from_pkey(&keys()?[0])?;
        for bytes in [&[][..], b"x", &[0x30, 0], &[0x30, 6, 2, 1, 1, 2, 1]] {
            assert_eq!(public.verify(b"message", bytes), Err(VerifyError::Malformed));
        }
        Ok(())
    }

    fn flip(key: &PKey<Private>, signature: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let parsed = EcdsaSig::from_der(signature)?;
        let mut order = BigNum::new()?;
        key.ec_key()?.group().order(&mut order, &mut *openssl::bn::BigNumContext::new()?)?;
        let mut flipped = BigNum::new()?;
        flipped.checked_sub(&order, parsed.s())?;
        EcdsaSig::from_private_components(parsed.r().to_owned()?, flipped)?.to_der()
    }
}
