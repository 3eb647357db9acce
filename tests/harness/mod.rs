//! A running system for tests: network, chaincode and gateway as processes, and callers with the demo's identities.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, mpsc},
};

use anyhow::{Context, Result, anyhow};
use entrepot::demo::{
    rest::Caller,
    running::{RunningNetwork, Start},
};
use fabric_client::{Connection, Gateway};
use fabric_msp::{signer::SigningIdentity, transport::ClientTls};
use fabric_operator::{
    consortium::Consortium,
    fabric::named_folders,
    layout::{Addresses, Layout},
};
use trade_model::governance::ReadMembers;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_entrepot-under-test");

/// A system that runs in a folder.
#[derive(Clone)]
pub struct System {
    pub layout: Layout,
    pub addresses: Addresses,
    pub consortium: Consortium,
}

/// Starts the embedded network in a folder; it ends with the thread that calls.
pub fn start(folder: &Path, log_filter: Option<&str>) -> Result<RunningNetwork> {
    start_on(folder, None, log_filter)
}

/// As [`start`], on the programs of Fabric in a folder when one is given.
pub fn start_on(folder: &Path, fabric_bin: Option<&Path>, log_filter: Option<&str>) -> Result<RunningNetwork> {
    RunningNetwork::start(&Start { program: Path::new(PROGRAM), folder, fabric_bin, keep: false, log_filter })
}

/// The system that tests share: started once, on the embedded network. Tests use ids of their own.
pub fn shared() -> Result<&'static System> {
    static SHARED: OnceLock<Result<System, String>> = OnceLock::new();
    SHARED
        .get_or_init(|| start_on_a_thread_that_stays(None).map_err(|error| format!("{error:#}")))
        .as_ref()
        .map_err(|error| anyhow!("the shared system did not start: {error}"))
}

/// The shared systems on every kind of network: the embedded one, and Fabric as often as `FABRIC_BIN` names a folder of
/// it, each started once.
pub fn everywhere() -> Result<Vec<&'static System>> {
    static ON_FABRIC: OnceLock<Result<Vec<System>, String>> = OnceLock::new();
    let start = || kinds().into_iter().flatten().map(|folder| start_on_a_thread_that_stays(Some(folder))).collect();
    let on_fabric = ON_FABRIC.get_or_init(|| Result::map_err(start(), |error: anyhow::Error| format!("{error:#}")));
    let on_fabric =
        on_fabric.as_ref().map_err(|error| anyhow!("the shared system on Fabric did not start: {error}"))?;
    Ok([shared()?].into_iter().chain(on_fabric).collect())
}

/// The kinds of network to be tested: `None` is the embedded one, the others are folders of Fabric's programs.
pub fn kinds() -> Vec<Option<PathBuf>> {
    let folders = named_folders();
    if folders.is_empty() {
        eprintln!("skipped on Fabric: FABRIC_BIN is not set");
    }
    [None].into_iter().chain(folders.into_iter().map(Some)).collect()
}

/// The kernel ends a child when the *thread* that started it ends, and test threads end. This thread stays until the
/// test process ends, and then the system goes with it.
fn start_on_a_thread_that_stays(fabric_bin: Option<PathBuf>) -> Result<System> {
    let (told, started) = mpsc::channel();
    std::thread::Builder::new().name("shared system".into()).spawn(move || {
        let run = || -> Result<(tempfile::TempDir, RunningNetwork, System)> {
            let folder = tempfile::tempdir()?;
            let network = start_on(folder.path(), fabric_bin.as_deref(), None)?;
            let system = System::of(&network)?;
            Ok((folder, network, system))
        };
        match run() {
            Ok((_folder, _network, system)) => {
                let _ = told.send(Ok(system));
                loop {
                    std::thread::park();
                }
            }
            Err(error) => {
                let _ = told.send(Err(error));
            }
        }
    })?;
    started.recv().context("the thread of the shared system ended")?
}

impl System {
    /// The system of a running network.
    pub fn of(network: &RunningNetwork) -> Result<Self> {
        Ok(Self {
            layout: network.layout().clone(),
            addresses: network.addresses().clone(),
            consortium: Consortium::load(None)?,
        })
    }

    /// The domain of an organization.
    pub fn domain(&self, msp_id: &str) -> Result<&str> {
        Ok(&self.consortium.organization(msp_id)?.domain)
    }

    /// The MSP directory of a user.
    pub fn msp(&self, msp_id: &str, user: &str) -> Result<PathBuf> {
        Ok(self.layout.user(self.domain(msp_id)?, user).join("msp"))
    }

