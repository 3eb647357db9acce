//! The shim against a peer made of messages: each test says word by word what a peer sends and what it must receive.

mod bounds;
mod certificates;
mod fake_peer;
mod handshake;
mod identity;
mod mistakes;
mod mutual_tls;
mod requests;
mod shutdown;
mod stress;
mod stub;
mod transactions;
mod watching;

use std::{error::Error, future::Future, time::Duration};

use fabric_contract::{Contract, Router};
use fabric_shim::{ChaincodeServer, Limits, ServerHandle};
use tokio::time::{Instant, sleep};

/// What tests return.
pub(crate) type Test = Result<(), Box<dyn Error>>;

/// The package that the server under test registers.
pub(crate) const PACKAGE_ID: &str = "test:0123456789abcdef";

/// Starts a server for one contract named `t` on a free port.
pub(crate) async fn serve(contract: Contract, limits: Limits) -> Result<ServerHandle, Box<dyn Error>> {
    let router = Router::new("Test", "1").contract(contract);
    Ok(ChaincodeServer::builder(router).listen("127.0.0.1:0", PACKAGE_ID).limits(limits).start().await?)
}

/// Waits until `condition` holds; says `what` when it does not within ten seconds.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < end, "still not so: {what}");
        sleep(Duration::from_millis(2)).await;
    }
}

/// Runs `work` and fails when it takes longer than `most`.
pub(crate) async fn within<T>(most: Duration, work: impl Future<Output = T>) -> Result<T, Box<dyn Error>> {
    tokio::time::timeout(most, work).await.map_err(|_| format!("took longer than {most:?}").into())
}
