//! The folder of a network, as most commands are told it.

use std::path::PathBuf;

use clap::Args;

/// The folder of a network.
#[derive(Debug, Clone, Args)]
pub struct Folder {
    /// The network's folder: keys, ledgers, settings, logs
    #[arg(long, value_name = "DIR", env = "ENTREPOT_DIR", default_value = ".entrepot")]
    pub dir: PathBuf,
}
