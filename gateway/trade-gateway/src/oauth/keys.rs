//! The keys that sign access tokens, in a file of the data directory, and what others see of them (RFC 7517).
//!
//! One key signs; the one before it stays until the last token that it signed has ended. A key is known by its
//! thumbprint (RFC 7638), so that no two keys ever share a `kid`.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use fabric_msp::{
    hash::sha256,
    private::{self, KeyFileError},
};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    nid::Nid,
    pkey::{PKey, Private, Public},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::jws;

/// The keys' file in the data directory.
pub const KEYS_FILE: &str = "token-keys.json";

/// Most keys that a file holds. More than one that signs and one that is kept come only from changed settings.
const KEYS_MAX: usize = 8;

/// Seconds of a day.
const DAY: u64 = 24 * 3_600;

/// Why the keys of access tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeysError {
    /// The file cannot be taken.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The file holds something else than keys.
    #[error("{path} does not hold keys of access tokens: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file cannot be written.
    #[error("cannot write the keys of access tokens to {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// The keys of one gateway; the last one signs.
pub(super) struct Keys {
    path: PathBuf,
    /// How long a key signs, and how long it is kept after that, in seconds.
    signs: u64,
    kept: u64,
    keys: RwLock<Vec<Key>>,
}

#[derive(Clone)]
struct Key {
    id: String,
    made_at: u64,
    private: EcKey<Private>,
    public: PKey<Public>,
    jwk: Value,
}

/// A key as the file has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// Seconds since 1970.
    made_at: u64,
    /// PKCS #8, PEM.
    key: String,
}

impl Keys {
    /// Reads the keys, and makes the first one.
    pub(super) fn open(folder: &Path, key_days: u32, kept: u64, now: u64) -> Result<Self, TokenKeysError> {
        let path = folder.join(KEYS_FILE);
        let malformed = |reason: String| TokenKeysError::Malformed { path: path.clone(), reason };
        let mut keys = Vec::new();
        if path.try_exists().map_err(|cause| TokenKeysError::File { path: path.clone(), cause })? {
            let text = private::read_key(&path)?;
            let stored: Vec<Stored> = serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))?;
            if stored.len() > KEYS_MAX {
                return Err(malformed(format!("more than {KEYS_MAX} keys")));
            }
            for one in stored {
                keys.push(Key::read(&one).map_err(malformed)?);
            }
        }
        let keys = Self { path, signs: u64::from(key_days) * DAY, kept, keys: RwLock::new(keys) };
        keys.rotate(now)?;
        Ok(keys)
    }

    /// Makes a new key when the last one has signed long enough, and forgets those whose tokens have all ended.
    pub(super) fn rotate(&self, now: u64) -> Result<(), TokenKeysError> {
        let mut keys = self.read();
        let signs = |key: &Key| now < key.made_at.saturating_add(self.signs);
        let is_new = !keys.last().is_some_and(signs);
        if is_new {
            keys.push(Key::make(now).map_err(|error| self.failed(io::Error::other(error)))?);
        }
        // A key signed until the next one was made.
        let has_ended = |next: &&Key| next.made_at.saturating_add(self.kept) < now;
        let ended = keys.iter().skip(1).take_while(has_ended).count();
        keys.drain(..ended);
        if !is_new && ended == 0 {
            return Ok(());
        }
        // On disk before it signs, so that a crash makes no token unverifiable.
        self.store(&keys)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Signs the claims of a token of this `typ`.
    pub(super) fn sign(&self, kind: &str, claims: &Value) -> Result<String, ErrorStack> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.last().expect("opening made one, and rotation keeps the last");
        jws::sign(&json!({"alg": "ES256", "typ": kind, "kid": key.id}), claims, &key.private)
    }

    /// The key with this id.
    pub(super) fn key(&self, id: &str) -> Option<PKey<Public>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().find(|key| key.id == id).map(|key| key.public.clone())
    }

    /// The public keys as a JWK set (RFC 7517 §5).
    pub(super) fn public(&self) -> Value {
        json!({"keys": self.read().into_iter().map(|key| key.jwk).collect::<Vec<_>>()})
    }

    fn read(&self) -> Vec<Key> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn store(&self, keys: &[Key]) -> Result<(), TokenKeysError> {
        let stored = keys.iter().map(Key::stored).collect::<Result<Vec<_>, _>>();
        let stored = stored.map_err(|error| self.failed(io::Error::other(error)))?;
        let text = serde_json::to_vec_pretty(&stored).map_err(|error| self.failed(io::Error::other(error)))?;
        let unfinished = self.path.with_extension("json.unfinished");
        private::replace(&self.path, &unfinished, &text, true).map_err(|cause| self.failed(cause))
    }

    fn failed(&self, cause: io::Error) -> TokenKeysError {
        TokenKeysError::File { path: self.path.clone(), cause }
    }
}

