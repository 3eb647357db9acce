//! The external builder: what a peer runs to learn that a package holds no code but an address.
//!
//! A peer calls `detect`, `build` and `release` in a folder `bin`. There they are symbolic links to this program, which
//! recognises them by the name it was called under.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// The programs of a builder, as peers name them.
const PROGRAMS: [&str; 3] = ["detect", "build", "release"];

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "type")]
    kind: String,
}

/// Lays out the builder below `folder`, which then can be named in a peer's configuration.
///
/// # Errors
/// The folder or a link cannot be made.
pub fn install(folder: &Path) -> Result<()> {
    let programs = folder.join("bin");
    fs::create_dir_all(&programs).with_context(|| format!("cannot create {}", programs.display()))?;
    let this = std::env::current_exe().context("cannot find this program's own file")?;
    for name in PROGRAMS {
        let link = programs.join(name);
        match fs::remove_file(&link) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot replace {}", link.display()));
            }
            _ => {}
        }
        symlink(&this, &link).with_context(|| format!("cannot link {}", link.display()))?;
    }
    Ok(())
}

/// Whether this program was called as a builder, and with what.
#[must_use]
pub fn called_as(arguments: &[String]) -> Option<&'static str> {
    let name = Path::new(arguments.first()?).file_name()?.to_str()?;
    PROGRAMS.into_iter().find(|program| *program == name)
}

/// Does what the peer asks of a builder.
///
/// # Errors
/// The package is not for an external chaincode, or files cannot be copied. The peer sees the message in its log.
pub fn run(program: &str, arguments: &[String]) -> Result<()> {
    let folders: Vec<PathBuf> = arguments.iter().map(PathBuf::from).collect();
    match (program, folders.as_slice()) {
        ("detect", [_source, metadata]) => detect(metadata),
        ("build", [source, _metadata, output]) => {
            copy(&source.join("connection.json"), &output.join("connection.json"))
        }
        ("release", [output, release]) => {
            let server = release.join("chaincode/server");
            fs::create_dir_all(&server).with_context(|| format!("cannot create {}", server.display()))?;
            copy(&output.join("connection.json"), &server.join("connection.json"))
        }
        _ => bail!("{program} was called with {} folders", folders.len()),
    }
}

fn detect(metadata: &Path) -> Result<()> {
    let path = metadata.join("metadata.json");
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let metadata: Metadata = serde_json::from_slice(&bytes).context("metadata.json has no type")?;
    ensure!(metadata.kind == "ccaas", "a package of type {} is not for this builder", metadata.kind);
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_an_external_chaincode_goes_through_all_three_programs() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name);
        for name in ["source", "metadata", "output", "release"] {
            fs::create_dir(path(name))?;
        }
        fs::write(path("source/connection.json"), b"{}")?;
        fs::write(path("metadata/metadata.json"), br#"{"type":"ccaas","label":"x"}"#)?;
        let text = |name: &str| path(name).display().to_string();
        run("detect", &[text("source"), text("metadata")])?;
        run("build", &[text("source"), text("metadata"), text("output")])?;
        run("release", &[text("output"), text("release")])?;
        assert_eq!(fs::read(path("release/chaincode/server/connection.json"))?, b"{}");
        Ok(())
    }

    #[test]
    fn other_packages_are_left_to_other_builders() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("metadata.json"), br#"{"type":"golang"}"#)?;
        let metadata = folder.path().display().to_string();
        let error = run("detect", &["/nowhere".into(), metadata]).expect_err("not ours");
        assert!(error.to_string().contains("golang"), "{error}");
        Ok(())
    }

    #[test]
    fn the_role_follows_from_the_name_of_the_program() {
        assert_eq!(called_as(&["/x/bin/detect".into()]), Some("detect"));
        assert_eq!(called_as(&["/usr/bin/entrepot".into(), "detect".into()]), None);
    }
}