    /// A caller of the REST gateway as a user of an organization.
    pub fn caller(&self, msp_id: &str) -> Result<Caller> {
        self.caller_as(msp_id, "User1")
    }

    /// As [`System::caller`] for a user by name.
    pub fn caller_as(&self, msp_id: &str, user: &str) -> Result<Caller> {
        Caller::with_identity(self.addresses.gateway, &self.gateway_authority()?, &self.msp(msp_id, user)?)
    }

    /// The authority of the gateway's certificate.
    pub fn gateway_authority(&self) -> Result<PathBuf> {
        let first = self.consortium.organizations.first().context("no organizations")?;
        Ok(self.layout.tls_authority(&first.domain))
    }

    /// The signing identity of a user.
    pub fn identity(&self, msp_id: &str, user: &str) -> Result<Arc<SigningIdentity>> {
        Ok(Arc::new(SigningIdentity::from_msp_directory(msp_id, &self.msp(msp_id, user)?)?))
    }

    /// A connection to an organization's peer.
    pub async fn connection(&self, msp_id: &str) -> Result<Connection> {
        let peer = self.addresses.peer(msp_id)?;
        let authority = std::fs::read(self.layout.tls_authority(self.domain(msp_id)?))?;
        let tls = ClientTls { ca_pem: authority, identity: None, server_name: None };
        Ok(Connection::open(&peer.endpoint.to_string(), Some(tls), std::time::Duration::from_secs(10)).await?)
    }

    /// A Fabric client that bypasses the REST gateway: a user of `msp_id` at the peer of `at`.
    pub async fn fabric(&self, msp_id: &str, at: &str) -> Result<Gateway> {
        self.fabric_as(msp_id, "User1", at).await
    }

    /// As [`System::fabric`] for a user by name.
    pub async fn fabric_as(&self, msp_id: &str, user: &str, at: &str) -> Result<Gateway> {
        let connection = self.connection(at).await?;
        Ok(Gateway::new(connection, self.identity(msp_id, user)?))
    }
}

/// Makes sure that the members of the demo are established. Several tests of one system may ask at once.
pub async fn establish(system: &System) -> Result<()> {
    static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _turn = ONE_AT_A_TIME.lock().await;
    let exporter = system.caller("ExporterMSP")?;
    if exporter.call(&ReadMembers {}, None).await?.is_success() {
        return Ok(());
    }
    found(system, &members()).await
}

/// The members of the demo; customs is the authority of more countries, so that each test can have a tariff of its own.
fn members() -> serde_json::Value {
    let mut list = entrepot::demo::members();
    for member in list["members"].as_array_mut().into_iter().flatten().filter(|member| member["msp_id"] == "CustomsMSP")
    {
        let countries = ["AT", "BE", "CH", "CZ", "DE", "DK", "EE", "FI", "FR", "IE", "IT", "LU", "NL", "PL", "SE"];
        member["jurisdictions"] = serde_json::json!(countries);
    }
    // The place in Germany where goods lie before they are sold there.
    for member in
        list["members"].as_array_mut().into_iter().flatten().filter(|member| member["msp_id"] == "ImporterMSP")
    {
        member["gln"] = serde_json::json!("4012345002256");
    }
    list
}

/// Founds with a list of members, as `User1` of each of them.
pub async fn found(system: &System, list: &serde_json::Value) -> Result<()> {
    let founded = entrepot::demo::founding::found(&system.layout, &system.addresses, &system.consortium, list).await;
    founded.map(drop).context("the members cannot be established")
}

/// Makes sure that exporter and importer have an agreement, and that the exporter has a bank.
pub async fn trading(system: &System) -> Result<()> {
    static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _turn = ONE_AT_A_TIME.lock().await;
    let [exporter, importer, bank] = ["ExporterMSP", "ImporterMSP", "BankMSP"].map(|msp_id| system.caller(msp_id));
    let (exporter, importer, bank) = (exporter?, importer?, bank?);
    if exporter.get("/v1/accounts/ExporterMSP/BankMSP").await?.is_success() {
        return Ok(());
    }
    let nothing = serde_json::json!({});
    let terms = fixtures::json(&fixtures::agreement("TERMS", "ImporterMSP"));
    exporter.post("/v1/agreements", &terms).await?.accepted()?;
    importer.post("/v1/agreements/ExporterMSP/TERMS/accept", &nothing).await?.accepted()?;
    exporter.post("/v1/accounts", &serde_json::json!({ "bank": "BankMSP" })).await?.accepted()?;
    bank.post("/v1/account-acceptances", &serde_json::json!({ "holder": "ExporterMSP" })).await?.accepted()?;
    Ok(())
}
