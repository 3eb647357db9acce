//! Contracts that are being served, and their TLS files, which are read again meanwhile.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use fabric_shim::{CurrentTls, ServerHandle, ServerTls};
use tokio::{sync::Notify, task::JoinSet};

use crate::options::TlsFiles;

/// How often the TLS files are read again; as often as the gateway reads its own.
const RELOAD: Duration = Duration::from_secs(30);

/// Contracts that are being served in the background. Dropping it lets them stop without waiting for it.
pub struct Running {
    handle: ServerHandle,
    reload: Reload,
    /// Ends when this is dropped.
    reading: JoinSet<()>,
}

/// Asks a server to read its TLS files again at once.
#[derive(Debug, Clone, Default)]
pub struct Reload(Arc<Notify>);

impl Reload {
    /// Asks for it; what fails is in the log.
    pub fn ask(&self) {
        self.0.notify_one();
    }
}

impl Running {
    /// Of a server that has begun, with the files of its TLS and what was in them.
    pub(crate) fn new(handle: ServerHandle, tls: Option<(TlsFiles, ServerTls)>) -> Self {
        let (reload, mut reading) = (Reload::default(), JoinSet::new());
        if let Some(((files, read), current)) = tls.zip(handle.tls().cloned()) {
            reading.spawn(read_again(files, read, current, reload.clone()));
        }
        Self { handle, reload, reading }
    }

    /// What asks this server to read its TLS files again. Without TLS there is nothing to read.
    #[must_use]
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// The address of the first listener, with the port that was picked for it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.handle.local_addr()
    }

    /// Where health and metrics are told, with the port that was picked for it.
    #[must_use]
    pub fn operations_address(&self) -> Option<SocketAddr> {
        self.handle.operations_addr()
    }

    /// Stops; running transactions are finished first.
    pub async fn stop(mut self) {
        self.reading.abort_all();
        self.handle.shutdown().await;
    }
}

/// Reads the files again, every [`RELOAD`] and when it is asked for. Streams go on with what they began with; what
/// cannot be used, such as a certificate whose key has not been put in place yet, leaves what was there before.
async fn read_again(files: TlsFiles, mut last: ServerTls, current: CurrentTls, reload: Reload) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(RELOAD) => {}
            () = reload.0.notified() => {}
        }
        let again = files.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || again.read()).await else { continue };
        let replaced = match read {
            Ok(read) if read == last => continue,
            Ok(read) => current.replace(&read).map(|()| last = read).map_err(|cause| cause.to_string()),
            Err(cause) => Err(cause.to_string()),
        };
        match replaced {
            Ok(()) => tracing::info!(certificate = %files.certificate.display(), "the TLS files have been read again"),
            Err(cause) => tracing::error!("the TLS files cannot be used, and what was in them stays: {cause}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error, fs, io::Write};

    use fabric_cryptogen::{Authority, CertificateRequest};
    use fabric_msp::{
        private,
        transport::{ClientTls, connect},
    };

    use crate::{ServeOptions, TlsFiles, start};

    /// An authority that has issued the certificate and key in these files.
    fn issue(files: &TlsFiles) -> Result<Authority, Box<dyn Error>> {
        let (authority, _) = Authority::create(&CertificateRequest::authority("tlsca", "a.example"))?;
        let issued = authority.issue(&CertificateRequest::tls("chaincode", &["127.0.0.1"]))?;
        fs::write(&files.certificate, issued.certificate.pem())?;
        private::create(&files.key)?.write_all(&issued.key_pem)?;
        Ok(authority)
    }

    #[tokio::test]
    async fn tls_files_are_read_again_when_that_is_asked_for() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name);
        let files = TlsFiles { certificate: path("server.crt"), key: path("server.key"), client_ca: None };
        let old = issue(&files)?;
        let options = ServeOptions {
            listeners: vec![("127.0.0.1:0".into(), "entrepot:test".into())],
            tls: Some(files.clone()),
            ..ServeOptions::default()
        };
        let running = start(options).await?;
        let address = running.address().to_string();
        let greets = async |authority: &Authority| {
            let ca_pem = authority.certificate().pem().to_vec();
            let tls = ClientTls { ca_pem, identity: None, server_name: None };
            connect(&address, Some(&tls), super::RELOAD).await.is_ok()
        };
        assert!(greets(&old).await);
        let new = issue(&files)?;
        running.reload().ask();
        while !greets(&new).await {
            tokio::task::yield_now().await;
        }
        assert!(!greets(&old).await);
        running.stop().await;
        Ok(())
    }
}
