//! `deploy`: brings the chaincode onto the running network of a folder. `up` does the same by itself.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use fabric_operator::{deploy, generate, layout::Layout};

use crate::output::say;

/// Installs, approves and commits the chaincode, as far as that was not done before.
///
/// # Errors
/// The network does not run, or a step is refused.
pub fn run(folder: &Path) -> Result<()> {
    let layout = Layout::existing(folder)?;
    let addresses =
        layout.known_addresses()?.with_context(|| format!("there is no network in {}", layout.root().display()))?;
    let consortium = generate::consortium(&layout, None)?;
    let packages = generate::packages(&layout, &consortium, &addresses)?;
    let doubts = deploy::run(&layout, &consortium, &addresses, &packages)?;
    ensure!(doubts.is_empty(), "{}", doubts.join("\n"));
    say!("{}", deploy::describe(&consortium, &packages))
}
