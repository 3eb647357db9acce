//! The REST gateway as far as an operator knows it: a process whose settings lie in the network's folder.
//!
//! What stands in the settings is the gateway's affair, so the program that holds both hands in a function.

use std::path::Path;

use anyhow::Result;

use crate::network::Network;

/// The gateway's settings, YAML, for a network and the folder in which the gateway keeps its data.
pub type Settings = dyn Fn(&Network<'_>, &Path) -> Result<String>;
