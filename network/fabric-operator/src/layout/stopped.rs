//! Which nodes of a running network are to stand still: an empty file for each, named after the node, in `run/stopped`.
//! Who runs the nodes looks there; the next `up` begins without them.

use std::{collections::BTreeSet, fs, io};

use anyhow::{Context, Result};
use fabric_msp::private;

use super::Layout;

/// The folder of these files.
const FOLDER: &str = "run/stopped";

impl Layout {
    /// The nodes that are to stand still.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn stopped(&self) -> Result<BTreeSet<String>> {
        let folder = self.path(FOLDER);
        let names = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            entries => {
                entries.and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>())
            }
        };
        let names: Vec<_> = names.with_context(|| format!("cannot read {}", folder.display()))?;
        Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
    }

    /// Has a node stand still or run. `node` is one of the keys of [`Addresses::nodes`](super::Addresses::nodes).
    ///
    /// # Errors
    /// The file cannot be made or removed.
    pub fn set_stopped(&self, node: &str, stopped: bool) -> Result<()> {
        let file = self.folder(FOLDER)?.join(node);
        let done = match stopped {
            true => private::create(&file).map(drop),
            false => match fs::remove_file(&file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
        };
        done.with_context(|| format!("cannot change {}", file.display()))
    }
}
