//! Files and folders that are their owner's only, and private keys (of identities and of TLS), which are not taken from
//! a file that others can read.
//!
//! What is made here is narrow from its first moment; nothing is narrowed afterwards, because it may have been opened
//! meanwhile. [`close_folder`] is for folders that were made by others.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// The longest file of a private key, in bytes (1 MiB).
const KEY_BYTES_MAX: u64 = 1024 * 1024;

/// What everybody but the owner may do with a file.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Why a private key cannot be taken from a file.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("{}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It holds more than a key.
    #[error("{} is longer than {KEY_BYTES_MAX} bytes, and no key is", .0.display())]
    TooLong(PathBuf),
    /// Others than its owner can read or change it.
    #[error(
        "{} holds a private key and its mode is {mode:04o}, so others can read or change it: chmod {allowed:o} {}",
        path.display(),
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The widest mode that is taken.
        allowed: u32,
    },
    /// It belongs to another user, who can change it.
    #[error(
        "{} holds a private key and belongs to the user {owner}, neither to the user {user} of this process nor to root: \
         chown {user} {}",
        path.display(),
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Whose process this is.
        user: u32,
    },
}

/// Lets whatever this process and those that it starts make from now on be their owner's only, by the process's mask
/// (`umask`): for programs, because libraries in them and programs of others make files, too.
pub fn by_default() {
    #[cfg(unix)]
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(OTHERS as nix::sys::stat::mode_t));
}

/// Options for opening a file; one that they make is its owner's only.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder and those above it that are missing. One that is there stays as it is.
///
/// # Errors
/// The system refuses.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file to write, which is made or loses what it holds.
///
/// # Errors
/// The system refuses.
pub fn create(path: &Path) -> io::Result<File> {
    options().write(true).create(true).truncate(true).open(path)
}

/// Writes a file by way of `unfinished` in the same folder: a reader sees either all of it or what was there before.
/// What an earlier run has left at `unfinished` is removed, with whatever rights it has. `lasting` waits until the disk
/// has the file.
///
/// # Errors
/// The system refuses; then `unfinished` is removed.
pub fn replace(path: &Path, unfinished: &Path, contents: &[u8], lasting: bool) -> io::Result<()> {
    let write = || {
        match fs::remove_file(unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = options().write(true).create_new(true).open(unfinished)?;
        file.write_all(contents)?;
        if lasting {
            file.sync_all()?;
        }
        fs::rename(unfinished, path)
    };
    write().inspect_err(|_| {
        // On a full disk the half of a file is in the way; that it may be missing is as good.
        drop(fs::remove_file(unfinished));
    })
}

/// Makes a folder as [`create_folder`] does, and takes from group and others what they may do with it when it is there
/// already: of an earlier version, say. So nobody else reaches what lies in it, whatever its own mode is.
///
/// # Errors
/// The system refuses, because the folder belongs to another user, say.
pub fn close_folder(path: &Path) -> io::Result<()> {
    create_folder(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)?.permissions().mode() & 0o7777;
        if mode & OTHERS != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(mode & !OTHERS))?;
        }
    }
    Ok(())
}

/// Reads a file that holds a private key. As PostgreSQL takes it: a file of this process's user that is nobody else's
/// to read, or one of root's that at most its group may read, because that is how secrets are mounted into containers.
/// Links are followed, since such mounts are made of them, and the file at their end is judged. Systems other than Unix
/// judge nothing.
///
/// # Errors
/// [`KeyFileError`], each with the command that mends it where there is one.
pub fn read_key(path: &Path) -> Result<Vec<u8>, KeyFileError> {
    let failed = |cause| KeyFileError::Read { path: path.to_owned(), cause };
    // The file that was opened is judged, not the one that has the name a moment later.
    let file = File::open(path).map_err(failed)?;
    #[cfg(unix)]
    judge(path, &file.metadata().map_err(failed)?, nix::unistd::geteuid().as_raw())?;
    let mut contents = Vec::new();
    file.take(KEY_BYTES_MAX + 1).read_to_end(&mut contents).map_err(failed)?;
    match contents.len() as u64 > KEY_BYTES_MAX {
        true => Err(KeyFileError::TooLong(path.to_owned())),
        false => Ok(contents),
    }
}

