//! The signer as a caller of the gateway: by its certificate on the connection, or, when the key is in a token and so
//! cannot make connections, by access tokens for signed assertions.

use std::{
    net::ToSocketAddrs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

use super::{
    keys::Keys,
    refusal::{Refused, SignerCode},
    settings::SignerSettings,
};
use crate::{
    client::{CallFailure, Client, Response},
    oauth::{Asking, TOKEN_PATH, client_form},
    time::now,
};

/// How long before its end a token is not used any more, in seconds.
const SPARE_SECONDS: u64 = 30;

/// Why the gateway cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The gateway's name cannot be resolved.
    #[error("the gateway's address {address}: {cause}")]
    Address {
        /// The address.
        address: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The gateway's authority cannot be read.
    #[error("the gateway's authority {path}: {cause}")]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Assertions cannot be signed with the key in the token.
    #[error("the key of the certificate {0} must be on P-256: assertions are signed with ES256 by a key in a token")]
    Curve(PathBuf),
    /// Certificate, key or authority cannot be used.
    #[error(transparent)]
    Client(#[from] CallFailure),
}

/// A caller of the gateway.
pub(super) struct Login {
    client: Client,
    /// What makes assertions; none when the connection shows the certificate.
    asking: Option<Asking>,
    token: Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    text: String,
    ends: u64,
}

impl Login {
    pub(super) fn of(settings: &SignerSettings, keys: &Keys) -> Result<Self, LoginError> {
        let gateway = &settings.gateway;
        let failed = |cause| LoginError::Address { address: gateway.address.clone(), cause };
        let addresses: Vec<_> = gateway.address.to_socket_addrs().map_err(failed)?.collect();
        if addresses.is_empty() {
            return Err(failed(std::io::ErrorKind::NotFound.into()));
        }
        let host = gateway.address.rsplit_once(':').map_or("", |(host, _)| host).trim_matches(['[', ']']);
        let name = gateway.server_name.as_deref().unwrap_or(host);
        let authority = std::fs::read(&gateway.tls_ca)
            .map_err(|cause| LoginError::Authority { path: gateway.tls_ca.clone(), cause })?;
        let identity = keys.key_pem.as_deref().map(|key| (keys.certificate_pem.as_slice(), key));
        let client = Client::new(&addresses, name, &authority, identity)?;
        let curve = || LoginError::Curve(settings.certificate.clone());
        let issuer = gateway.issuer.as_ref().filter(|_| keys.key_pem.is_none());
        let asking = issuer.map(|issuer| Asking::of(&keys.signer, issuer).ok_or_else(curve)).transpose()?;
        Ok(Self { client, asking, token: Mutex::default() })
    }

    /// Sends a request as the organization's. Blocks.
    pub(super) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, Refused> {
        let Some(token) = self.token()? else { return self.call(method, target, headers, body) };
        let authorization = format!("Bearer {token}");
        let mut all = headers.to_vec();
        all.push(("Authorization", &authorization));
        let response = self.call(method, target, &all, body)?;
        if response.status == 401 {
            // The gateway has other keys now, say; the next request gets another token.
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(response)
    }

    fn call(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Response, Refused> {
        let sent = self.client.send(method, target, headers, body);
        sent.map_err(|failure| SignerCode::GatewayUnreachable.because(failure.to_string()))
    }

    fn token(&self) -> Result<Option<String>, Refused> {
        let Some(asking) = &self.asking else { return Ok(None) };
        let mut held = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = held.as_ref().filter(|token| now().saturating_add(SPARE_SECONDS) < token.ends) {
            return Ok(Some(token.text.clone()));
        }
        let assertion = asking.assertion(now()).map_err(|error| SignerCode::KeyFailed.because(error.to_string()))?;
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let response = self.call("POST", TOKEN_PATH, &form, client_form(&assertion).as_bytes())?;
        let token = token_of(&response).ok_or_else(|| {
            let said: String = String::from_utf8_lossy(&response.body).chars().take(500).collect();
            SignerCode::GatewayUnreachable.because(format!("It gives no access token ({}): {said}", response.status))
        })?;
        *held = Some(token.clone());
        Ok(Some(token.text))
    }
}

fn token_of(response: &Response) -> Option<Token> {
    let body = response.json().ok().filter(|_| response.status == 200)?;
    let text = body.get("access_token").and_then(Value::as_str)?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    let ends = now().saturating_add(body.get("expires_in").and_then(Value::as_u64)?);
    is_plain.then(|| Token { text: text.to_owned(), ends })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fabric_cryptogen::{Authority, CertificateRequest, KeyAlgorithm};

    use super::{
        super::settings::{GatewaySettings, KeySettings},
        *,
    };

    #[test]
    fn a_key_in_a_token_is_on_p_256_or_the_signer_does_not_start() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "exporter"))?;
        let tls_ca = folder.path().join("ca.pem");
        std::fs::write(&tls_ca, authority.certificate().pem())?;
        let gateway = GatewaySettings {
            address: "127.0.0.1:1".to_owned(),
            server_name: None,
            tls_ca,
            issuer: Some("https://localhost".to_owned()),
        };
        for (algorithm, is_in_file, is_usable) in [
            (KeyAlgorithm::EcdsaP256, false, true),
            (KeyAlgorithm::EcdsaP384, false, false),
            // A connection shows the certificate then, and no assertion is made.
            (KeyAlgorithm::EcdsaP384, true, true),
        ] {
            let request = CertificateRequest { algorithm, ..CertificateRequest::identity("erp", &["client"]) };
            let issued = authority.issue(&request)?;
            let settings = SignerSettings {
                listen: "127.0.0.1:0".to_owned(),
                secret_file: PathBuf::new(),
                gateway: gateway.clone(),
                channel: "trade".to_owned(),
                chaincode: "entrepot".to_owned(),
                msp_id: "ExporterMSP".to_owned(),
                certificate: PathBuf::from("erp.pem"),
                key: KeySettings::default(),
                endorsers: Vec::new(),
                policy: PathBuf::new(),
            };
            let keys = Keys {
                signer: Arc::new(issued.signer("ExporterMSP")?),
                secret: [0; 32],
                endorsers: None,
                certificate_pem: issued.certificate.pem().to_vec(),
                key_pem: is_in_file.then(|| issued.key_pem.clone()),
            };
            let refused = Login::of(&settings, &keys).err();
            assert_eq!(refused.is_none(), is_usable, "{algorithm:?}: {refused:?}");
            assert!(is_usable || matches!(refused, Some(LoginError::Curve(_))));
        }
        Ok(())
    }
}
