//! The key that signs, the secret of callers, and the organizations whose endorsements are verified.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use fabric_client::pkcs11::{KeyName, TokenError, TokenKey, TokenSigner};
use fabric_msp::{
    hash::sha256,
    msp::{self, DirectoryError, Msp, MspManager, SetupError},
    private::{self, KeyFileError},
    signer::{Signer, SignerError, SigningIdentity},
};

use super::settings::{EndorserSettings, SignerSettings, TokenSettings};

/// How many characters a secret has.
const SECRET_CHARACTERS: std::ops::RangeInclusive<usize> = 32..=512;

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file with a key or a secret cannot be taken.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The secret is easily guessed, or cannot be sent in a header.
    #[error("{0} must hold 32 to 512 visible ASCII characters; `openssl rand -hex 32` makes some")]
    Secret(PathBuf),
    /// The certificate cannot be read.
    #[error("the certificate {path}: {cause}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The key and the certificate cannot be used together.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The token does not sign.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// An endorser's MSP directory cannot be read.
    #[error("the MSP directory of {msp_id}: {cause}")]
    Directory {
        /// The organization.
        msp_id: String,
        /// Why.
        cause: DirectoryError,
    },
    /// An endorser's MSP directory breaks a rule.
    #[error("the MSP of {msp_id}: {cause}")]
    Setup {
        /// The organization.
        msp_id: String,
        /// Why.
        cause: SetupError,
    },
}

/// What a signer keeps to itself.
pub(super) struct Keys {
    pub(super) signer: Arc<dyn Signer>,
    /// SHA-256 of the secret.
    pub(super) secret: [u8; 32],
    pub(super) endorsers: Option<MspManager>,
    pub(super) certificate_pem: Vec<u8>,
    /// The key, when it is in a file.
    pub(super) key_pem: Option<Vec<u8>>,
}

impl Keys {
    pub(super) fn open(settings: &SignerSettings) -> Result<Self, KeysError> {
        let path = &settings.certificate;
        let certificate_pem =
            std::fs::read(path).map_err(|cause| KeysError::Certificate { path: path.clone(), cause })?;
        let (signer, key_pem): (Arc<dyn Signer>, _) = match (&settings.key.file, &settings.key.pkcs11) {
            (_, Some(token)) => (Arc::new(open_token(&settings.msp_id, &certificate_pem, token)?), None),
            (file, None) => {
                let key = private::read_key(file.as_deref().unwrap_or(Path::new("")))?;
                (Arc::new(SigningIdentity::from_pem(&settings.msp_id, &certificate_pem, &key)?), Some(key))
            }
        };
        let secret = secret(&settings.secret_file)?;
        let endorsers = (!settings.endorsers.is_empty()).then(|| msps(&settings.endorsers)).transpose()?;
        Ok(Self { signer, secret, endorsers, certificate_pem, key_pem })
    }
}

fn open_token(msp_id: &str, certificate: &[u8], token: &TokenSettings) -> Result<TokenSigner, KeysError> {
    let pin = private::read_key(&token.pin_file)?;
    let place = TokenKey {
        library: token.library.clone(),
        token: token.token.clone(),
        key: KeyName::Label(token.label.clone()),
    };
    let pin = || String::from_utf8(pin).map(|pin| pin.trim_end().to_owned()).map_err(|error| error.to_string());
    Ok(TokenSigner::open(msp_id, certificate, &place, pin)?)
}

fn secret(path: &Path) -> Result<[u8; 32], KeysError> {
    let text = private::read_key(path)?;
    let text = text.trim_ascii_end();
    let is_usable = SECRET_CHARACTERS.contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
    if is_usable { Ok(sha256(text)) } else { Err(KeysError::Secret(path.to_owned())) }
}

fn msps(endorsers: &[EndorserSettings]) -> Result<MspManager, KeysError> {
    let mut msps = Vec::new();
    for EndorserSettings { msp_id, msp_dir } in endorsers {
        let config = msp::config_from_directory(msp_id, msp_dir)
            .map_err(|cause| KeysError::Directory { msp_id: msp_id.clone(), cause })?;
        msps.push(Msp::from_config(&config).map_err(|cause| KeysError::Setup { msp_id: msp_id.clone(), cause })?);
    }
    Ok(MspManager::new(msps))
}
