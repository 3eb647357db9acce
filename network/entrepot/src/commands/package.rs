//! `package`: a package of the chaincode as an external service, for peers of any network.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use fabric_msp::private;
use fabric_operator::{
    certificates::only_certificates,
    layout::write_atomically,
    package::{Connection, Package, is_label},
};
use serde_json::json;

use crate::output::{Form, print_json, say};

/// What the package says.
#[derive(Debug, Args)]
pub struct Options {
    /// Where peers dial the chaincode, HOST:PORT; `{{.peername}}` and other such words are filled in by Fabric's own
    /// builder from CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG of each peer, so that one package serves several
    #[arg(long, value_name = "HOST:PORT")]
    address: String,
    /// The package's label, the first part of its id
    #[arg(long, default_value = "entrepot")]
    label: String,
    /// How long a peer waits for the connection, a Go duration
    #[arg(long, default_value = "10s", value_name = "DURATION")]
    dial_timeout: String,
    /// Peers dial with TLS and trust this authority, PEM
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// The certificate that peers show to the chaincode, PEM
    #[arg(long, value_name = "FILE", requires_all = ["client_key", "tls_ca"])]
    client_cert: Option<PathBuf>,
    /// Its key, PEM; it stands in the package, which is then as secret as the key
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// The file to write. Default: LABEL.tar.gz
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the package and prints its id and how the chaincode is started for it.
///
/// # Errors
/// The options contradict one another, or a file cannot be read or written.
pub fn run(options: &Options, form: Form) -> Result<()> {
    ensure!(is_label(&options.label), "{:?} cannot be a label: letters, digits, `.+-_`, no sign first", options.label);
    let connection = connection(options)?;
    let package = Package::new(&options.label, &connection)?;
    let output = options.output.clone().unwrap_or_else(|| format!("{}.tar.gz", options.label).into());
    write_atomically(&output, &package.bytes)?;
    if form == Form::Json {
        return print_json(&json!({
            "package_id": package.id,
            "label": options.label,
            "address": connection.address,
            "tls": connection.tls_required,
            "holds_private_key": connection.client_auth_required,
            "file": output,
        }));
    }
    say!("{} holds the package {}", output.display(), package.id)?;
    if connection.client_auth_required {
        say!("It holds the private key of the peers' certificate: it is for the peers of one organization alone.")?;
    }
    say!("Peers dial {}. Serve the chaincode there:", connection.address)?;
    say!("  {}", serving(&package.id, &connection))
}

/// The command that serves the chaincode of a package.
fn serving(package_id: &str, connection: &Connection) -> String {
    let port = connection.address.rsplit_once(':').map_or("", |(_, port)| port);
    let mut command = format!("CHAINCODE_ID={package_id} CHAINCODE_SERVER_ADDRESS=0.0.0.0:{port}");
    if connection.tls_required {
        command.push_str(" CHAINCODE_TLS_CERT=SERVER_CERTIFICATE CHAINCODE_TLS_KEY=SERVER_KEY");
    }
    if connection.client_auth_required {
        command.push_str(" CHAINCODE_CLIENT_CA_CERT=AUTHORITY_OF_THE_PEERS_CERTIFICATE");
    }
    command + " entrepot chaincode"
}

fn connection(options: &Options) -> Result<Connection> {
    let read = |path: &Option<PathBuf>| path.as_deref().map(read_pem).transpose();
    let client_key = options.client_key.as_deref().map(private::read_key).transpose()?;
    let client_key = client_key.map(|key| String::from_utf8(key.to_vec())).transpose().context("the key is no PEM")?;
    let client_cert = read(&options.client_cert)?.unwrap_or_default();
    let connection = Connection {
        address: options.address.clone(),
        dial_timeout: options.dial_timeout.clone(),
        tls_required: options.tls_ca.is_some(),
        client_auth_required: !client_cert.is_empty(),
        client_key: client_key.unwrap_or_default(),
        client_cert,
        root_cert: read(&options.tls_ca)?.unwrap_or_default(),
    };
    connection.check()?;
    // As the embedded network's peers read it, so that a duration that is none is found out here.
    fabric_devnet::chaincode::strict_connection(&serde_json::to_vec(&connection)?)?;
    Ok(connection)
}

fn read_pem(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    only_certificates(&text).with_context(|| path.display().to_string())
}
