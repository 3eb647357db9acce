//! What comes back of a folder, and what is no backup.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::{Value, json};
use tar::EntryType;

use super::{Summary, backup, restore};
use crate::{
    consortium::Consortium,
    layout::{Kind, Layout},
    supervisor,
};

fn nobody(_: u64, _: u64) {}

/// The folder of a network, with what is hard to keep in it.
fn network(root: &Path) -> Result<Layout> {
    let layout = Layout::at(root)?;
    layout.addresses(Kind::Embedded, &Consortium::load(None)?, None)?;
    let deep = format!("fabric/{}/{}", "d".repeat(200), "e".repeat(200));
    for folder in ["ledger/channels/trade", "run", "fabric/builder/bin", "gateway/data/empty", &deep] {
        layout.folder(folder)?;
    }
    let large: Vec<u8> = (0..300_000_u32).map(|number| number.to_be_bytes()[3]).collect();
    for (path, contents) in [
        ("ledger/channels/trade/blocks.redb", large.as_slice()),
        ("gateway/data/index.sqlite-wal", b"w"),
        ("gateway/data/key", b""),
        ("run/processes.json", b"{}"),
        (&format!("{deep}/f"), b"far down"),
    ] {
        fs::write(layout.path(path), contents)?;
    }
    symlink("/bin/true", layout.path("fabric/builder/bin/detect"))?;
    Ok(layout)
}

/// What lies below a folder: folders, and files with their contents. `seen` is shown the mode of each.
fn contents(root: &Path, seen: &mut dyn FnMut(&Path, u32)) -> Result<BTreeMap<PathBuf, Option<Vec<u8>>>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            seen(&path, fs::metadata(&path)?.permissions().mode() & 0o777);
            let held = if path.is_dir() { None } else { Some(fs::read(&path)?) };
            if held.is_none() {
                open.push(path.clone());
            }
            found.insert(path.strip_prefix(root)?.to_owned(), held);
        }
    }
    Ok(found)
}

#[test]
fn a_folder_comes_back_whole_and_is_its_owners_only() -> Result<()> {
    let place = tempfile::tempdir()?;
    let layout = network(&place.path().join("before"))?;
    let (file, after) = (place.path().join("backup.tar.gz"), place.path().join("new/after"));
    let made = backup(layout.root(), &file, &nobody)?;
    ensure!(fs::metadata(&file)?.permissions().mode() & 0o777 == 0o600);
    ensure!(restore(&file, &after, &nobody)? == made, "{made:?}");

    let mut before = contents(layout.root(), &mut |_, _| {})?;
    let is_made_anew =
        |path: &Path| path.starts_with("run") || path.starts_with("fabric/builder") || path == Path::new("lock");
    before.retain(|path, _| !is_made_anew(path));
    let mut open = Vec::new();
    let restored = contents(&after, &mut |path, mode| {
        if mode & 0o077 != 0 {
            open.push(path.to_owned())
        }
    })?;
    ensure!(restored == before, "{:?} and {:?}", restored.keys(), before.keys());
    ensure!(open.is_empty(), "others may look into {open:?}");
    let bytes: usize = before.values().flatten().map(Vec::len).sum();
    let files = before.values().flatten().count();
    ensure!(made == Summary { files, bytes: bytes as u64 }, "{made:?}");
    Ok(())
}

#[test]
fn a_network_that_runs_and_a_folder_that_would_not_come_back_whole_are_refused() -> Result<()> {
    let place = tempfile::tempdir()?;
    let layout = network(&place.path().join("network"))?;
    let file = place.path().join("backup.tar.gz");
    let refused = |output: &Path| {
        let refused = backup(layout.root(), output, &nobody);
        ensure!(!place.path().join("backup.tar.gz.unfinished").exists(), "half of it is left");
        Ok(format!("{:#}", refused.err().unwrap_or_else(|| anyhow::anyhow!("taken"))))
    };
    let running = supervisor::hold(&layout)?;
    ensure!(refused(&file)?.contains("a network is running in"), "{}", refused(&file)?);
    drop(running);
    ensure!(refused(&layout.path("backup.tar.gz"))?.contains("would lie in the folder that it holds"));
    ensure!(refused(&place.path().join("none/backup"))?.contains("there is no folder"));
    symlink("/elsewhere", layout.path("ledger/moved"))?;
    ensure!(refused(&file)?.contains("ledger/moved is neither a file nor a folder"), "{}", refused(&file)?);
    fs::remove_file(layout.path("ledger/moved"))?;
    fs::write(&file, "kept")?;
    ensure!(refused(&file)?.contains("is there already") && fs::read(&file)? == b"kept");
    let none = backup(place.path(), &place.path().join("other"), &nobody);
    ensure!(none.is_err_and(|error| error.to_string().contains("there is no network in")));
    Ok(())
}

/// Whether a file is refused with this reason, and leaves nothing behind.
fn refuses(bytes: &[u8], reason: &str) -> Result<()> {
    let place = tempfile::tempdir()?;
    let file = place.path().join("backup.tar.gz");
    fs::write(&file, bytes)?;
    let refused = restore(&file, &place.path().join("folder"), &nobody);
    let said = refused.err().map_or_else(|| "it was taken".to_owned(), |error| format!("{error:#}"));
    ensure!(said.contains(reason), "not «{reason}» but: {said}");
    let left: Vec<_> =
        fs::read_dir(place.path())?.map(|entry| entry.map(|one| one.file_name())).collect::<Result<_, _>>()?;
    ensure!(left == ["backup.tar.gz"], "{reason}: {left:?} is left");
    Ok(())
}