#[cfg(unix)]
fn judge(path: &Path, metadata: &fs::Metadata, user: u32) -> Result<(), KeyFileError> {
    use std::os::unix::fs::MetadataExt;
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let allowed = match owner {
        owner if owner == user => 0o600,
        0 => 0o640,
        owner => return Err(KeyFileError::Foreign { path: path.to_owned(), owner, user }),
    };
    // That its owner may run it harms nobody.
    match mode & OTHERS & !allowed {
        0 => Ok(()),
        _ => Err(KeyFileError::Exposed { path: path.to_owned(), mode, allowed }),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn mode(path: &Path) -> io::Result<u32> {
        Ok(fs::symlink_metadata(path)?.mode() & 0o777)
    }

    fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    #[test]
    fn what_is_made_is_its_owners_only() -> Outcome {
        let root = tempfile::tempdir()?;
        let folder = root.path().join("above/below");
        create_folder(&folder)?;
        create_folder(&folder)?;
        let (file, whole, unfinished) = (folder.join("file"), folder.join("whole"), folder.join("unfinished"));
        create(&file)?.write_all(b"first")?;
        create(&file)?.write_all(b"2nd")?;
        assert_eq!(fs::read(&file)?, b"2nd");
        // What is in the way gives its rights to nothing.
        fs::write(&unfinished, "left behind")?;
        set_mode(&unfinished, 0o666)?;
        replace(&whole, &unfinished, b"one", false)?;
        replace(&whole, &unfinished, b"two", true)?;
        assert_eq!(fs::read(&whole)?, b"two");
        assert!(!unfinished.exists());
        assert_eq!([mode(&file)?, mode(&whole)?], [0o600; 2]);
        assert_eq!([mode(&folder)?, mode(&root.path().join("above"))?], [0o700; 2]);
        Ok(())
    }

    #[test]
    fn a_folder_of_before_is_closed() -> Outcome {
        let root = tempfile::tempdir()?;
        let folder = root.path().join("folder");
        for wide in [0o755, 0o777, 0o700] {
            fs::create_dir(&folder)?;
            set_mode(&folder, wide)?;
            close_folder(&folder)?;
            assert_eq!(mode(&folder)?, 0o700, "{wide:o}");
            fs::remove_dir(&folder)?;
        }
        close_folder(&folder)?;
        assert_eq!(mode(&folder)?, 0o700);
        Ok(())
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_command_that_mends_it() -> Outcome {
        let folder = tempfile::tempdir()?;
        let (key, link) = (folder.path().join("key.pem"), folder.path().join("link.pem"));
        fs::write(&key, "key")?;
        symlink(&key, &link)?;
        for (mode, taken) in
            [(0o600, true), (0o400, true), (0o700, true), (0o640, false), (0o604, false), (0o620, false)]
        {
            set_mode(&key, mode)?;
            assert_eq!(read_key(&key).is_ok(), taken, "{mode:o}");
            assert_eq!(read_key(&link).is_ok(), taken, "{mode:o} by a link");
        }
        set_mode(&key, 0o644)?;
        let refused = read_key(&key).err().ok_or("taken")?.to_string();
        let name = key.display().to_string();
        assert!(refused.starts_with(&name) && refused.contains("0644"), "{refused}");
        assert!(refused.ends_with(&format!("chmod 600 {name}")), "{refused}");
        set_mode(&key, 0o600)?;
        File::options().write(true).open(&key)?.set_len(KEY_BYTES_MAX + 1)?;
        assert!(matches!(read_key(&key), Err(KeyFileError::TooLong(_))));
        assert!(matches!(read_key(&folder.path().join("none")), Err(KeyFileError::Read { .. })));
        Ok(())
    }

    /// Seen by another user than the one who runs the test.
    #[test]
    fn a_secret_that_is_mounted_for_a_group_is_taken_from_root_and_from_nobody_else() -> Outcome {
        let folder = tempfile::tempdir()?;
        let key = folder.path().join("key.pem");
        fs::write(&key, "key")?;
        let of_root = fs::metadata(&key)?.uid() == 0;
        for (mode, taken) in [(0o440, true), (0o640, true), (0o444, false), (0o660, false)] {
            set_mode(&key, mode)?;
            let judged = judge(&key, &fs::metadata(&key)?, 4711);
            assert_eq!(judged.is_ok(), taken && of_root, "{mode:o}: {judged:?}");
            assert_eq!(matches!(judged, Err(KeyFileError::Foreign { .. })), !of_root);
        }
        Ok(())
    }
}
