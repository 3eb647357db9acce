//! `up`: network, chaincode and gateway of a folder, until Ctrl-C.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use fabric_operator::supervisor;
use serde_json::json;

use super::folder::Folder;
use crate::{
    demo::running::{RunningNetwork, Start},
    output::Form,
    progress,
    roles::gateway,
};

/// What `up` starts.
#[derive(Debug, Clone, Args)]
pub struct Options {
    // Not a doc comment: clap would take it for the help of the command.
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    folder: Folder,
    /// Run on real Fabric: the folder of its `peer` and `orderer` programs
    #[arg(long, value_name = "DIR")]
    fabric_bin: Option<PathBuf>,
    /// The consortium file; the folder's own when not given, and the demo's in a new folder
    #[arg(long, value_name = "FILE")]
    consortium: Option<PathBuf>,
    /// Where the REST gateway listens; a free port when not given. Fixed when the folder is first used
    #[arg(long, value_name = "HOST:PORT")]
    gateway: Option<SocketAddr>,
    /// Return when everything is up, and leave it running until `entrepot down`; its log is `logs/up.log`
    #[arg(long)]
    detach: bool,
}

/// Starts everything, and stays until it is asked to stop, or returns when all is up.
///
/// # Errors
/// A step fails, or the last node of a kind, the chaincode or the gateway ends by itself.
pub fn run(options: Options, form: Form) -> Result<()> {
    if options.detach {
        return detach(&options, form);
    }
    let Options { folder, fabric_bin, consortium, gateway, .. } = options;
    let wanted = supervisor::Options { folder: folder.dir, fabric_bin, consortium, gateway };
    let progress = progress::spinner("starting");
    supervisor::up(&wanted, &gateway::settings, &|step| match step {
        Some(step) => progress.tell(step),
        None => progress.clear(),
    })
}

fn detach(options: &Options, form: Form) -> Result<()> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let start = Start {
        program: &program,
        folder: &options.folder.dir,
        fabric_bin: options.fabric_bin.as_deref(),
        keep: true,
        log_filter: None,
    };
    let mut further: Vec<OsString> = Vec::new();
    if let Some(consortium) = &options.consortium {
        further.extend(["--consortium".into(), consortium.into()]);
    }
    if let Some(gateway) = &options.gateway {
        further.extend(["--gateway".into(), gateway.to_string().into()]);
    }
    let progress = progress::spinner("starting the network");
    let network = RunningNetwork::start_with(&start, &further);
    drop(progress);
    let network = network?;
    let (root, gateway) = (network.layout().root(), network.addresses().gateway);
    form.answer(
        format_args!(
            "The network in {} runs. Its gateway is https://{gateway}.\nStop it with `entrepot down --dir {}`.",
            root.display(),
            options.folder.dir.display()
        ),
        &json!({"folder": root, "gateway": format!("https://{gateway}"), "running": true}),
    )
}
