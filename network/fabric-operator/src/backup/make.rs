//! Making a backup.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use fabric_msp::private;
use flate2::{Compression, write::GzEncoder};

use super::{
    FILES, Hashing, MANIFEST, Summary, Told,
    manifest::{FileEntry, Manifest},
};
use crate::{layout::Layout, supervisor};

/// What a network makes anew at each start.
const LEFT_OUT: [&str; 3] = ["lock", "run", "fabric/builder"];

/// Writes the folder of a network that does not run into one file, which must not be there yet and is its owner's only.
///
/// # Errors
/// A network runs in the folder; the folder holds a link or another thing that is neither file nor folder; the file is
/// there, lies in the folder or cannot be written; a file of the folder changes meanwhile.
pub fn backup(folder: &Path, output: &Path, told: Told<'_>) -> Result<Summary> {
    let layout = Layout::existing(folder)?;
    ensure!(layout.known_addresses()?.is_some(), "there is no network in {}", layout.root().display());
    let _lock = supervisor::hold(&layout)?;
    check_output(output, layout.root())?;
    let (folders, paths) = list(layout.root())?;
    let size = |path: &String| -> io::Result<u64> { Ok(fs::metadata(layout.path(path))?.len()) };
    let sizes = paths.iter().map(size).sum::<io::Result<u64>>();
    // Everything is read twice: to be listed with its digest, and to be written.
    let total = sizes.context("cannot look at the folder's files")?.saturating_mul(2);
    let mut done = 0;
    let mut files = Vec::new();
    for path in paths {
        let (sha256, bytes) = digest(&layout.path(&path))?;
        done += bytes;
        told(done, total);
        files.push(FileEntry { path, bytes, sha256 });
    }
    let manifest = Manifest::new(folders, files)?;
    let unfinished = unfinished(output);
    let written = write(&layout, &manifest, &unfinished, &|bytes| told(done.saturating_add(bytes), total));
    let finished = written.and_then(|()| {
        fs::rename(&unfinished, output).with_context(|| format!("cannot make {}", output.display()))?;
        Ok(manifest.summary())
    });
    finished.inspect_err(|_| {
        // What is left of a failure holds keys; that it may be missing is as good.
        drop(fs::remove_file(&unfinished));
    })
}

/// Where the file is written until it is whole.
fn unfinished(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// Whether the file may be made: it must not be there, and not be a part of what it holds.
fn check_output(output: &Path, root: &Path) -> Result<()> {
    ensure!(output.symlink_metadata().is_err(), "{} is there already", output.display());
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = parent.canonicalize().with_context(|| format!("there is no folder {}", parent.display()))?;
    ensure!(!parent.starts_with(root), "{} would lie in the folder that it holds", output.display());
    Ok(())
}

/// The folders, each after the one in which it lies, and the files below a folder, in the order of their names.
fn list(root: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    let mut open = vec![String::new()];
    while let Some(folder) = open.pop() {
        let place = root.join(&folder);
        let entries = fs::read_dir(&place).with_context(|| format!("cannot read {}", place.display()))?;
        let mut entries: Vec<_> = entries.collect::<io::Result<_>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_str().with_context(|| format!("the name {} is no UTF-8 text", path.display()))?;
            let inside = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            if LEFT_OUT.contains(&inside.as_str()) {
                continue;
            }
            let kind = entry.file_type().with_context(|| format!("cannot look at {}", path.display()))?;
            if kind.is_dir() {
                folders.push(inside.clone());
                open.push(inside);
            } else if kind.is_file() {
                files.push(inside);
            } else {
                bail!("{} is neither a file nor a folder, and would be missing in a backup", path.display());
            }
        }
    }
    Ok((folders, files))
}

/// The digest of a file, and its length in bytes.
fn digest(path: &Path) -> Result<(String, u64)> {
    let read = || {
        let mut file = Hashing::new(File::open(path)?);
        io::copy(&mut file, &mut io::sink())?;
        Ok::<_, io::Error>(file.finish())
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

fn write(layout: &Layout, manifest: &Manifest, unfinished: &Path, told: &dyn Fn(u64)) -> Result<()> {
    let cannot = || format!("cannot write {}", unfinished.display());
    // What an earlier run has left may have other rights.
    drop(fs::remove_file(unfinished));
    let file = private::options().write(true).create_new(true).open(unfinished).with_context(cannot)?;
    let mut archive = tar::Builder::new(GzEncoder::new(BufWriter::new(file), Compression::fast()));
    let text = serde_json::to_vec_pretty(manifest).context("the manifest cannot be written")?;
    append(&mut archive, MANIFEST, MANIFEST, text.len() as u64, text.as_slice()).with_context(cannot)?;
    let mut done = 0;
    for (number, FileEntry { path, bytes, sha256 }) in manifest.files.iter().enumerate() {
        let place = layout.path(path);
        let file = File::open(&place).with_context(|| format!("cannot read {}", place.display()))?;
        let mut file = Hashing::new(file.take(*bytes));
        let (name, short) = (format!("{FILES}/{path}"), format!("{FILES}/{number}"));
        append(&mut archive, &name, &short, *bytes, &mut file).with_context(cannot)?;
        let (found, length) = file.finish();
        ensure!(found == *sha256 && length == *bytes, "{} has changed while it was read", place.display());
        done += bytes;
        told(done);
    }
    let finish = || {
        let mut file = archive.into_inner()?.finish()?;
        file.flush()?;
        file.get_ref().sync_all()
    };
    finish().with_context(cannot)
}

/// Adds an entry, under its short name when the other one is too long for an archive.
fn append(
    archive: &mut tar::Builder<impl Write>,
    name: &str,
    short: &str,
    bytes: u64,
    mut contents: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_size(bytes);
    header.set_path(name).or_else(|_| header.set_path(short))?;
    header.set_cksum();
    // Fewer bytes than the header says would make what follows unreadable; the digest tells that they are others.
    archive.append(&header, (&mut contents).chain(io::repeat(0)).take(bytes))
}
