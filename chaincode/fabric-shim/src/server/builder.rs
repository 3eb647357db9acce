//! How a server is put together before it starts.

use std::{io, sync::Arc, time::Duration};

use fabric_contract::Router;
use fabric_msp::transport::{CurrentTls, ServerTls};
use tokio::{runtime, sync::watch};

use super::{error::ServerError, handle::ServerHandle, listen::listen, operations, view::View};
use crate::{
    limits::Limits,
    stream::{phase::Phase, shared::Shared},
};

/// Puts a server together; see [`ChaincodeServer::builder`](crate::ChaincodeServer::builder).
#[derive(Clone)]
pub struct ChaincodeServerBuilder {
    router: Router,
    listeners: Vec<(String, String)>,
    operations: Option<String>,
    pub(super) tls: Option<ServerTls>,
    limits: Limits,
}

impl ChaincodeServerBuilder {
    pub(super) fn new(router: Router) -> Self {
        Self { router, listeners: Vec::new(), operations: None, tls: None, limits: Limits::default() }
    }

    /// Adds an address (`host:port`; port 0 picks a free one) and the id of the package that peers launch there. Peers
    /// whose packages differ, in the address for instance, need a listener each.
    #[must_use]
    pub fn listen(mut self, address: impl Into<String>, package_id: impl Into<String>) -> Self {
        self.listeners.push((address.into(), package_id.into()));
        self
    }

    /// Tells health and metrics over HTTP on this address (`host:port`; port 0 picks a free one), at `/healthz` and
    /// `/metrics`. It speaks no TLS and asks nobody who they are, so it belongs on an address that only operators
    /// reach. Default: none.
    #[must_use]
    pub fn operations(mut self, address: impl Into<String>) -> Self {
        self.operations = Some(address.into());
        self
    }

    /// Speaks TLS on all listeners for peers, and asks for client certificates when `tls` names their authorities.
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Bounds the transactions that run at one time; further ones wait in order. At least 1.
    #[must_use]
    pub fn max_in_flight(mut self, transactions: usize) -> Self {
        self.limits.in_flight_max = transactions.max(1);
        self
    }

    /// Replaces all bounds and times.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Refuses transactions whose time is further from this machine's than this; see [`Limits::time_window`].
    #[must_use]
    pub fn time_window(mut self, window: Duration) -> Self {
        self.limits.time_window = Some(window);
        self
    }

    /// The listeners so far: address and package id.
    pub fn listeners(&self) -> &[(String, String)] {
        &self.listeners
    }

    /// The TLS settings so far.
    pub fn tls_settings(&self) -> Option<&ServerTls> {
        self.tls.as_ref()
    }

    /// Binds the addresses and serves in the background.
    ///
    /// # Errors
    /// [`ServerError`] when there is no listener, a package id is empty, an address cannot be bound or the TLS settings
    /// cannot be used.
    pub async fn start(self) -> Result<ServerHandle, ServerError> {
        if self.listeners.is_empty() {
            return Err(ServerError::NoListener);
        }
        if let Some((address, _)) = self.listeners.iter().find(|(_, package_id)| package_id.is_empty()) {
            return Err(ServerError::NoPackageId { address: address.clone() });
        }
        let tls = self.tls.as_ref().map(CurrentTls::new).transpose()?;
        let threads = |cause| ServerError::Threads { cause };
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(threads)?;
        let handle = runtime.handle().clone();
        let shared = Shared::new(self.router, self.limits);
        shared.workers.start(runtime).map_err(threads)?;
        let (phase, watching) = watch::channel(Phase::Serving);
        // Sockets belong to the runtime that drives them, which is the server's own.
        let listening = async move {
            let listeners = listen(self.listeners, tls.clone(), Arc::clone(&shared), watching.clone()).await?;
            let counted = listeners.iter().map(|one| (one.package_id.clone(), Arc::clone(&one.counters))).collect();
            let view = View { listeners: counted, shared, phase: watching };
            let operations = match self.operations {
                Some(address) => Some(operations::serve(address, view.clone()).await?),
                None => None,
            };
            Ok(ServerHandle { listeners, tls, operations, view, phase })
        };
        let stopped = |_| ServerError::Threads { cause: io::ErrorKind::Interrupted.into() };
        handle.spawn(listening).await.map_err(stopped)?
    }

    /// Serves until `shutdown` is done, and then stops within the drain time and a few seconds.
    ///
    /// # Errors
    /// As [`ChaincodeServerBuilder::start`].
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let handle = self.start().await?;
        shutdown.await;
        handle.shutdown().await;
        Ok(())
    }
}