/// An archive of these entries.
fn archive(entries: &[(&str, EntryType, &[u8])]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, kind, contents) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_size(contents.len() as u64);
        header.set_mode(0o777);
        header.set_path(name)?;
        if *kind != EntryType::Regular {
            header.set_link_name("/etc/passwd")?;
        }
        header.set_cksum();
        archive.append(&header, *contents)?;
    }
    Ok(archive.into_inner()?.finish()?)
}

/// A manifest of one file with the contents `x`, with a change.
fn manifest(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    let mut manifest = json!({"form": "entrepot-backup/1", "folders": ["a", "a/b"],
        "files": [{"path": "a/b/x", "bytes": 1, "sha256": x}]});
    change(&mut manifest);
    manifest.to_string().into_bytes()
}

#[test]
fn what_a_manifest_does_not_say_is_not_restored() -> Result<()> {
    const FILE: EntryType = EntryType::Regular;
    let plain = manifest(|_| {});
    let first = ("manifest.json", FILE, plain.as_slice());
    let place = tempfile::tempdir()?;
    let (file, folder) = (place.path().join("made"), place.path().join("folder"));
    fs::write(&file, archive(&[first, ("files/a/b/x", FILE, b"x")])?)?;
    fs::create_dir(&folder)?;
    restore(&file, &folder, &nobody)?;
    ensure!(fs::read(folder.join("a/b/x"))? == b"x", "an archive of another program is taken, too");
    let again = restore(&file, &folder, &nobody);
    ensure!(again.is_err_and(|error| error.to_string().contains("is not empty")));

    for (entries, reason) in [
        (vec![("files/a/b/x", FILE, b"x".as_slice())], "it does not begin with a manifest"),
        (vec![first], "it breaks off"),
        (vec![first, ("files/a/b/x", FILE, b"y")], "is not what the manifest says"),
        (vec![first, ("files/a/b/x", FILE, b"")], "is not what the manifest says"),
        (vec![first, ("files/a/b/x", FILE, b"xy")], "is not what the manifest says"),
        (vec![first, ("files/a/b/x", EntryType::Symlink, b"")], "something that is no file"),
        (vec![first, ("files/a/b/x", EntryType::Link, b"")], "something that is no file"),
        (vec![first, ("files/a/b/x", EntryType::GNULongName, b"x")], "something that is no file"),
        (vec![first, ("files/a/b/x", FILE, b"x"), ("files/y", FILE, b"")], "more than its manifest says"),
        (vec![("manifest.json", FILE, b"{")], "its manifest cannot be read"),
    ] {
        refuses(&archive(&entries)?, reason)?;
    }
    for path in ["../x", "/x", "a/../x", "a//x", "./x", "a/b/", "", "a/b\nx", "a/b/\0"] {
        let manifest = manifest(|manifest| manifest["files"][0]["path"] = path.into());
        let made = archive(&[("manifest.json", FILE, &manifest), ("files/x", FILE, b"x")])?;
        refuses(&made, "is no path inside a network's folder")?;
    }
    for (change, reason) in [
        (("folders", json!([])), "lies in no folder of it"),
        (("folders", json!(["a", "a"])), "stands in it twice"),
        (("folders", json!(["a", "a/b", "a/b/x"])), "stands in it twice"),
        (("form", json!("entrepot-backup/2")), "this program knows entrepot-backup/1"),
        (("other", json!(1)), "its manifest cannot be read"),
    ] {
        let manifest = manifest(|manifest| manifest[change.0] = change.1);
        refuses(&archive(&[("manifest.json", FILE, &manifest), ("files/x", FILE, b"x")])?, reason)?;
    }
    Ok(())
}

#[test]
fn a_file_that_is_broken_off_changed_or_longer_is_refused() -> Result<()> {
    let place = tempfile::tempdir()?;
    let layout = network(&place.path().join("network"))?;
    let file = place.path().join("backup.tar.gz");
    backup(layout.root(), &file, &nobody)?;
    let whole = fs::read(&file)?;
    for length in [0, 1, 100, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        refuses(&whole[..length], "cannot be restored")?;
    }
    refuses(&[&whole[..], b"more"].concat(), "something behind its end")?;
    let mut archive = Vec::new();
    GzDecoder::new(File::open(&file)?).read_to_end(&mut archive)?;
    let pack = |bytes: &[u8]| -> Result<Vec<u8>> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        std::io::Write::write_all(&mut packed, bytes)?;
        Ok(packed.finish()?)
    };
    let place_of = |words: &[u8]| archive.windows(words.len()).position(|window| window == words);
    let there = place_of(b"far down").ok_or_else(|| anyhow::anyhow!("the contents are not in it"))?;
    let mut changed = archive.clone();
    changed[there] = b'F';
    refuses(&pack(&changed)?, "is not what the manifest says")?;
    refuses(&pack(&archive[..there])?, "cannot be restored")?;
    refuses(&pack(&[&archive[..], b"more"].concat())?, "something behind its end")?;
    Ok(())
}
