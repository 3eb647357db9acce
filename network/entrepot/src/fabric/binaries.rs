//! Finding Fabric's programs and their version.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

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

/// A Fabric version as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 2 or 3.
    pub major: u32,
    /// 5 in 2.5.
    pub minor: u32,
}

impl Version {
    /// Whether the channel can have the capability `V3_0`.
    #[must_use]
    pub fn has_v3_capability(self) -> bool {
        self.major >= 3
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Binaries {
    /// Finds `peer` and `orderer`: in the given folder, or in `FABRIC_BIN`, or on the path.
    ///
    /// # Errors
    /// One of the programs is missing, or its version is not supported.
    pub fn find(folder: Option<&Path>) -> Result<Self> {
        let folders: Vec<PathBuf> = match folder {
            Some(folder) => vec![folder.to_owned(), folder.join("bin")],
            None => {
                let named = env::var_os("FABRIC_BIN").map(PathBuf::from);
                let path = env::var_os("PATH").unwrap_or_default();
                named.into_iter().chain(env::split_paths(&path)).collect()
            }
        };
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
        let version = version_of(&peer)?;
        if (version.major, version.minor) < (2, 5) {
            bail!("Fabric {version} is older than 2.5, the oldest version that has all of what this network uses");
        }
        Ok(Self { orderer: found.join("orderer"), peer, version })
    }
}

fn version_of(peer: &Path) -> Result<Version> {
    let output =
        Command::new(peer).arg("version").output().with_context(|| format!("cannot run {} version", peer.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = parse_version(&text);
    version.with_context(|| {
        format!("{} does not tell a version number; it must be a release build. It says:\n{text}", peer.display())
    })
}

fn parse_version(text: &str) -> Option<Version> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Version:"))?;
    let mut numbers = line.trim().trim_start_matches('v').split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.parse().ok()?;
    Some(Version { major, minor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_peer_prints() {
        let printed = "peer:\n Version: v3.1.5\n Commit SHA: 86c1172be\n Go version: go1.26.6\n";
        assert_eq!(parse_version(printed), Some(Version { major: 3, minor: 1 }));
        assert_eq!(parse_version("peer:\n Version: 2.5.16\n"), Some(Version { major: 2, minor: 5 }));
        assert_eq!(parse_version("peer:\n Version: latest\n"), None);
    }
}
