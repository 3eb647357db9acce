#![doc = include_str!("../README.md")]

mod options;
mod running;

pub use options::{OptionsError, ServeOptions, TlsFiles};
pub use running::{Reload, Running};

use std::{future::Future, time::Duration};

use fabric_contract::Router;
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
    let running = start(options).await?;
    shutdown.await;
    running.stop().await;
    Ok(())
}

/// How far a transaction's time may be from this machine's: Fabric's own window, which peers before 3.0 do not check.
/// Validity dates, offers and event times are judged by the transaction's time.
const TIME_WINDOW: Duration = Duration::from_secs(15 * 60);

/// Starts serving in the background, and reads the TLS files again every 30 s and when it is asked to.
///
/// # Errors
/// As [`serve`].
pub async fn start(options: ServeOptions) -> Result<Running, ServeError> {
    start_with(options, router()).await
}

/// As [`start`], with other contracts.
///
/// # Errors
/// As [`serve`].
pub async fn start_with(options: ServeOptions, contracts: Router) -> Result<Running, ServeError> {
    let transactions = contracts.transactions().len();
    let mut builder = ChaincodeServer::builder(contracts).time_window(TIME_WINDOW);
    for (address, package_id) in &options.listeners {
        builder = builder.listen(address, package_id);
    }
    let tls = options.tls.as_ref().map(TlsFiles::read).transpose()?;
    if let Some(tls) = tls.clone() {
        builder = builder.tls(tls);
    }
    if let Some(address) = &options.operations {
        builder = builder.operations(address);
    }
    if let Some(transactions) = options.max_in_flight {
        builder = builder.max_in_flight(transactions);
    }
    let handle = builder.start().await?;
    tracing::info!(addresses = ?handle.local_addrs(), transactions, "the trade contracts are being served");
    Ok(Running::new(handle, options.tls.zip(tls)))
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
    use std::{collections::BTreeSet, error::Error};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    #[tokio::test]
    async fn rules_speak_of_numbers_that_there_are() -> Result<(), Box<dyn Error>> {
        let here = || "127.0.0.1:0".to_owned();
        let listeners = vec![(here(), "entrepot:test".to_owned())];
        let options = ServeOptions { listeners, operations: Some(here()), ..ServeOptions::default() };
        let running = start(options).await?;
        let mut stream = TcpStream::connect(running.operations_address().ok_or("nothing is told")?).await?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let told: BTreeSet<&str> = answer.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
        let rules = include_str!("../monitoring/alerts.yaml");
        let words = rules.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let names: BTreeSet<&str> = words.filter(|word| word.starts_with("chaincode_server_")).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(names.iter().all(|name| told.contains(name)), "{names:?} are not all in {told:?}");
        running.stop().await;
        Ok(())
    }

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
        let running = start(options).await?;
        assert_ne!(running.address().port(), 0);
        running.stop().await;
        Ok(())
    }
}
