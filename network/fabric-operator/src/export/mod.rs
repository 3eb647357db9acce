//! A network for containers, written from a consortium file: keys, channels, chaincode packages, configurations, and
//! either a Docker Compose file or Kubernetes manifests that name them. Nothing is started and no image is built here.
//!
//! The keys of all organizations lie together, which is right for trying things out and for nothing else.

mod component;
mod compose;
mod kubernetes;
mod labels;
mod network_policies;
mod prepared;

use std::{
    fs,
    os::unix::fs::{MetadataExt, lchown},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use fabric_msp::private;

use crate::{
    channel,
    consortium::{Consensus, Consortium},
    deploy,
    endpoint::Endpoint,
    fabric, gateway, generate,
    layout::{Layout, write_atomically},
    network::Network,
    process::wait_until,
};

pub use prepared::{Images, Platform};

use prepared::{CONTAINER_USER, Export};

/// Writes everything into a new or empty folder.
///
/// # Errors
/// The folder holds something, the consortium cannot run on these images, a name is too long, or a file cannot be
/// written.
pub fn write(
    platform: Platform,
    consortium_text: &str,
    images: &Images,
    gateway: &gateway::Settings,
    output: &Path,
) -> Result<()> {
    let consortium = Consortium::parse(consortium_text)?;
    ensure!(
        consortium.orderer.consensus != Consensus::Bft || images.fabric.has_v3_capability(),
        "the consortium orders by BFT, which came with Fabric 3.0, and the images are Fabric {}",
        images.fabric
    );
    if let Ok(mut entries) = fs::read_dir(output) {
        ensure!(entries.next().is_none(), "{} is not empty; name a new folder", output.display());
    }
    let layout = Layout::at(&output.join("network"))?;
    let mut export = Export::prepare(platform, consortium, consortium_text, images.clone(), layout)?;
    export.write_gateway_settings(gateway)?;
    match platform {
        Platform::Compose => {
            for folder in compose::data_folders(&export)? {
                let path = output.join(&folder);
                private::create_folder(&path).with_context(|| format!("cannot create {}", path.display()))?;
            }
            let owner = hand_over(output)?;
            let file = serde_norway::to_string(&compose::file(&export, owner)?).context("cannot write YAML")?;
            write_atomically(&output.join("compose.yaml"), file.as_bytes())
        }
        Platform::Kubernetes => {
            let mut text = String::new();
            for object in kubernetes::objects(&export)? {
                text.push_str("---\n");
                text.push_str(&serde_norway::to_string(&object).context("cannot write YAML")?);
            }
            write_atomically(&output.join("network.yaml"), text.as_bytes())?;
            write_atomically(&output.join("kustomization.yaml"), b"resources:\n  - network.yaml\n")
        }
    }
}

/// The user and the group as which containers read and write the exported files: their owner. Containers never run as
/// root, so what root exports is given to another user.
fn hand_over(output: &Path) -> Result<(u32, u32)> {
    let mut open = ["network", "data"].map(|folder| output.join(folder)).to_vec();
    let metadata = fs::metadata(&open[0]).with_context(|| format!("cannot read {}", open[0].display()))?;
    if metadata.uid() != 0 {
        return Ok((metadata.uid(), metadata.gid()));
    }
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))? {
                open.push(entry?.path());
            }
        }
        lchown(&path, Some(CONTAINER_USER), Some(CONTAINER_USER))
            .with_context(|| format!("cannot give {} to another user", path.display()))?;
    }
    Ok((CONTAINER_USER, CONTAINER_USER))
}

/// Joins the nodes of an exported network and deploys its chaincode; what was done before is not done again. Says in
/// words what is committed where.
///
/// # Errors
/// The nodes do not listen within their time, or a step is refused.
pub fn join(folder: &Path) -> Result<String> {
    let layout = Layout::at(folder)?;
    let addresses = layout.known_addresses()?.context("the folder holds no network")?;
    let mut consortium = Consortium::load(Some(&layout.consortium_file()))?;
    generate::add_created_channels(&layout, &mut consortium)?;
    let packages = generate::written_packages(&layout, &consortium)?;
    wait_until(
        "the network",
        fabric::PATIENCE,
        || Ok(()),
        || Ok(fabric::listening(&addresses).iter().all(Endpoint::listens)),
    )?;
    let network = Network { layout: &layout, consortium: &consortium, addresses: &addresses };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(channel::join(&network))?;
    let doubts = deploy::run(&layout, &consortium, &addresses, &packages)?;
    ensure!(doubts.is_empty(), "{}", doubts.join("\n"));
    Ok(deploy::describe(&consortium, &packages))
}
