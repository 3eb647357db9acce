//! Restoring a backup.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, BufRead, BufReader, Read},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use fabric_msp::private;
use flate2::bufread::GzDecoder;

use super::{
    Hashing, MANIFEST, PIECE_BYTES, Summary, Told,
    manifest::{self, FileEntry, Manifest},
};

/// Makes the folder of a network from a backup. The folder must not be there, or be empty; it appears whole or not at
/// all.
///
/// # Errors
/// The folder holds something; the file is no backup, is damaged, broken off, or holds anything else than its manifest
/// says; the folder cannot be written.
pub fn restore(input: &Path, folder: &Path, told: Told<'_>) -> Result<Summary> {
    check_empty(folder)?;
    let file = File::open(input).with_context(|| format!("cannot read {}", input.display()))?;
    let unfinished = beside(folder)?;
    private::create_folder(unfinished.parent().unwrap_or(Path::new("."))).context("cannot make the folder above")?;
    // Made by nobody else, though others may write to the folder above: keys come into it.
    DirBuilder::new().mode(0o700).create(&unfinished).with_context(|| {
        let unfinished = unfinished.display();
        format!("cannot make {unfinished}; what is left there of another restoring can be removed when that has ended")
    })?;
    let restored = unpack(BufReader::new(file), &unfinished, told)
        .with_context(|| format!("{} cannot be restored", input.display()))
        .and_then(|summary| {
            fs::rename(&unfinished, folder).with_context(|| format!("cannot put {} in place", folder.display()))?;
            Ok(summary)
        });
    restored.inspect_err(|_| {
        // It holds keys; that it may be missing is as good.
        drop(fs::remove_dir_all(&unfinished));
    })
}

fn check_empty(folder: &Path) -> Result<()> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} cannot become the folder", folder.display())),
        Ok(mut entries) => {
            ensure!(entries.next().is_none(), "{} is not empty", folder.display());
            Ok(())
        }
    }
}

/// Where the folder is made until it is whole: on the same disk.
fn beside(folder: &Path) -> Result<PathBuf> {
    let name = folder.file_name().with_context(|| format!("{} names no folder", folder.display()))?;
    let mut unfinished = name.to_owned();
    unfinished.push(".restoring");
    Ok(folder.with_file_name(unfinished))
}

fn unpack(input: impl BufRead, root: &Path, told: Told<'_>) -> Result<Summary> {
    let mut archive = tar::Archive::new(GzDecoder::new(input));
    // Raw, because what extends an entry is read into memory whole, and a backup has none.
    let mut entries = archive.entries().context("it is no archive")?.raw(true);
    let mut text = Vec::new();
    let manifest = entry(&mut entries)?;
    ensure!(
        manifest.path_bytes().as_ref() == MANIFEST.as_bytes(),
        "it is no backup: it does not begin with a manifest"
    );
    ensure!(manifest.size() <= manifest::BYTES_MAX, "its manifest is too long");
    manifest.take(manifest::BYTES_MAX).read_to_end(&mut text).context("its manifest breaks off")?;
    let manifest = Manifest::parse(&text)?;
    let summary = manifest.summary();

    let make = |path: &Path| private::create_folder(path).with_context(|| format!("cannot make {}", path.display()));
    for path in &manifest.folders {
        make(&root.join(path))?;
    }
    let mut done = 0_u64;
    for file in &manifest.files {
        let contents = entry(&mut entries).with_context(|| format!("{:?}", file.path))?;
        write(contents, file, &root.join(&file.path))?;
        done = done.saturating_add(file.bytes);
        told(done, summary.bytes);
    }
    ensure!(entries.next().is_none(), "it holds more than its manifest says");
    // What is behind the archive is checked with it: the end of the compressed file tells whether it is whole.
    check_end(archive.into_inner())?;
    Ok(summary)
}

/// Whether only the padding of an archive is left, and nothing behind the compressed file.
fn check_end(mut archive: GzDecoder<impl BufRead>) -> Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = archive.read(&mut piece).context("its end is missing or damaged")?;
        ensure!(piece[..read].iter().all(|byte| *byte == 0), "there is something behind its end");
        if read == 0 {
            break;
        }
    }
    let behind = archive.get_mut().fill_buf().context("its end cannot be read")?;
    ensure!(behind.is_empty(), "there is something behind its end");
    Ok(())
}

/// The next entry, which is a file.
fn entry<'a, R: Read>(entries: &mut tar::Entries<'a, R>) -> Result<tar::Entry<'a, R>> {
    let entry = match entries.next() {
        None => bail!("it breaks off"),
        Some(entry) => entry.context("it breaks off or is damaged")?,
    };
    ensure!(entry.header().entry_type().is_file(), "it holds something that is no file");
    Ok(entry)
}

/// Writes a file as the manifest has it; `path` is made of the manifest's.
fn write(contents: impl Read, wanted: &FileEntry, path: &Path) -> Result<()> {
    let FileEntry { path: name, bytes, sha256 } = wanted;
    // One more is read than wanted, so that a longer one is seen.
    let mut contents = Hashing::new(contents.take(bytes.saturating_add(1)));
    let mut copy = || {
        let mut file = private::options().write(true).create_new(true).open(path)?;
        io::copy(&mut contents, &mut file)?;
        // Before the folder gets its name, so that it is whole though the power fail.
        file.sync_all()
    };
    copy().with_context(|| format!("cannot write {name:?}, or the archive breaks off"))?;
    let (found, length) = contents.finish();
    ensure!(length == *bytes && found == *sha256, "{name:?} is not what the manifest says: it is damaged");
    Ok(())
}
