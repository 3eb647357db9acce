//! The client's side of the token endpoint, for a key that signs and makes no connections.

use std::sync::Arc;

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

use super::{
    jws,
    metadata::{CLIENT_CREDENTIALS, JWT_BEARER},
};

/// How long an assertion is good, in seconds.
const LIFE_SECONDS: u64 = 30;

/// Why an assertion cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskingError {
    /// The key does not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// What it signs is no signature, or there is no randomness.
    #[error(transparent)]
    OpenSsl(#[from] ErrorStack),
}

/// A client that proves itself to one issuer by assertions (RFC 7523).
pub(crate) struct Asking {
    signer: Arc<dyn Signer>,
    issuer: String,
}

impl Asking {
    /// A client with this key; none with a key that is not on P-256. ES384 needs SHA-384, which Fabric's signers do not
    /// make.
    pub(crate) fn of(signer: &Arc<dyn Signer>, issuer: &str) -> Option<Self> {
        let is_usable = matches!(signer.certificate().public_key(), PublicKey::P256(_));
        is_usable.then(|| Self { signer: Arc::clone(signer), issuer: issuer.to_owned() })
    }

    /// An assertion that begins at `now` (seconds since 1970).
    ///
    /// # Errors
    /// The key does not sign.
    pub(crate) fn assertion(&self, now: u64) -> Result<String, AskingError> {
        let (signer, msp_id) = (&self.signer, self.signer.msp_id());
        let mut id = [0; 16];
        rand_bytes(&mut id)?;
        let header = json!({"alg": "ES256", "typ": "JWT", "x5c": [BASE64.encode(signer.certificate().der())]});
        let claims = json!({
            "iss": msp_id, "sub": msp_id, "aud": self.issuer,
            "jti": BASE64URL.encode(id), "iat": now, "exp": now.saturating_add(LIFE_SECONDS),
        });
        jws::compact(&header, &claims, |text| Ok(EcdsaSig::from_der(&signer.sign(text)?)?))
    }
}

/// The form that asks for a token with it.
pub(crate) fn client_form(assertion: &str) -> String {
    format!("grant_type={CLIENT_CREDENTIALS}&client_assertion_type={JWT_BEARER}&client_assertion={assertion}")
}
