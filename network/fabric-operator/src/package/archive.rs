//! Compressed archives as packages are made of: reproducible when written, bounded when read.

use std::{
    io::{Read, Take},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use flate2::{Compression, GzBuilder, read::GzDecoder};

/// The most bytes that an archive may unpack to (64 MiB).
const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The largest file that is kept, in bytes (16 MiB).
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The most entries of an archive.
const ENTRIES_MAX: usize = 4096;

/// An archive of these files, the same bytes each time: fixed times, owners and order.
pub(super) fn write(files: &[(&str, Vec<u8>)]) -> Result<Vec<u8>> {
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gzip);
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, name, content.as_slice()).context("cannot write the chaincode package")?;
    }
    let gzip = tar.into_inner().context("cannot write the chaincode package")?;
    gzip.finish().context("cannot compress the chaincode package")
}

/// The file of this name at the top of an archive, which is there once: of two, one reader takes the first and another
/// the last. Nothing is written to where an archive names.
pub(super) fn read(archive: &[u8], name: &str) -> Result<Vec<u8>> {
    let mut found = None;
    each(archive, |path, entry| {
        if path.to_str() != Some(name) || !entry.header().entry_type().is_file() {
            return Ok(());
        }
        ensure!(found.is_none(), "it holds {name} twice");
        ensure!(entry.size() <= FILE_BYTES_MAX, "{name} in it has {} bytes, which is too much", entry.size());
        let mut contents = Vec::new();
        entry.take(FILE_BYTES_MAX).read_to_end(&mut contents).with_context(|| format!("{name} cannot be read"))?;
        found = Some(contents);
        Ok(())
    })?;
    found.with_context(|| format!("it holds no {name}"))
}

/// Whether an archive holds anything beside folders and files of these names at its top.
pub(super) fn holds_others(archive: &[u8], names: &[&str]) -> Result<bool> {
    let mut found = false;
    each(archive, |path, entry| {
        let kind = entry.header().entry_type();
        let is_known = kind.is_file() && path.to_str().is_some_and(|path| names.contains(&path));
        found |= !is_known && !kind.is_dir();
        Ok(())
    })?;
    Ok(found)
}

/// Looks at each entry of an archive, with its path from the top.
fn each<'a>(
    archive: &'a [u8],
    mut look: impl FnMut(&Path, tar::Entry<'_, Take<GzDecoder<&'a [u8]>>>) -> Result<()>,
) -> Result<()> {
    let mut archive = tar::Archive::new(GzDecoder::new(archive).take(UNPACKED_BYTES_MAX));
    for (count, entry) in archive.entries().context("it is no archive")?.enumerate() {
        ensure!(count < ENTRIES_MAX, "it holds more than {ENTRIES_MAX} entries");
        let entry = entry.context("it is no archive, or not a whole one")?;
        let path = entry.path().context("an entry without a readable name")?.into_owned();
        look(path.strip_prefix(".").unwrap_or(&path), entry)?;
    }
    Ok(())
}
