//! Where a program begins: the chaincode server as a type without values.

use fabric_contract::Router;

use super::{builder::ChaincodeServerBuilder, environment::EnvironmentError};

/// A chaincode that peers connect to ("chaincode as a service").
///
/// # Examples
/// ```no_run
/// # async fn example(router: fabric_contract::Router) -> Result<(), fabric_shim::ServerError> {
/// use fabric_shim::ChaincodeServer;
///
/// ChaincodeServer::builder(router)
///     .listen("0.0.0.0:9999", "entrepot:4f1a…")
///     .serve(async { drop(tokio::signal::ctrl_c().await) })
///     .await
/// # }
/// ```
pub struct ChaincodeServer;

impl ChaincodeServer {
    /// Begins a server for the contracts of `router`.
    pub fn builder(router: Router) -> ChaincodeServerBuilder {
        ChaincodeServerBuilder::new(router)
    }

    /// Begins a server with one listener and TLS as the environment variables of Fabric's other libraries say.
    ///
    /// # Errors
    /// [`EnvironmentError`] when a variable is missing or its file cannot be read.
    pub fn from_env(router: Router) -> Result<ChaincodeServerBuilder, EnvironmentError> {
        ChaincodeServerBuilder::from_variables(router, |name| std::env::var(name).ok())
    }
}
