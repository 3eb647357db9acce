//! A network of Hyperledger Fabric's own programs.

use std::{fs, os::unix::fs::symlink, path::Path};

use anyhow::Result;
use entrepot::{
    endpoint::Endpoint,
    fabric::{Binaries, join, listening, programs},
    process::Program,
};

use crate::network::{Launch, Orderers, Site, TestNetwork};

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

    fn launch(&self, program: Program<'_>) -> Result<()> {
        self.site.launch(Launch {
            name: program.name,
            executable: program.executable.unwrap_or(&self.site.program).to_owned(),
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
        let Site { layout, consortium, addresses, program, .. } = &self.site;
        let programs = programs(layout, consortium, addresses, &self.binaries)?;
        // The links lead to the program that runs now, which is the tests' own and no builder.
        for name in ["detect", "build", "release"] {
            let link = layout.path("fabric/builder/bin").join(name);
            fs::remove_file(&link)?;
            symlink(program, &link)?;
        }
        for program in programs {
            self.launch(program)?;
        }
        let listening = listening(addresses);
        self.site.wait_until("Fabric's processes are", || listening.iter().all(Endpoint::listens))?;
        join(layout, consortium, addresses)
    }

    fn kill(&self) {
        self.site.kill();
    }
}
