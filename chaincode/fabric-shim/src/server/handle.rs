//! The running server, and a stop that ends although peers' streams never do.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fabric_msp::transport::CurrentTls;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

use super::{listen::Listener, view::View};
use crate::{status::Status, stream::phase::Phase};

/// How long connections may take to close once all streams have ended.
const CLOSING_MAX: Duration = Duration::from_secs(2);
/// How often a stopping server looks whether it is done.
const POLL: Duration = Duration::from_millis(5);

/// A server that runs in the background. Dropping the handle lets it stop without waiting for it.
pub struct ServerHandle {
    pub(super) listeners: Vec<Listener>,
    pub(super) tls: Option<CurrentTls>,
    pub(super) operations: Option<(SocketAddr, JoinHandle<()>)>,
    pub(super) view: View,
    pub(super) phase: watch::Sender<Phase>,
}

impl ServerHandle {
    /// The address of the first listener, with the port that was picked for it.
    pub fn local_addr(&self) -> SocketAddr {
        self.listeners[0].address
    }

    /// The addresses of all listeners, in the order in which they were added.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|listener| listener.address).collect()
    }

    /// The TLS of all listeners, which can be replaced while streams go on; none when the server began without.
    pub fn tls(&self) -> Option<&CurrentTls> {
        self.tls.as_ref()
    }

    /// Where health and metrics are told over HTTP; see [`ChaincodeServerBuilder::operations`].
    ///
    /// [`ChaincodeServerBuilder::operations`]: crate::ChaincodeServerBuilder::operations
    pub fn operations_addr(&self) -> Option<SocketAddr> {
        self.operations.as_ref().map(|(address, _)| *address)
    }

    /// What the server is doing.
    pub fn status(&self) -> Status {
        self.view.status()
    }

    /// Stops: takes no more connections, refuses new transactions with 503, lets running ones finish within the drain
    /// time, and then ends the streams. Returns within the drain time and a few seconds, whatever peers do. A contract
    /// that computes on past that time keeps its thread until it returns; its result goes nowhere.
    pub async fn shutdown(mut self) {
        let shared = Arc::clone(&self.view.shared);
        self.phase.send_replace(Phase::Draining);
        let drained = Instant::now() + shared.limits.drain;
        while shared.transactions.load(Ordering::Relaxed) > 0 && Instant::now() < drained {
            sleep(POLL).await;
        }
        let left = shared.transactions.load(Ordering::Relaxed);
        if left > 0 {
            tracing::warn!(transactions = left, "transactions were still running and are abandoned");
        }
        self.phase.send_replace(Phase::Stopping);
        let closed = Instant::now() + CLOSING_MAX;
        let listeners = self.listeners.iter_mut().map(|listener| (listener.address, &mut listener.task));
        let operations = self.operations.as_mut().map(|(address, task)| (*address, task));
        for (address, task) in listeners.chain(operations) {
            if timeout_at(closed, &mut *task).await.is_err() {
                tracing::warn!(%address, "connections were still open and are dropped");
                task.abort();
            }
        }
        shared.workers.close();
        if timeout_at(closed, shared.workers.ended()).await.is_err() {
            tracing::warn!("the streams' thread has not ended");
        }
        tracing::info!("the chaincode has stopped");
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Stopping);
    }
}
