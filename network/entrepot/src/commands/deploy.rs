//! `deploy`: brings the chaincode onto the running network of a folder. `up` does the same by itself.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use fabric_operator::{deploy, generate, layout::Layout};

use serde_json::json;

use crate::{output::Form, progress};

/// Installs, approves and commits the chaincode, as far as that was not done before.
///
/// # Errors
/// The network does not run, or a step is refused.
pub fn run(folder: &Path, form: Form) -> Result<()> {
    let layout = Layout::existing(folder)?;
    let addresses =
        layout.known_addresses()?.with_context(|| format!("there is no network in {}", layout.root().display()))?;
    let consortium = generate::consortium(&layout, None)?;
    let packages = generate::packages(&layout, &consortium, &addresses)?;
    let progress = progress::spinner("deploying the chaincode");
    let doubts = deploy::run(&layout, &consortium, &addresses, &packages);
    drop(progress);
    let doubts = doubts?;
    ensure!(doubts.is_empty(), "{}", doubts.join("\n"));
    let channels = consortium.each_channel().into_iter();
    let channels = channels.map(|own| json!({"channel": own.channel, "chaincode": own.chaincode.name}));
    let document = json!({"package_ids": packages.ids(), "channels": channels.collect::<Vec<_>>()});
    form.answer(format_args!("{}", deploy::describe(&consortium, &packages)), &document)
}
