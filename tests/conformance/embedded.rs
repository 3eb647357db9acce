//! The embedded network, as the process that `up` starts.

use std::{fs, path::Path};

use anyhow::{Result, bail};

use crate::network::{Launch, Orderers, Site, TestNetwork};

/// The embedded network.
pub struct Embedded {
    site: Site,
}

impl Embedded {
    /// Lays one out. `program` must be able to run the role `network`.
    ///
    /// # Errors
    /// As [`Site::lay_out`].
    pub fn new(folder: &Path, program: &Path) -> Result<Self> {
        Ok(Self { site: Site::lay_out(folder, program, None, Orderers::One)? })
    }
}

impl TestNetwork for Embedded {
    fn site(&self) -> &Site {
        &self.site
    }

    fn start(&self) -> Result<()> {
        let layout = &self.site.layout;
        let ready = layout.ready_file("network")?;
        if ready.exists() {
            fs::remove_file(&ready)?;
        }
        let folder = layout.root().display().to_string();
        let consortium = layout.path("consortium.yaml").display().to_string();
        let ready_file = ready.display().to_string();
        let arguments = ["network", "run", "--dir", &folder, "--consortium", &consortium, "--ready-file", &ready_file];
        self.site.launch(Launch {
            name: "the embedded network".into(),
            executable: self.site.program.clone(),
            arguments: arguments.map(str::to_owned).to_vec(),
            environment: Vec::new(),
            folder: layout.root().to_owned(),
            log: layout.log("network")?,
        })?;
        self.site.wait_until("the embedded network is", || ready.is_file())
    }

    fn kill(&self) {
        self.site.kill();
    }

    fn stop_peer(&self, _organization: usize) -> Result<()> {
        bail!("the peers of the embedded network are one process; `Inside` can stop one of them")
    }

    fn start_peer(&self, _organization: usize) -> Result<()> {
        bail!("the peers of the embedded network are one process; `Inside` can stop one of them")
    }
}
