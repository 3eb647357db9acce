//! Signing with a key that never leaves a PKCS#11 token: a smart card, a hardware module, or SoftHSM. The certificate
//! is not secret and comes from the caller. One session serves all callers in turn, since sessions are no cheaper than
//! the token behind them; several signers may be open at once.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use fabric_msp::{
    certificate::{Certificate, CertificateError},
    hash::sha256,
    signature::PublicKey,
    signer::{self, SignError, Signer},
};

/// Which token, and which key in it.
#[derive(Clone, Debug)]
pub struct TokenKey {
    /// The library that comes with the token, such as `/usr/lib/softhsm/libsofthsm2.so`.
    pub library: PathBuf,
    /// The label of the token.
    pub token: String,
    /// The key.
    pub key: KeyName,
}

/// How a key is found in its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// By its label.
    Label(String),
    /// By its id, as bytes.
    Id(Vec<u8>),
}

/// Why no signer could be opened.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The library cannot be loaded or does not start.
    #[error("the PKCS#11 library {} cannot be used: {cause}", path.display())]
    Library {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: Error,
    },
    /// No token has the label.
    #[error("there is no token {0:?}")]
    NoToken(String),
    /// The PIN was not given.
    #[error("the PIN was not given: {0}")]
    NoPin(String),
    /// The token refused the PIN. Tokens lock themselves after a few wrong ones, so it is not tried again.
    #[error("the token {0:?} refused the PIN")]
    WrongPin(String),
    /// The token has locked itself.
    #[error("the token {0:?} has locked its PIN")]
    PinLocked(String),
    /// The token has no such private key.
    #[error("the token {token:?} has no private ECDSA key {key:?}")]
    NoKey {
        /// The token.
        token: String,
        /// The key.
        key: KeyName,
    },
    /// Several keys answer to the name.
    #[error("the token {token:?} has {found} private keys {key:?}")]
    ManyKeys {
        /// The token.
        token: String,
        /// The key.
        key: KeyName,
        /// How many there are.
        found: usize,
    },
    /// The certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate's key is of a kind that this signer cannot use.
    #[error("the certificate has a {0} key; ECDSA on P-256 or P-384 is needed")]
    KeyKind(String),
    /// What the key signs does not fit the certificate.
    #[error("the key in the token {0:?} does not belong to the certificate")]
    KeyMismatch(String),
    /// The key does not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The token failed in another way.
    #[error("the token {token:?} failed: {cause}")]
    Token {
        /// The token.
        token: String,
        /// How.
        cause: Error,
    },
}

/// A certificate, and its private key in a token.
pub struct TokenSigner {
    msp_id: String,
    creator: Vec<u8>,
    certificate: Certificate,
    session: Mutex<Session>,
    key: ObjectHandle,
}

impl TokenSigner {
    /// Opens a token and proves that its key belongs to the certificate. `pin` is called once and should read the PIN
    /// from a file, the environment or a person, never from an argument that others on the machine can see.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn open(
        msp_id: &str,
        certificate_pem: &[u8],
        place: &TokenKey,
        pin: impl FnOnce() -> Result<String, String>,
    ) -> Result<Self, TokenError> {
        let certificate = Certificate::from_pem(certificate_pem)?;
        if !matches!(certificate.public_key(), PublicKey::P256(_) | PublicKey::P384(_)) {
            return Err(TokenError::KeyKind(certificate.public_key().kind().to_owned()));
        }
        let token = place.token.as_str();
        let failed = |cause| TokenError::Token { token: token.to_owned(), cause };
        let library = load(&place.library)?;
        let slot = slot(&library, token)?;
        let session = library.open_ro_session(slot).map_err(failed)?;
        let pin = AuthPin::new(pin().map_err(TokenError::NoPin)?.into());
        log_in(&session, &pin, token)?;
        let key = find(&session, place)?;
        let creator = signer::creator(msp_id, &certificate);
        let signer = Self { msp_id: msp_id.to_owned(), creator, certificate, session: Mutex::new(session), key };
        let proof = signer.sign(b"proof that key and certificate belong together")?;
        let verified =
            signer.certificate.public_key().verify(b"proof that key and certificate belong together", &proof);
        verified.map_err(|_| TokenError::KeyMismatch(token.to_owned()))?;
        Ok(signer)
    }
}

impl Signer for TokenSigner {
    fn msp_id(&self) -> &str {
        &self.msp_id
    }

    fn creator(&self) -> &[u8] {
        &self.creator
    }

    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let raw = session.sign(&Mechanism::Ecdsa, self.key, &sha256(message));
        let raw = raw.map_err(|error| SignError::Remote(error.to_string()))?;
        let encoded = self.certificate.public_key().encode_raw(&raw);
        encoded.ok_or_else(|| SignError::Remote(format!("{} bytes from the token are no signature", raw.len())))
    }
}

impl std::fmt::Debug for TokenSigner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "TokenSigner({} {:?})", self.msp_id, self.certificate)
    }
}

fn load(path: &Path) -> Result<Pkcs11, TokenError> {
    let failed = |cause| TokenError::Library { path: path.to_owned(), cause };
    let library = Pkcs11::new(path).map_err(failed)?;
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Another signer of this process came first.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(library),
        Err(cause) => Err(failed(cause)),
    }
}

fn slot(library: &Pkcs11, token: &str) -> Result<Slot, TokenError> {
    let failed = |cause| TokenError::Token { token: token.to_owned(), cause };
    for slot in library.get_slots_with_initialized_token().map_err(failed)? {
        if library.get_token_info(slot).map_err(failed)?.label() == token {
            return Ok(slot);
        }
    }
    Err(TokenError::NoToken(token.to_owned()))
}

fn log_in(session: &Session, pin: &AuthPin, token: &str) -> Result<(), TokenError> {
    match session.login(UserType::User, Some(pin)) {
        // Logging in counts for all sessions of the process.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
            Err(TokenError::WrongPin(token.to_owned()))
        }
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(TokenError::PinLocked(token.to_owned())),
        Err(cause) => Err(TokenError::Token { token: token.to_owned(), cause }),
    }
}

fn find(session: &Session, place: &TokenKey) -> Result<ObjectHandle, TokenError> {
    let (token, key) = (place.token.clone(), place.key.clone());
    let name = match &key {
        KeyName::Label(label) => Attribute::Label(label.clone().into_bytes()),
        KeyName::Id(id) => Attribute::Id(id.clone()),
    };
    let template = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(KeyType::EC), name];
    match session.find_objects(&template) {
        Ok(found) => match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(TokenError::NoKey { token, key }),
            many => Err(TokenError::ManyKeys { token, key, found: many.len() }),
        },
        Err(cause) => Err(TokenError::Token { token, cause }),
    }
}
