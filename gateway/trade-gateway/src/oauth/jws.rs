//! JSON Web Signatures (RFC 7515) in their compact form, with ES256 and ES384 (RFC 7518 §3.4) over OpenSSL.
//!
//! Only what tokens and client assertions need. A signature is checked under an algorithm that the *key* gives, never
//! under the one that the header asks for, so that neither `none` nor a MAC under a public key is ever tried.
//! Of the crates for it, `jsonwebtoken` brings ring, aws-lc or `rsa` for the signatures, `josekit` reads JSON that
//! repeats names, and neither judges `x5c`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use openssl::{
    bn::BigNum,
    ec::EcKey,
    ecdsa::EcdsaSig,
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{Id, PKey, Private, Public},
};
use serde_json::{Map, Value};

use crate::json;

/// Longest compact form, in bytes: four certificates fit.
pub(super) const COMPACT_BYTES_MAX: usize = 12 * 1024;

/// Deepest nesting of header and claims.
const DEPTH_MAX: usize = 8;

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// P-256 and SHA-256.
    Es256,
    /// P-384 and SHA-384.
    Es384,
}

/// A signed text that was taken apart; its signature is not checked yet.
#[derive(Debug)]
pub(super) struct Jws<'a> {
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
    signed: &'a [u8],
    signature: Vec<u8>,
}

/// Why a text is no JWS that can be judged. The texts quote nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum JwsError {
    /// Longer than any good one.
    #[error("it is longer than {COMPACT_BYTES_MAX} bytes")]
    TooLong,
    /// Not three parts between dots.
    #[error("it is not three parts with dots between them")]
    Parts,
    /// A part that is not base64url without padding.
    #[error("its {0} is not base64url without padding")]
    Base64(&'static str),
    /// A part that is no JSON object, or repeats a name.
    #[error("its {0} is not a JSON object that names each member once")]
    Json(&'static str),
    /// The header asks for what is not understood (RFC 7515 §4.1.11, RFC 7797).
    #[error("its header has {0}, which is not understood here")]
    Extension(&'static str),
}

impl Algorithm {
    /// The algorithm of a key; none for kinds of keys that sign nothing here.
    pub(super) fn of(key: &PKey<Public>) -> Option<Self> {
        if key.id() != Id::EC {
            return None;
        }
        match key.ec_key().ok()?.group().curve_name()? {
            Nid::X9_62_PRIME256V1 => Some(Self::Es256),
            Nid::SECP384R1 => Some(Self::Es384),
            _ => None,
        }
    }

    /// Its name in a header.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }

    fn digest(self) -> MessageDigest {
        match self {
            Self::Es256 => MessageDigest::sha256(),
            Self::Es384 => MessageDigest::sha384(),
        }
    }

    /// Bytes of each of the two numbers of a signature.
    fn number_bytes(self) -> usize {
        match self {
            Self::Es256 => 32,
            Self::Es384 => 48,
        }
    }
}

impl<'a> Jws<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, JwsError> {
        if text.len() > COMPACT_BYTES_MAX {
            return Err(JwsError::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::Parts)?;
        let (header, claims) = signed.split_once('.').ok_or(JwsError::Parts)?;
        if claims.contains('.') {
            return Err(JwsError::Parts);
        }
        let header = object("header", header)?;
        for name in ["crit", "b64"] {
            if header.contains_key(name) {
                return Err(JwsError::Extension(name));
            }
        }
        let claims = object("claims", claims)?;
        let signature = BASE64URL.decode(signature).map_err(|_| JwsError::Base64("signature"))?;
        Ok(Self { header, claims, signed: signed.as_bytes(), signature })
    }

    /// A text of the header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// A text of the claims.
    pub(super) fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// A moment of the claims, seconds since 1970. A fraction (RFC 7519 §2) is cut off.
    pub(super) fn moment(&self, name: &str) -> Option<u64> {
        let value = self.claims.get(name)?;
        value.as_u64().or_else(|| {
            let seconds = value.as_f64().filter(|seconds| (0.0..9_007_199_254_740_992.0).contains(seconds))?;
            format!("{:.0}", seconds.trunc()).parse().ok()
        })
    }

    /// Whether the signature is one of this key. The header must name the key's own algorithm.
    pub(super) fn is_signed_by(&self, key: &PKey<Public>) -> bool {
        let Some(algorithm) = Algorithm::of(key) else { return false };
        self.header("alg") == Some(algorithm.name()) && self.holds(algorithm, key).unwrap_or(false)
    }

    fn holds(&self, algorithm: Algorithm, key: &PKey<Public>) -> Result<bool, ErrorStack> {
        let bytes = algorithm.number_bytes();
        if self.signature.len() != 2 * bytes {
            return Ok(false);
        }
        let (r, s) = self.signature.split_at(bytes);
        let signature = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
        let digest = openssl::hash::hash(algorithm.digest(), self.signed)?;
        signature.verify(&digest, key.ec_key()?.as_ref())
    }
}

/// Signs claims with a P-256 key.
///
/// # Errors
/// OpenSSL has no randomness or no memory.
pub(super) fn sign(header: &Value, claims: &Value, key: &EcKey<Private>) -> Result<String, ErrorStack> {
    compact(header, claims, |text| {
        let digest = openssl::hash::hash(Algorithm::Es256.digest(), text)?;
        EcdsaSig::sign(&digest, key)
    })
}

/// The compact form of claims under ES256 (RFC 7515 §7.1); `sign` makes the signature of the text before it.
///
/// # Errors
/// Those of `sign`, and OpenSSL's.
pub(super) fn compact<E: From<ErrorStack>>(
    header: &Value,
    claims: &Value,
    sign: impl FnOnce(&[u8]) -> Result<EcdsaSig, E>,
) -> Result<String, E> {
    let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    let signature = sign(signed.as_bytes())?;
    let bytes = i32::try_from(Algorithm::Es256.number_bytes()).expect("32 fits");
    let numbers = [signature.r().to_vec_padded(bytes)?, signature.s().to_vec_padded(bytes)?].concat();
    Ok(format!("{signed}.{}", BASE64URL.encode(numbers)))
}

fn object(part: &'static str, text: &str) -> Result<Map<String, Value>, JwsError> {
    let bytes = BASE64URL.decode(text).map_err(|_| JwsError::Base64(part))?;
    match json::parse(&bytes, DEPTH_MAX) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(JwsError::Json(part)),
    }
}

