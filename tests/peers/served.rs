//! The chaincode servers of the scenarios: one for each organization, no two of which reach theirs in the same way, and
//! one more for the first organization that may end.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};

use anyhow::Result;
use fabric_operator::package::{Connection, Package};
use fabric_shim::{ChaincodeServer, ServerError, ServerHandle, ServerTls};
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::JoinHandle,
};
use trade_tests::network::Site;

use super::{
    contract::router,
    stage::{Flavour, authority},
};

const PAUSE: Duration = Duration::from_millis(25);

/// Where the chaincode of one organization is served.
pub struct Place {
    pub organization: usize,
    pub address: SocketAddr,
    pub package: Package,
    /// Whether it may end and is then started again.
    pub ends: bool,
    pub tls: Option<Tls>,
}

/// The files of a server that speaks TLS.
pub struct Tls {
    pub key: PathBuf,
    pub certificate: PathBuf,
    /// Who must have signed the peer's certificate; nobody when it needs none.
    pub authority: Option<PathBuf>,
}

/// A server that runs until it is dropped.
pub struct Server {
    _handle: Option<ServerHandle>,
    keeper: Option<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(keeper) = &self.keeper {
            keeper.abort();
        }
    }
}

/// The places of a chaincode: the first organization's without TLS, the second's with, the third's with certificates on
/// both sides.
pub fn places(site: &Site, flavour: Flavour) -> Result<Vec<Place>> {
    let listeners: Vec<TcpListener> =
        (0..4).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect::<std::io::Result<_>>()?;
    let mut places = Vec::new();
    for (index, listener) in listeners.iter().enumerate() {
        let (organization, ends) = (index % 3 + 1, index >= 3);
        let address = listener.local_addr()?;
        let peer = site.layout.peer(&Site::domain(organization)).join("tls");
        let client = site.layout.user(&Site::domain(organization), "User1").join("tls");
        let authority = authority(site, organization);
        let read = |file: PathBuf| fs::read_to_string(file);
        let mut connection = Connection {
            address: address.to_string(),
            dial_timeout: "3s".into(),
            tls_required: organization > 1,
            client_auth_required: organization > 2,
            client_key: String::new(),
            client_cert: String::new(),
            root_cert: String::new(),
        };
        if connection.tls_required {
            connection.root_cert = read(authority.clone())?;
        }
        if connection.client_auth_required {
            connection.client_key = read(client.join("client.key"))?;
            connection.client_cert = read(client.join("client.crt"))?;
        }
        let tls = connection.tls_required.then(|| Tls {
            key: peer.join("server.key"),
            certificate: peer.join("server.crt"),
            authority: connection.client_auth_required.then_some(authority),
        });
        let label = format!("{}{}{organization}", flavour.label(), if ends { "frail" } else { "" });
        places.push(Place { organization, address, package: Package::new(&label, &connection)?, ends, tls });
    }
    Ok(places)
}

/// Serves the chaincode for our shim in this process.
pub async fn serve_ours(places: &[Place]) -> Result<Vec<Server>> {
    let mut servers = Vec::new();
    for place in places {
        let recipe = Recipe {
            organization: Site::msp_id(place.organization),
            address: place.address.to_string(),
            package_id: place.package.id.clone(),
            tls: place.tls.as_ref().map(Tls::read).transpose()?,
        };
        servers.push(match place.ends {
            true => Server { _handle: None, keeper: Some(tokio::spawn(recipe.keep())) },
            false => Server { _handle: Some(recipe.start(None).await?), keeper: None },
        });
    }
    Ok(servers)
}

/// What a server of ours is started with.
struct Recipe {
    organization: String,
    address: String,
    package_id: String,
    tls: Option<ServerTls>,
}

impl Recipe {
    async fn start(&self, crash: Option<UnboundedSender<()>>) -> Result<ServerHandle, ServerError> {
        let mut server = ChaincodeServer::builder(router(&self.organization, crash));
        if let Some(tls) = &self.tls {
            server = server.tls(tls.clone());
        }
        server.listen(self.address.clone(), self.package_id.clone()).start().await
    }

    /// Starts the server again each time it was told to end.
    async fn keep(self) {
        loop {
            let (crash, mut crashed) = mpsc::unbounded_channel();
            match self.start(Some(crash)).await {
                Ok(_serving) => drop(crashed.recv().await),
                // The one before still has the port.
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

impl Tls {
    fn read(&self) -> Result<ServerTls> {
        let client_ca_pem = self.authority.as_ref().map(fs::read).transpose()?;
        Ok(ServerTls { cert_pem: fs::read(&self.certificate)?, key_pem: fs::read(&self.key)?, client_ca_pem })
    }
}
