//! The client's side of the token endpoint, for a key that signs and makes no connections.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use fabric_msp::{
    signature::PublicKey,
    signer::{SignError, Signer},
};
use openssl::{ecdsa::EcdsaSig, error::ErrorStack, rand::rand_bytes};
use serde_json::json;

use super::metadata::{CLIENT_CREDENTIALS, JWT_BEARER};

/// How long an assertion is good, in seconds.
const LIFE_SECONDS: u64 = 30;

/// Why an assertion cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskingError {
    /// ES384 needs SHA-384, which Fabric's signers do not make.
    #[error("an assertion is signed with a key on P-256, and this is a {0} key")]
    KeyKind(String),
    /// The key does not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// What it signs is no signature, or there is no randomness.
    #[error(transparent)]
    OpenSsl(#[from] ErrorStack),
}

/// An assertion of the signer's identity for this issuer (RFC 7523).
pub(crate) fn client_assertion(signer: &dyn Signer, issuer: &str, now: u64) -> Result<String, AskingError> {
    let certificate = signer.certificate();
    if !matches!(certificate.public_key(), PublicKey::P256(_)) {
        return Err(AskingError::KeyKind(certificate.public_key().kind().to_owned()));
    }
    let mut id = [0; 16];
    rand_bytes(&mut id)?;
    let header = json!({"alg": "ES256", "typ": "JWT", "x5c": [BASE64.encode(certificate.der())]});
    let claims = json!({
        "iss": signer.msp_id(), "sub": signer.msp_id(), "aud": issuer,
        "jti": BASE64URL.encode(id), "iat": now, "exp": now.saturating_add(LIFE_SECONDS),
    });
    let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    let signature = EcdsaSig::from_der(&signer.sign(signed.as_bytes())?)?;
    let numbers = [signature.r().to_vec_padded(32)?, signature.s().to_vec_padded(32)?].concat();
    Ok(format!("{signed}.{}", BASE64URL.encode(numbers)))
}

/// The form that asks for a token with it.
pub(crate) fn client_form(assertion: &str) -> String {
    format!("grant_type={CLIENT_CREDENTIALS}&client_assertion_type={JWT_BEARER}&client_assertion={assertion}")
}
