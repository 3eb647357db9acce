//! A network of Hyperledger Fabric's own programs.

use std::{fs, os::unix::fs::symlink, path::Path};

use anyhow::{Context, Result};
use fabric_operator::{
    channel::join,
    endpoint::Endpoint,
    fabric::{Binaries, listening, programs},
    network::Network,
    process::Program,
};

use crate::{
    network::{Launch, Orderers, Site, TestNetwork},
    runtime::runtime,
};

/// Peers and an orderer of Fabric.
pub struct Fabric {
    site: Site,
    binaries: Binaries,
}

impl Fabric {
    /// Lays one out for the programs in a folder. `program` must be able to be an external builder.
    ///
    /// # Errors
    /// The programs are not there, or as [`Site::lay_out`].
    pub fn new(folder: &Path, program: &Path, binaries: &Path, orderers: Orderers) -> Result<Self> {
        let binaries = Binaries::find(Some(binaries))?;
        let site = Site::lay_out(folder, program, Some(binaries.version), orderers)?;
        Ok(Self { site, binaries })
    }

    /// Its processes, orderers first. The builder's links lead to the program that is given, because the one that runs
    /// now is the tests' own and no builder.
    fn programs(&self) -> Result<Vec<Program>> {
        let Site { layout, consortium, addresses, program, .. } = &self.site;
        let programs = programs(layout, consortium, addresses, &self.binaries)?;
        for name in ["detect", "build", "release"] {
            let link = layout.path("fabric/builder/bin").join(name);
            fs::remove_file(&link)?;
            symlink(program, &link)?;
        }
        Ok(programs.into_iter().map(|node| node.program).collect())
    }

    fn launch(&self, program: Program) -> Result<()> {
        self.site.launch(Launch {
            name: program.name,
            executable: program.executable.unwrap_or_else(|| self.site.program.clone()),
            arguments: program.arguments,
            environment: program.environment,
            folder: program.working_directory,
            log: program.log,
        })
    }
}

impl TestNetwork for Fabric {
    fn is_fabric_2(&self) -> bool {
        self.binaries.version.major == 2
    }

    fn site(&self) -> &Site {
        &self.site
    }

    fn start(&self) -> Result<()> {
        let Site { layout, consortium, addresses, .. } = &self.site;
        for program in self.programs()? {
            self.launch(program)?;
        }
        let listening = listening(addresses);
        self.site.wait_until("Fabric's processes are", || listening.iter().all(Endpoint::listens))?;
        runtime().block_on(join(&Network { layout, consortium, addresses }))
    }

    fn kill(&self) {
        self.site.kill();
    }

    fn stop_peer(&self, organization: usize) -> Result<()> {
        self.site.kill_one(&peer(organization))
    }

    fn start_peer(&self, organization: usize) -> Result<()> {
        let name = peer(organization);
        let program = self.programs()?.into_iter().find(|program| program.name == name);
        self.launch(program.with_context(|| format!("there is no {name}"))?)?;
        let endpoint = &self.site.addresses.peer(&Site::msp_id(organization))?.endpoint;
        self.site.wait_until(&format!("{name} is"), || endpoint.listens())
    }
}

fn peer(organization: usize) -> String {
    format!("peer0.{}", Site::domain(organization))
}
