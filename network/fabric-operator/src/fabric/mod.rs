//! The same system on real Hyperledger Fabric: `peer` and `orderer` processes that the user brings.
//!
//! Only these two programs are used. Configuration files, certificates and the channel block are written by us, and the
//! external builder is the operator's program under other names. Nothing here downloads or builds Fabric.

mod binaries;
pub mod builder;
mod settings;
mod traps;

pub use binaries::{Binaries, named_folders};
pub use settings::{
    Places, listening, orderer_configuration, orderer_environment, peer_configuration, peer_environment, programs,
};
pub use traps::explain;

/// How long Fabric's processes may take until they listen.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