impl Key {
    fn make(now: u64) -> Result<Self, ErrorStack> {
        Self::of(EcKey::generate(EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?.as_ref())?, now)
    }

    fn read(stored: &Stored) -> Result<Self, String> {
        let text = |error: ErrorStack| error.to_string();
        let key = PKey::private_key_from_pem(stored.key.as_bytes()).and_then(|key| key.ec_key()).map_err(text)?;
        if key.group().curve_name() != Some(Nid::X9_62_PRIME256V1) {
            return Err("a key that is not on P-256".to_owned());
        }
        key.check_key().map_err(text)?;
        Self::of(key, stored.made_at).map_err(text)
    }

    fn of(private: EcKey<Private>, made_at: u64) -> Result<Self, ErrorStack> {
        let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
        let mut context = BigNumContext::new()?;
        private.public_key().affine_coordinates(private.group(), &mut x, &mut y, &mut context)?;
        let number = |number: &BigNum| number.to_vec_padded(32).map(|bytes| BASE64URL.encode(bytes));
        let (x, y) = (number(&x)?, number(&y)?);
        // The members that a thumbprint takes, in their order and without blanks (RFC 7638 §3.2).
        let id = BASE64URL.encode(sha256(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes()));
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": id});
        let public = PKey::from_ec_key(EcKey::from_public_key(private.group(), private.public_key())?)?;
        Ok(Self { id, made_at, private, public, jwk })
    }

    fn stored(&self) -> Result<Stored, ErrorStack> {
        let pem = PKey::from_ec_key(self.private.clone())?.private_key_to_pem_pkcs8()?;
        Ok(Stored { made_at: self.made_at, key: String::from_utf8_lossy(&pem).into_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    fn ids(keys: &Keys) -> Vec<String> {
        keys.read().into_iter().map(|key| key.id).collect()
    }

    #[test]
    fn keys_outlive_the_process_and_are_nobody_elses() -> TestResult {
        let folder = tempfile::tempdir()?;
        let first = ids(&Keys::open(folder.path(), 30, 600, 1_000)?);
        assert_eq!(first, ids(&Keys::open(folder.path(), 30, 600, 2_000)?));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = folder.path().join(KEYS_FILE);
            assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
            assert!(matches!(Keys::open(folder.path(), 30, 600, 2_000), Err(TokenKeysError::KeyFile(_))));
        }
        Ok(())
    }

    #[test]
    fn a_key_is_followed_by_another_and_kept_until_its_tokens_have_ended() -> TestResult {
        let folder = tempfile::tempdir()?;
        let keys = Keys::open(folder.path(), 1, 600, 0)?;
        let first = ids(&keys);
        keys.rotate(DAY - 1)?;
        assert_eq!(ids(&keys), first);
        keys.rotate(DAY)?;
        let both = ids(&keys);
        assert_eq!((both.len(), &both[..1]), (2, &first[..]));
        assert_eq!(ids(&Keys::open(folder.path(), 1, 600, DAY)?), both, "both are on disk");
        keys.rotate(DAY + 600)?;
        assert_eq!(ids(&keys), both);
        keys.rotate(DAY + 601)?;
        assert_eq!(ids(&keys), both[1..]);
        assert!(keys.key(&first[0]).is_none());
        Ok(())
    }

    #[test]
    fn a_file_that_holds_something_else_is_refused_by_cause() -> TestResult {
        let folder = tempfile::tempdir()?;
        let p384 = PKey::from_ec_key(EcKey::generate(EcGroup::from_curve_name(Nid::SECP384R1)?.as_ref())?)?;
        let p384 = String::from_utf8(p384.private_key_to_pem_pkcs8()?)?;
        let other = json!([{"made_at": 0, "key": p384}]).to_string();
        for (text, expected) in [("", "EOF"), ("[{\"made_at\":0,\"key\":\"x\"}]", "PEM"), (&other, "not on P-256")] {
            let path = folder.path().join(KEYS_FILE);
            private::replace(&path, &path.with_extension("new"), text.as_bytes(), false)?;
            let error = Keys::open(folder.path(), 1, 600, 0).err().expect("no keys").to_string();
            assert!(error.to_lowercase().contains(&expected.to_lowercase()), "{error}");
        }
        Ok(())
    }
}
