//! Which chaincodes a peer is connected to. A lost one is dialled again with the next call, without anybody's help.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use tokio::{sync, time};

use super::{
    options::ChaincodeOptions,
    package::ChaincodePackage,
    stream::{ChaincodeStream, StreamError},
};

/// Why a chaincode is not connected.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    #[error("could not launch chaincode {package_id}: connection to {package_id} failed: {cause}")]
    Connection { package_id: String, cause: StreamError },
    #[error("could not launch chaincode {package_id}: error building chaincode: {cause}")]
    Info { package_id: String, cause: String },
    #[error("could not launch chaincode {0}: timeout expired while starting chaincode {0} for transaction")]
    Timeout(String),
    #[error("could not launch chaincode {0}: the peer is shutting down")]
    ShuttingDown(String),
}

/// The chaincodes of one peer.
pub(crate) struct ChaincodeRuntime {
    peer_name: String,
    options: ChaincodeOptions,
    executors: Mutex<HashMap<String, Arc<Executor>>>,
    closed: AtomicBool,
}

/// One package: only one dial runs at a time, and those who waited for a failed one share its error.
#[derive(Default)]
struct Executor {
    stream: sync::Mutex<Launched>,
}

#[derive(Default)]
struct Launched {
    stream: Option<Arc<ChaincodeStream>>,
    failure: Option<(Instant, LaunchError)>,
}

impl ChaincodeRuntime {
    pub(crate) fn new(peer_name: &str, options: ChaincodeOptions) -> Self {
        Self { peer_name: peer_name.to_owned(), options, executors: Mutex::default(), closed: AtomicBool::new(false) }
    }

    /// The peer's name.
    pub(crate) fn peer_name(&self) -> &str {
        &self.peer_name
    }

    /// How chaincode is dealt with.
    pub(crate) fn options(&self) -> &ChaincodeOptions {
        &self.options
    }

    /// The stream to a chaincode, which is dialled when necessary.
    pub(crate) async fn stream(&self, package: &ChaincodePackage) -> Result<Arc<ChaincodeStream>, LaunchError> {
        let asked = Instant::now();
        let executor = Arc::clone(self.lock().entry(package.id.clone()).or_default());
        let mut launched = executor.stream.lock().await;
        if let Some(stream) = launched.stream.as_ref().filter(|stream| stream.is_open()) {
            return Ok(Arc::clone(stream));
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(LaunchError::ShuttingDown(package.id.clone()));
        }
        if let Some((_, failure)) = launched.failure.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(failure.clone());
        }
        match self.launch(package).await {
            Ok(stream) => {
                *launched = Launched { stream: Some(Arc::clone(&stream)), failure: None };
                Ok(stream)
            }
            Err(failure) => {
                tracing::warn!(peer = self.peer_name, cause = %failure, "a chaincode cannot be reached");
                *launched = Launched { stream: None, failure: Some((Instant::now(), failure.clone())) };
                Err(failure)
            }
        }
    }

    /// Ends all streams and opens no more.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let executors: Vec<Arc<Executor>> = self.lock().values().cloned().collect();
        for executor in executors {
            // A dial that runs may be waited for no longer than it may take; it is dropped with its caller.
            if let Some(stream) = executor.stream.lock().await.stream.take() {
                stream.close();
            }
        }
    }

    async fn launch(&self, package: &ChaincodePackage) -> Result<Arc<ChaincodeStream>, LaunchError> {
        let package_id = package.id.clone();
        let info = package.connection(&self.peer_name);
        let info =
            info.map_err(|cause| LaunchError::Info { package_id: package_id.clone(), cause: cause.to_string() })?;
        let opening = ChaincodeStream::open(&package_id, &info, &self.options);
        match time::timeout(self.options.startup_timeout, opening).await {
            Ok(opened) => opened.map_err(|cause| LaunchError::Connection { package_id, cause }),
            Err(_) => Err(LaunchError::Timeout(package_id)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Executor>>> {
        // The map is whole at every moment.
        self.executors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
