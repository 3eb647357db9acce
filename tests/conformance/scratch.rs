//! Folders for the networks of Fabric and of our own that cases start.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::Result;

/// An empty folder for a network.
pub fn another_folder() -> Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = scratch()?.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The folder of this process for networks. What earlier processes left behind goes when the next one begins: networks
/// that tests share have no end before the process's.
pub fn scratch() -> Result<PathBuf> {
    static SWEPT: OnceLock<()> = OnceLock::new();
    const PREFIX: &str = "entrepot-conformance-";
    let temporary = std::env::temp_dir();
    SWEPT.get_or_init(|| {
        for entry in fs::read_dir(&temporary).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let gone = |id: &str| !Path::new("/proc").join(id).exists();
            if name.strip_prefix(PREFIX).is_some_and(gone) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    });
    let folder = temporary.join(format!("{PREFIX}{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
