//! A signer beside an enterprise system, for organizations whose keys must not leave: plain REST on loopback in, signed
//! proposals and transactions out.
//!
//! It takes the gateway's own routes, asks the gateway to prepare what is to be signed, and signs what it is asked for
//! and nothing else: it makes the call again from the request and compares the prepared bytes with it whole
//! ([`fabric_client::Intent`]). So the gateway need not be trusted with the organization's word. A policy says which
//! transactions it signs, up to which amounts. It also makes commitments and proofs, which need no gateway at all. It
//! holds no state: a retry with the same idempotency key goes on where the gateway is.

mod door;
mod keys;
mod local;
mod login;
mod policy;
mod refusal;
mod settings;
mod signing;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    web::{Data, ServiceConfig},
};
use tokio::task::JoinHandle;

use self::{keys::Keys, local::Local, login::Login, signing::Signing};
pub use self::{
    keys::KeysError,
    login::LoginError,
    policy::{Policy, PolicyError},
    settings::{EndorserSettings, GatewaySettings, KeySettings, SignerSettings, SignerSettingsError, TokenSettings},
};

/// Why a signer does not start.
#[derive(Debug, thiserror::Error)]
pub enum SignerStartError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SignerSettingsError),
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The key, the secret or a certificate cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The gateway cannot be called.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        cause: io::Error,
    },
    /// Requests and the secret would travel in the open.
    #[error("the signer listens without TLS, so {0} must be a loopback address")]
    NotLoopback(SocketAddr),
}

/// A signer that runs.
pub struct RunningSigner {
    address: SocketAddr,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
}

impl RunningSigner {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops; what is being signed is finished first, within ten seconds.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        // The server's own result is of no use to anybody who has stopped it.
        let _ = self.server.await;
    }
}

/// Starts a signer. Must be called on a tokio runtime.
///
/// # Errors
/// [`SignerStartError`] names the setting, file or address that cannot be used.
pub fn start(settings: &SignerSettings) -> Result<RunningSigner, SignerStartError> {
    settings.check()?;
    let policy = Policy::load(&settings.policy)?;
    let keys = Keys::open(settings)?;
    let login = Login::of(settings, &keys)?;
    let failed = |cause| SignerStartError::Listen { address: settings.listen.clone(), cause };
    let listener = TcpListener::bind(&settings.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    if !address.ip().is_loopback() {
        return Err(SignerStartError::NotLoopback(address));
    }
    let local = Arc::new(Local::new(settings.desk()?, policy.local().clone()));
    let signing = Arc::new(Signing::new(settings, keys, login, policy));
    let data = Data::new(door::Door::new(signing, local));
    let server = HttpServer::new(move || {
        let data = data.clone();
        App::new().configure(move |config: &mut ServiceConfig| door::configure(config, &data))
    })
    .workers(1)
    .shutdown_timeout(10)
    .disable_signals()
    .listen(listener)
    .map_err(failed)?
    .run();
    tracing::info!(%address, "the signer listens on {address}");
    Ok(RunningSigner { address, handle: server.handle(), server: tokio::spawn(server) })
}
