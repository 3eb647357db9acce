//! Secrets and signatures of Standard Webhooks 1.0.0: `v1` is HMAC-SHA256 over `id.timestamp.body`.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use openssl::{error::ErrorStack, hash::MessageDigest, pkey::PKey, rand::rand_bytes, sign::Signer};

/// Stands before the base64 of a secret.
const PREFIX: &str = "whsec_";

/// Bytes of a secret: the specification takes 24 to 64.
const SECRET_BYTES: usize = 32;

/// A new secret.
///
/// # Errors
/// The system gives no random bytes.
pub(crate) fn new_secret() -> Result<String, ErrorStack> {
    let mut bytes = [0; SECRET_BYTES];
    rand_bytes(&mut bytes)?;
    Ok(format!("{PREFIX}{}", BASE64.encode(bytes)))
}

/// The header `webhook-signature`: one signature for each secret, with blanks between.
///
/// # Errors
/// OpenSSL refuses a key.
pub(super) fn signatures(secrets: &[&str], id: &str, timestamp: i64, body: &[u8]) -> Result<String, ErrorStack> {
    let mut signatures = Vec::with_capacity(secrets.len());
    for secret in secrets {
        // A secret that was changed by hand in the database signs with its text.
        let key = secret.strip_prefix(PREFIX).and_then(|text| BASE64.decode(text).ok());
        let key = PKey::hmac(key.as_deref().unwrap_or(secret.as_bytes()))?;
        let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
        signer.update(format!("{id}.{timestamp}.").as_bytes())?;
        signer.update(body)?;
        signatures.push(format!("v1,{}", BASE64.encode(signer.sign_to_vec()?)));
    }
    Ok(signatures.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_signature_is_the_one_that_others_compute() -> Result<(), ErrorStack> {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#)?;
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        Ok(())
    }

    #[test]
    fn while_a_secret_is_changed_both_sign() -> Result<(), ErrorStack> {
        let (old, new) = (new_secret()?, new_secret()?);
        assert!(old != new && old.starts_with(PREFIX) && old.len() == PREFIX.len() + 44);
        let both = signatures(&[&new, &old], "1-0", 7, b"{}")?;
        let each = [signatures(&[&new], "1-0", 7, b"{}")?, signatures(&[&old], "1-0", 7, b"{}")?];
        assert_eq!(both, each.join(" "));
        Ok(())
    }
}
