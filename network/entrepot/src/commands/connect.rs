//! `connect`: a Fabric network that others run is checked for the chaincode.

mod options;
mod show;

use std::process::ExitCode;

use anyhow::Result;
use fabric_operator::connect::check;

pub use self::options::Options;

/// The exit status when something is in the way.
const IN_THE_WAY: u8 = 1;

/// Checks the network and prints what was found; the exit status is 1 when something is in the way of the chaincode.
///
/// # Errors
/// The description cannot be read or contradicts itself.
pub fn run(options: &Options) -> Result<ExitCode> {
    let description = options.description()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let checked = runtime.block_on(check(&description));
    show::report(&checked.report, options.json)?;
    Ok(if checked.is_clear() { ExitCode::SUCCESS } else { ExitCode::from(IN_THE_WAY) })
}
