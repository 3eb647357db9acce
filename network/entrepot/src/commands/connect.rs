//! `connect`: a Fabric network that others run is checked for the chaincode, gets it as far as keys are at hand, and a
//! gateway's settings are written for it.

mod environment;
mod gateway;
mod options;
mod show;

use std::process::ExitCode;

use anyhow::{Context, Result};
use fabric_msp::private;
use fabric_operator::{
    connect::{Checked, Deployed, Description, Handover, Verdict, check, deploy, handover},
    package::Packages,
};

pub use self::options::Options;
use self::show::Outcome;
use crate::{exit::Exit, output::Form};

/// Checks the network, does what the options ask besides, and prints what was found and done, also before it fails. The
/// exit status is 1 when something is in the way of the chaincode, and 3 when its definition waits for other
/// organizations.
///
/// # Errors
/// The description cannot be read or contradicts itself, or a step is refused.
pub fn run(options: &Options, form: Form) -> Result<ExitCode> {
    let description = options.description()?;
    let packages = if options.deploy { options.packages(&description)? } else { Packages::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut outcome = Outcome::default();
    let (checked, acted) = runtime.block_on(async {
        let mut checked = check(&description).await;
        let acted = act(options, &description, &mut checked, &packages, &mut outcome).await;
        (checked, acted)
    });
    show::outcome(&checked.report, &outcome, acted.as_ref().err(), options, form)?;
    acted?;
    Ok(status(&checked, outcome.deployed.as_ref()).into())
}

/// Deploys and writes as far as the options ask for it and nothing is in the way.
async fn act(
    options: &Options,
    description: &Description,
    checked: &mut Checked,
    packages: &Packages,
    outcome: &mut Outcome,
) -> Result<()> {
    if !checked.is_ready() {
        return Ok(());
    }
    if options.deploy {
        let deployed = outcome.deployed.insert(deploy(checked, description, packages).await?);
        if !deployed.waits_for.is_empty() {
            outcome.handovers = hand_over(options, checked, deployed, packages)?;
        }
    }
    if options.gateway.is_some() && checked.is_ready() {
        outcome.settings = Some(gateway::write(options, description, checked)?);
    }
    Ok(())
}

fn status(checked: &Checked, deployed: Option<&Deployed>) -> Exit {
    match deployed {
        _ if checked.report.verdict() == Verdict::Failed => Exit::Failed,
        Some(deployed) if !deployed.committed => Exit::Unfinished,
        Some(_) | None => Exit::Done,
    }
}

fn hand_over(options: &Options, checked: &Checked, deployed: &Deployed, packages: &Packages) -> Result<Vec<Handover>> {
    let config = checked.config.as_ref().context("the channel's configuration is not known")?;
    private::create_folder(&options.output).with_context(|| format!("cannot create {}", options.output.display()))?;
    handover(deployed, config, packages, &options.output)
}
