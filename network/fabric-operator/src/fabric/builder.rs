//! Where a peer finds its external builder: it calls `detect`, `build` and `release` in a folder `bin`. There they are
//! symbolic links to this program, which recognises them by the name it was called under.

use std::{fs, os::unix::fs::symlink, path::Path};

use anyhow::{Context, Result};
use fabric_msp::private;

/// The programs of a builder, as peers name them.
const PROGRAMS: [&str; 3] = ["detect", "build", "release"];

/// Lays out the builder below `folder`, which then can be named in a peer's configuration.
///
/// # Errors
/// The folder or a link cannot be made.
pub fn install(folder: &Path) -> Result<()> {
    let programs = folder.join("bin");
    private::create_folder(&programs).with_context(|| format!("cannot create {}", programs.display()))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_follows_from_the_name_of_the_program() {
        assert_eq!(called_as(&["/x/bin/detect".into()]), Some("detect"));
        assert_eq!(called_as(&["/usr/bin/entrepot".into(), "detect".into()]), None);
    }
}
