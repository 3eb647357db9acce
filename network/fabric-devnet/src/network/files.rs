//! The files and the address that a node needs, each failure with its place.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use fabric_msp::{private, signer::SigningIdentity, transport::ServerTls};
use tokio::net::TcpListener;

use super::error::NetworkError;

/// The certificate and the key of a node.
pub(super) fn identity(msp_id: &str, folder: &Path) -> Result<SigningIdentity, NetworkError> {
    SigningIdentity::from_msp_directory(msp_id, folder)
        .map_err(|cause| NetworkError::Identity { msp_id: msp_id.to_owned(), cause })
}

/// A TLS certificate and its key.
pub(super) fn read_tls(certificate: &Path, key: &Path) -> Result<ServerTls, NetworkError> {
    Ok(ServerTls { cert_pem: read(certificate)?, key_pem: private::read_key(key)?, client_ca_pem: None })
}

/// A whole file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, NetworkError> {
    fs::read(path).map_err(|cause| NetworkError::File { path: path.to_owned(), cause })
}

/// Listens on `host:port`, and says which address it has become.
pub(super) async fn bind(address: &str) -> Result<(TcpListener, String), NetworkError> {
    let failed = |cause| NetworkError::Listen { address: address.to_owned(), cause };
    let listener = match address.strip_prefix(':') {
        None => TcpListener::bind(address).await,
        // As in Go no host stands for all interfaces, of both families where the system has both.
        Some(port) => match TcpListener::bind(format!("[::]:{port}")).await {
            Err(_) => TcpListener::bind(format!("0.0.0.0:{port}")).await,
            listener => listener,
        },
    };
    let listener = listener.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound.to_string()))
}

/// Keeps a second process off the folder. The system releases the lock also when this process is killed.
pub(super) fn lock(folder: &Path) -> Result<File, NetworkError> {
    let failed = |path: &Path, cause| NetworkError::File { path: path.to_owned(), cause };
    private::close_folder(folder).map_err(|cause| failed(folder, cause))?;
    let path = folder.join("lock");
    let file = private::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|cause| failed(&path, cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(NetworkError::InUse(folder.to_owned())),
        Err(TryLockError::Error(cause)) => Err(failed(&path, cause)),
    }
}
