#![doc = include_str!("README.md")]
#![cfg(test)]

mod causes;
mod dependencies;
mod files;
mod functions;
mod layers;
mod locks;
mod modules;
mod ratchets;
mod source;
mod words;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The top of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("this crate lies two levels below the top")
        .to_owned()
}

/// What Cargo knows of the workspace and its dependencies on this kind of machine, without asking the network.
fn metadata() -> Result<Value> {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", &platform])
        .current_dir(root())
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The packages of the workspace.
fn members() -> Result<Vec<Value>> {
    let mut metadata = metadata()?;
    let ids = metadata["workspace_members"].take();
    let ids = ids.as_array().context("cargo metadata lists no members")?;
    let packages = metadata["packages"].as_array_mut().context("cargo metadata lists no packages")?;
    Ok(packages.iter_mut().map(Value::take).filter(|package| ids.contains(&package["id"])).collect())
}
