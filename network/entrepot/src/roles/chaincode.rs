//! The chaincode server as a process.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use fabric_contract::Router;
use trade_chaincode::{Running, ServeOptions, TlsFiles};

/// What the chaincode is told. Without options it reads the environment variables of Fabric's own chaincode libraries.
#[derive(Debug, Args)]
pub struct Options {
    /// Where peers dial
    #[arg(long, value_name = "HOST:PORT", requires = "package_id")]
    listen: Option<String>,
    /// The id of the package that peers installed, `label:sha256`
    #[arg(long, value_name = "ID", requires = "listen")]
    package_id: Option<String>,
    /// The server's certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The server's key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Peers must show a certificate of this authority, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    client_ca: Option<PathBuf>,
    /// Where health (`/healthz`) and metrics (`/metrics`) are told over HTTP, without TLS and to anybody who can reach
    /// it; nowhere when not given
    #[arg(long, value_name = "HOST:PORT", requires = "listen")]
    operations: Option<String>,
    /// Written when the chaincode is ready
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// Serves contracts as the chaincode until it is asked to stop. SIGHUP has it read its TLS files again.
///
/// # Errors
/// The options are not usable or the address is taken.
pub fn run(options: Options, contracts: Router) -> Result<()> {
    super::start_log();
    let ready_file = options.ready_file.clone();
    let serve = options.into_serve_options()?;
    let start = async || {
        let running = trade_chaincode::start_with(serve, contracts).await.context("cannot serve the chaincode")?;
        let reload = running.reload();
        super::on_hangup(move || reload.ask())?;
        Ok(running)
    };
    super::serve(2, ready_file.as_deref(), start, Running::address, Running::stop)
}

impl Options {
    fn into_serve_options(self) -> Result<ServeOptions> {
        let (Some(listen), Some(package_id)) = (self.listen, self.package_id) else {
            return Ok(ServeOptions::from_env()?);
        };
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key, client_ca: self.client_ca }),
            _ => None,
        };
        let (listeners, operations) = (vec![(listen, package_id)], self.operations);
        Ok(ServeOptions { listeners, tls, operations, ..ServeOptions::default() })
    }
}
