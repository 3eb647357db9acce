//! `backup` and `restore`: the folder of a network that does not run as one file, and back.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use fabric_operator::backup;
use serde_json::json;

use super::folder::Folder;
use crate::{output::Form, progress};

/// What `backup` writes.
#[derive(Debug, Args)]
pub struct Backup {
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    folder: Folder,
    /// The file to write, `.tar.gz`; it must not be there. It holds private keys
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// What `restore` reads.
#[derive(Debug, Args)]
pub struct Restore {
    /// What `backup` has written
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The folder to make: it must not be there, or be empty
    #[arg(long, value_name = "DIR", env = "ENTREPOT_DIR", default_value = ".entrepot")]
    dir: PathBuf,
}

/// Writes a folder into a file.
///
/// # Errors
/// A network runs in the folder, or the file cannot be written.
pub fn backup(options: &Backup, form: Form) -> Result<()> {
    let Backup { folder, output } = options;
    let bar = progress::bar("writing", 0);
    let summary = backup::backup(&folder.dir, output, &|done, total| bar.at(done, total));
    drop(bar);
    let backup::Summary { files, bytes } = summary?;
    form.answer(
        format_args!(
            "{files} files with {bytes} bytes lie in {}.\nIt holds the network's private keys and is not encrypted: keep it \
             as you keep the folder.",
            output.display()
        ),
        &json!({"file": output, "files": files, "bytes": bytes, "holds_private_keys": true}),
    )
}

/// Makes a folder of such a file.
///
/// # Errors
/// The folder holds something, or the file is damaged or no backup.
pub fn restore(options: &Restore, form: Form) -> Result<()> {
    let Restore { file, dir } = options;
    let bar = progress::bar("restoring", 0);
    let summary = backup::restore(file, dir, &|done, total| bar.at(done, total));
    drop(bar);
    let backup::Summary { files, bytes } = summary?;
    form.answer(
        format_args!(
            "{files} files with {bytes} bytes lie in {0}. Start the network with `entrepot up --dir {0}`.",
            dir.display()
        ),
        &json!({"folder": dir, "files": files, "bytes": bytes}),
    )
}