#[cfg(test)]
mod tests {
    use openssl::ec::EcGroup;
    use serde_json::json;

    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    fn key() -> Result<(EcKey<Private>, PKey<Public>), ErrorStack> {
        let key = EcKey::generate(EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?.as_ref())?;
        let public = EcKey::from_public_key(key.group(), key.public_key())?;
        Ok((key, PKey::from_ec_key(public)?))
    }

    /// RFC 7515, appendix A.3: a key, and a text that it has signed with ES256.
    #[test]
    fn the_example_of_the_standard_verifies() -> TestResult {
        let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19\
                    yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let number = |text| BASE64URL.decode(text).map(|bytes| BigNum::from_slice(&bytes));
        let (x, y) = (
            number("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")??,
            number("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")??,
        );
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let key = PKey::from_ec_key(EcKey::from_public_key_affine_coordinates(&group, &x, &y)?)?;
        let jws = Jws::parse(text)?;
        assert!(jws.is_signed_by(&key));
        assert_eq!((jws.claim("iss"), jws.moment("exp")), (Some("joe"), Some(1_300_819_380)));
        let other = text.replace("Q.DtEh", "Q.EtEh");
        assert!(!Jws::parse(&other)?.is_signed_by(&key));
        Ok(())
    }

    #[test]
    fn only_the_keys_own_algorithm_counts() -> TestResult {
        let (private, public) = key()?;
        for (algorithm, expected) in
            [("ES256", true), ("none", false), ("HS256", false), ("ES384", false), ("es256", false), ("RS256", false)]
        {
            let text = sign(&json!({"alg": algorithm}), &json!({"iss": "a"}), &private)?;
            assert_eq!(Jws::parse(&text)?.is_signed_by(&public), expected, "{algorithm}");
        }
        let text = sign(&json!({"alg": "ES256"}), &json!({}), &private)?;
        assert!(!Jws::parse(&text)?.is_signed_by(&key()?.1), "another key");
        let unsigned = text.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap_or_default();
        assert!(!Jws::parse(&unsigned)?.is_signed_by(&public), "no signature");
        Ok(())
    }

    #[test]
    fn zero_numbers_are_no_signature() -> TestResult {
        let (private, public) = key()?;
        let text = sign(&json!({"alg": "ES256"}), &json!({}), &private)?;
        let (signed, _) = text.rsplit_once('.').ok_or("three parts")?;
        let zeros = format!("{signed}.{}", BASE64URL.encode([0; 64]));
        assert!(!Jws::parse(&zeros)?.is_signed_by(&public));
        Ok(())
    }

    #[test]
    fn every_kind_of_malformed_text_is_refused_by_cause() {
        let part = |text: &str| BASE64URL.encode(text);
        let good = part("{}");
        for (text, expected) in [
            (String::new(), JwsError::Parts),
            (format!("{good}.{good}"), JwsError::Parts),
            (format!("{good}.{good}.{good}.{good}"), JwsError::Parts),
            (format!("{good}=.{good}.AA"), JwsError::Base64("header")),
            (format!("{good}.*.AA"), JwsError::Base64("claims")),
            (format!("{good}.{good}.A"), JwsError::Base64("signature")),
            (format!("{}.{good}.AA", part("[]")), JwsError::Json("header")),
            (format!("{good}.{}.AA", part(r#"{"sub":"a","sub":"b"}"#)), JwsError::Json("claims")),
            (format!("{}.{good}.AA", part(r#"{"crit":["exp"]}"#)), JwsError::Extension("crit")),
            (format!("{}.{good}.AA", part(r#"{"b64":false}"#)), JwsError::Extension("b64")),
            ("x".repeat(COMPACT_BYTES_MAX + 1), JwsError::TooLong),
        ] {
            assert_eq!(Jws::parse(&text).err(), Some(expected), "{text}");
        }
    }
}
