//! A second REST gateway in front of a running network, with bounds so small that a test can reach them.

use anyhow::{Context, Result};
use entrepot::demo::rest::{Caller, only_file};
use tempfile::TempDir;
use trade_gateway::{
    Running,
    settings::{Limits, Settings},
};
use trade_tests::raw_tls::Identity;

use crate::harness::System;

/// A gateway and the folder of its store.
pub struct SmallGateway {
    pub running: Running,
    _folder: TempDir,
}

/// Starts a gateway with the settings of the system's own, but for its bounds.
pub async fn start(system: &System, bound: impl FnOnce(&mut Limits)) -> Result<SmallGateway> {
    let folder = tempfile::tempdir()?;
    let mut settings = Settings::load(&system.layout.path("gateway/settings.yaml"))?;
    settings.listen = "127.0.0.1:0".to_owned();
    settings.data_dir = folder.path().to_owned();
    bound(&mut settings.limits);
    let running = trade_gateway::start(settings).await.context("the second gateway")?;
    Ok(SmallGateway { running, _folder: folder })
}

impl SmallGateway {
    /// A caller of it.
    pub fn caller(&self, system: &System, msp_id: &str) -> Result<Caller> {
        Caller::with_identity(self.running.address(), &system.gateway_authority()?, &system.msp(msp_id, "User1")?)
    }
}

/// The certificate and the key of a user.
pub fn identity(system: &System, msp_id: &str, user: &str) -> Result<Identity> {
    let msp = system.msp(msp_id, user)?;
    Identity::load(&only_file(&msp.join("signcerts"))?, &only_file(&msp.join("keystore"))?)
}
