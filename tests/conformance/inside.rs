//! The embedded network inside this process, where its fault switches are in reach.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use entrepot::roles::network::network_options;
use fabric_devnet::{
    Network,
    faults::{CrashPoint, PeerFaults},
};

use crate::{
    network::{Orderers, Site, TestNetwork},
    runtime::runtime,
};

/// The embedded network as a part of this process.
pub struct Inside {
    site: Site,
    network: Mutex<Option<Network>>,
}

impl Inside {
    /// Lays one out. `program` may become a process of the tests, such as a chaincode.
    ///
    /// # Errors
    /// As [`Site::lay_out`].
    pub fn new(folder: &Path, program: &Path) -> Result<Self> {
        Ok(Self { site: Site::lay_out(folder, program, None, Orderers::One)?, network: Mutex::default() })
    }

    fn switch(&self, organization: usize, switch: impl FnOnce(PeerFaults<'_>)) -> Result<()> {
        let network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network.as_ref().context("the network does not run")?;
        let msp_id = Site::msp_id(organization);
        switch(network.peer_faults(&msp_id).with_context(|| format!("{msp_id} has no peer"))?);
        Ok(())
    }
}

impl TestNetwork for Inside {
    fn site(&self) -> &Site {
        &self.site
    }

    fn start(&self) -> Result<()> {
        let options = network_options(&self.site.layout, &self.site.consortium)?;
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(network.is_none(), "the network runs already");
        *network = Some(runtime().block_on(Network::start(options))?);
        Ok(())
    }

    fn kill(&self) {
        let network = self.network.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(network) = network {
            runtime().block_on(network.shutdown());
        }
        self.site.kill();
    }

    fn stop_peer(&self, organization: usize) -> Result<()> {
        self.switch(organization, |peer| peer.drop_out())
    }

    fn crash_in_the_next_block(&self, after_storing: bool) -> Result<()> {
        let network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let point = if after_storing { CrashPoint::AfterBlock } else { CrashPoint::BeforeBlock };
        network.as_ref().context("the network does not run")?.orderer_faults().crash(point);
        Ok(())
    }

    fn start_peer(&self, organization: usize) -> Result<()> {
        self.switch(organization, |peer| peer.come_back())
    }
}
