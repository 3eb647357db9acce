#![doc = include_str!("../README.md")]

mod options;

pub use options::{OptionsError, ServeOptions, TlsFiles};

use std::{future::Future, time::Duration};

use fabric_contract::Router;
pub use fabric_shim::ServerHandle;
use fabric_shim::{ChaincodeServer, ServerError};
use serde_json::Value;

/// The router of all seven trade contracts.
pub fn router() -> Router {
    trade_contracts::router()
}

/// The description of all transactions with their schemas, as `org.hyperledger.fabric:GetMetadata` answers it.
pub fn metadata() -> Value {
    router().metadata()
}

/// Serves the contracts until `shutdown` is done; running transactions are finished first.
///
/// # Errors
/// [`ServeError`] when the options cannot be used or an address cannot be bound.
pub async fn serve(options: ServeOptions, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
    let handle = start(options).await?;
    shutdown.await;
    handle.shutdown().await;
    Ok(())
}

/// How far a transaction's time may be from this machine's: Fabric's own window, which peers before 3.0 do not check.
/// Validity dates, offers and event times are judged by the transaction's time.
const TIME_WINDOW: Duration = Duration::from_secs(15 * 60);

/// Starts serving in the background; the handle knows the addresses and stops the server.
///
/// # Errors
/// As [`serve`].
pub async fn start(options: ServeOptions) -> Result<ServerHandle, ServeError> {
    start_with(options, router()).await
}

/// As [`start`], with other contracts.
///
/// # Errors
/// As [`serve`].
pub async fn start_with(options: ServeOptions, contracts: Router) -> Result<ServerHandle, ServeError> {
    let transactions = contracts.transactions().len();
    let mut builder = ChaincodeServer::builder(contracts).time_window(TIME_WINDOW);
    for (address, package_id) in &options.listeners {
        builder = builder.listen(address, package_id);
    }
    if let Some(files) = &options.tls {
        builder = builder.tls(files.read()?);
    }
    if let Some(transactions) = options.max_in_flight {
        builder = builder.max_in_flight(transactions);
    }
    let handle = builder.start().await?;
    tracing::info!(addresses = ?handle.local_addrs(), transactions, "the trade contracts are being served");
    Ok(handle)
}

/// Why the contracts cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The options cannot be used.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The server cannot start.
    #[error(transparent)]
    Server(#[from] ServerError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_lists_every_transaction_of_the_seven_contracts() {
        let names: Vec<String> = router().transactions().into_iter().map(|transaction| transaction.name).collect();
        for contract in ["governance", "item", "custody", "rights", "evidence", "customs", "payment"] {
            assert!(names.iter().any(|name| name.starts_with(&format!("{contract}:"))), "{contract}");
            assert!(metadata()["contracts"][contract].is_object(), "{contract}");
        }
    }

    #[tokio::test]
    async fn a_server_without_a_listener_is_refused() {
        let refused = start(ServeOptions::default()).await;
        assert!(matches!(refused, Err(ServeError::Server(ServerError::NoListener))));
    }

    #[tokio::test]
    async fn a_server_reports_its_port_and_stops() -> Result<(), ServeError> {
        let options =
            ServeOptions { listeners: vec![("127.0.0.1:0".into(), "entrepot:test".into())], ..ServeOptions::default() };
        let handle = start(options).await?;
        assert_ne!(handle.local_addr().port(), 0);
        handle.shutdown().await;
        Ok(())
    }
}
