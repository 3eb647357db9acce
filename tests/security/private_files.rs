//! Another user of the machine reads a network's files: ledgers, private data, packages, keys, logs. No file and no
//! folder of a network gives group or others any right, on the embedded network and on Fabric, whose programs inherit
//! the mask of the program that starts them; and a private key that others can read is not taken.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use fabric_operator::layout::Layout;
use trade_model::{Transaction as _, governance::ReadMembers};

use crate::{
    e2e::{canaries::a_day_of_business, commands::run},
    harness::{System, kinds, start, start_on},
};

/// Names that a folder of either kind of network holds.
const EVERYWHERE: [&str; 6] =
    ["package.tar.gz", "audit.jsonl", "operations.redb", "settings.yaml", "gateway.log", "server.key"];

#[tokio::test]
async fn nothing_in_a_networks_folder_is_open_to_others() -> Result<()> {
    for kind in kinds() {
        let folder = tempfile::tempdir()?;
        let network = start_on(folder.path(), kind.as_deref(), None)?;
        a_day_of_business(&System::of(&network)?).await?;
        let root = network.layout().root();
        let open = open_to_others(root)?;
        ensure!(open.is_empty(), "others have rights: {open:?}");
        for name in EVERYWHERE {
            ensure!(entries(root)?.iter().any(|path| path.ends_with(name)), "control: {name} is not in the folder");
        }
        let private = if root.join("fabric").is_dir() { "pvtdataStore" } else { "private.redb" };
        ensure!(entries(root)?.iter().any(|path| path.ends_with(private)), "control: there is no {private}");
        network.stop()?;
    }
    let other = tempfile::tempdir()?;
    let file = other.path().join("file");
    fs::write(&file, "contents")?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o604))?;
    ensure!(open_to_others(other.path())? == [file], "control: a file that others can read is found");
    Ok(())
}

/// What group or others may do anything with. Links have no rights of their own.
fn open_to_others(root: &Path) -> Result<Vec<PathBuf>> {
    let mut open = Vec::new();
    for path in entries(root)? {
        // Databases remove files of theirs at any time.
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if !metadata.is_symlink() && metadata.mode() & 0o077 != 0 {
            open.push(path);
        }
    }
    Ok(open)
}

fn entries(root: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![root.to_owned()]);
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).into_iter().flatten() {
            let path = entry?.path();
            if !path.is_symlink() && path.is_dir() {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    Ok(found)
}

#[test]
fn a_private_key_that_others_can_read_is_taken_by_no_part_of_the_network() -> Result<()> {
    let folder = tempfile::tempdir()?;
    start(folder.path(), None)?.stop()?;
    let layout = Layout::existing(folder.path())?;
    let (peer, user) = (layout.peer("exporter.entrepot.example"), layout.user("exporter.entrepot.example", "gateway"));
    let keys = [
        ("the chaincode server", layout.path("chaincode/tls/server.key")),
        ("the peers' key for the chaincode", layout.path("chaincode/tls/peer.key")),
        ("a peer's TLS", peer.join("tls/server.key")),
        ("a peer's identity", peer.join("msp/keystore/priv_sk")),
        ("the gateway's identity", user.join("msp/keystore/priv_sk")),
    ];
    for (what, key) in keys {
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).with_context(|| key.display().to_string())?;
        let refused = start(folder.path(), None).err().with_context(|| format!("{what} takes the key"))?;
        let (refused, key_name) = (format!("{refused:#}"), key.display().to_string());
        ensure!(
            refused.contains(&format!("mode is 0644, so others can read or change it: chmod 600 {key_name}")),
            "{refused}"
        );
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    }
    let network = start(folder.path(), None).context("control: with keys of their owners alone")?;

    let msp = layout.user("exporter.entrepot.example", "User1").join("msp");
    let key = msp.join("keystore/priv_sk");
    let gateway = network.addresses().gateway.to_string();
    let authority = layout.tls_authority("exporter.entrepot.example").display().to_string();
    let msp = msp.display().to_string();
    let ask = folder.path().join("ask.json");
    fs::write(&ask, "{}")?;
    let ask = ask.display().to_string();
    let send = ["transaction", "send", ReadMembers::NAME, "--request", &ask, "--gateway", &gateway];
    let send = [&send[..], &["--authority", &authority, "--msp", &msp]].concat();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640))?;
    let refused = String::from_utf8(run(&send, "")?.stderr)?;
    ensure!(refused.contains(&format!("chmod 600 {}", key.display())), "the command takes the key: {refused}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    let sent = String::from_utf8(run(&send, "")?.stderr)?;
    ensure!(!sent.contains("chmod"), "control: {sent}");
    network.stop()
}
