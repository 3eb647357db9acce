//! Finding Fabric's programs and their version.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    consortium::{Consensus, Consortium},
    version::Version,
};

/// A module that orderers have since Fabric 3.0.
const BFT_MODULE: &[u8] = b"hyperledger-labs/SmartBFT";

/// The folders that `FABRIC_BIN` names: one, or several separated by `:`, each with the programs of one version of
/// Fabric. Tests run on each of them, and a program that needs one version takes the first.
#[must_use]
pub fn named_folders() -> Vec<PathBuf> {
    let named = env::var_os("FABRIC_BIN").unwrap_or_default();
    env::split_paths(&named).filter(|folder| !folder.as_os_str().is_empty()).collect()
}

/// The two programs that a real network needs.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The peer.
    pub peer: PathBuf,
    /// The orderer.
    pub orderer: PathBuf,
    /// The peer's version.
    pub version: Version,
}

impl Binaries {
    /// Finds `peer` and `orderer`: in the given folder or its `bin`, or else in the first of the folders of
    /// `FABRIC_BIN` and of `PATH` that has both.
    ///
    /// # Errors
    /// One of the programs is missing, or its version is not supported.
    pub fn find(folder: Option<&Path>) -> Result<Self> {
        match folder {
            Some(folder) => Self::first_in(&[folder.to_owned()], None),
            None => Self::first_in(&named_folders(), env::var_os("PATH")),
        }
    }

    /// The programs of the first folder that has both, `bin` in a named folder included.
    fn first_in(named: &[PathBuf], path: Option<OsString>) -> Result<Self> {
        let mut folders: Vec<PathBuf> = named.iter().flat_map(|folder| [folder.clone(), folder.join("bin")]).collect();
        folders.extend(env::split_paths(&path.unwrap_or_default()));
        let found = folders.iter().find(|folder| folder.join("peer").is_file() && folder.join("orderer").is_file());
        let Some(found) = found else {
            let searched: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            bail!(
                "Fabric's programs `peer` and `orderer` were not found in {}; name their folder with --fabric-bin or FABRIC_BIN",
                searched.join(", ")
            );
        };
        let found = found.canonicalize().context("cannot find the absolute path of Fabric's programs")?;
        let peer = found.join("peer");
        let orderer = found.join("orderer");
        let version = version_of(&peer, &orderer)?;
        if (version.major, version.minor) < (2, 5) {
            bail!("Fabric {version} is older than 2.5, the oldest version that has all of what this network uses");
        }
        Ok(Self { peer, orderer, version })
    }
}

impl Binaries {
    /// Fails when these programs cannot run this consortium.
    ///
    /// # Errors
    /// The consortium orders by BFT and the programs are older than 3.0.
    pub fn check(&self, consortium: &Consortium) -> Result<()> {
        ensure!(
            consortium.orderer.consensus != Consensus::Bft || self.version.has_v3_capability(),
            "the consortium orders by BFT, which came with Fabric 3.0, and these programs are Fabric {}",
            self.version
        );
        Ok(())
    }
}

fn version_of(peer: &Path, orderer: &Path) -> Result<Version> {
    let output =
        Command::new(peer).arg("version").output().with_context(|| format!("cannot run {} version", peer.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if let Some(version) = parse_version(&text) {
        return Ok(version);
    }
    ensure!(text.contains("Version:"), "{} does not tell its version. It says:\n{text}", peer.display());
    // Programs that were built without naming the release say `latest`. BFT ordering came with 3.0, and a Go
    // program carries the paths of the modules that it was made of.
    let bytes = std::fs::read(orderer).with_context(|| format!("cannot read {}", orderer.display()))?;
    Ok(if contains(&bytes, BFT_MODULE) { Version { major: 3, minor: 0 } } else { Version { major: 2, minor: 5 } })
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    let Some(first) = text.first() else { return true };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(text) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

fn parse_version(text: &str) -> Option<Version> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Version:"))?;
    Version::parse(line.trim())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn versions_are_read_from_what_the_peer_prints() {
        let printed = "peer:\n Version: v3.1.5\n Commit SHA: 86c1172be\n Go version: go1.26.6\n";
        assert_eq!(parse_version(printed), Some(Version { major: 3, minor: 1 }));
        assert_eq!(parse_version("peer:\n Version: 2.5.16\n"), Some(Version { major: 2, minor: 5 }));
        assert_eq!(parse_version("peer:\n Version: latest\n"), None);
    }

    #[test]
    fn a_build_that_names_no_release_is_told_by_what_it_is_made_of() -> Result<()> {
        if named_folders().is_empty() {
            eprintln!("skipped: FABRIC_BIN names no folder with Fabric's programs");
        }
        for folder in named_folders() {
            let found = Binaries::find(Some(&folder))?;
            let bytes = std::fs::read(&found.orderer)?;
            assert_eq!(contains(&bytes, BFT_MODULE), found.version.has_v3_capability(), "{}", folder.display());
        }
        Ok(())
    }

    #[test]
    fn of_several_folders_the_first_that_has_both_programs_counts() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name);
        for (place, version) in [("half", "9.9.9"), ("older/bin", "2.5.16"), ("newer", "3.1.5"), ("on-path", "3.0.0")] {
            fs::create_dir_all(path(place))?;
            for name in ["peer", "orderer"].into_iter().take(if place == "half" { 1 } else { 2 }) {
                let program = path(place).join(name);
                fs::write(&program, format!("#!/bin/sh\necho 'Version: v{version}'\n"))?;
                fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
            }
        }
        let named = ["absent", "half", "older", "newer"].map(path);
        let version = |named: &[PathBuf]| -> Result<String> {
            Ok(Binaries::first_in(named, Some(path("on-path").into_os_string()))?.version.to_string())
        };
        assert_eq!(version(&named)?, "2.5");
        assert_eq!(version(&named[3..])?, "3.1");
        assert_eq!(version(&[])?, "3.0");
        Ok(())
    }

    #[test]
    fn a_text_is_found_in_bytes_wherever_it_stands() {
        for (bytes, expected) in [(&b"xxab"[..], true), (b"aab", true), (b"ab", true), (b"a", false), (b"", false)] {
            assert_eq!(contains(bytes, b"ab"), expected);
        }
    }
}
