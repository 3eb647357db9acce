//! The running server, and a stop that ends although peers' streams never do.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};

use super::listen::Listener;
use crate::{
    status::Status,
    stream::{phase::Phase, shared::Shared},
};

/// How long connections may take to close once all streams have ended.
const CLOSING_MAX: Duration = Duration::from_secs(2);
/// How often a stopping server looks whether it is done.
const POLL: Duration = Duration::from_millis(5);

/// A server that runs in the background. Dropping the handle lets it stop without waiting for it.
pub struct ServerHandle {
    listeners: Vec<Listener>,
    shared: Arc<Shared>,
    phase: watch::Sender<Phase>,
}

impl ServerHandle {
    /// The handle of a server that has begun to serve.
    pub(super) fn new(listeners: Vec<Listener>, shared: Arc<Shared>, phase: watch::Sender<Phase>) -> Self {
        Self { listeners, shared, phase }
    }

    /// The address of the first listener, with the port that was picked for it.
    pub fn local_addr(&self) -> SocketAddr {
        self.listeners[0].address
    }

    /// The addresses of all listeners, in the order in which they were added.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|listener| listener.address).collect()
    }

    /// What the server is doing.
    pub fn status(&self) -> Status {
        let (threads, running) = self.shared.workers.threads_and_jobs();
        Status {
            listeners: self.listeners.iter().map(|listener| listener.counters.read(&listener.package_id)).collect(),
            transactions: self.shared.transactions.load(Ordering::Relaxed),
            running,
            bytes_in_flight: self.shared.bytes_in_flight.load(Ordering::Relaxed),
            threads,
            stopping: *self.phase.borrow() != Phase::Serving,
        }
    }

    /// Stops: takes no more connections, refuses new transactions with 503, lets running ones finish within the drain
    /// time, and then ends the streams. Returns within the drain time and a few seconds, whatever peers do. A contract
    /// that computes on past that time keeps its thread until it returns; its result goes nowhere.
    pub async fn shutdown(mut self) {
        self.phase.send_replace(Phase::Draining);
        let drained = Instant::now() + self.shared.limits.drain;
        while self.shared.transactions.load(Ordering::Relaxed) > 0 && Instant::now() < drained {
            sleep(POLL).await;
        }
        let left = self.shared.transactions.load(Ordering::Relaxed);
        if left > 0 {
            tracing::warn!(transactions = left, "transactions were still running and are abandoned");
        }
        self.phase.send_replace(Phase::Stopping);
        let closed = Instant::now() + CLOSING_MAX;
        for listener in &mut self.listeners {
            if timeout_at(closed, &mut listener.task).await.is_err() {
                tracing::warn!(address = %listener.address, "connections were still open and are dropped");
                listener.task.abort();
            }
        }
        self.shared.workers.close();
        if timeout_at(closed, self.shared.workers.ended()).await.is_err() {
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
