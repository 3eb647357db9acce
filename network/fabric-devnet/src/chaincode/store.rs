//! The packages that one peer has installed, kept as files. An installed package is never changed or removed.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use fabric_msp::private;

use super::package::{ChaincodePackage, PACKAGE_BYTES_MAX, PackageError};

/// The most packages that one peer keeps.
const PACKAGES_MAX: usize = 1000;
const EXTENSION: &str = ".tar.gz";

/// Why a package was not installed. Texts are Fabric's where it has one.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The package is malformed.
    #[error("could not parse as a chaincode install package: {0}")]
    Package(PackageError),
    /// The package is well formed, but not for an external chaincode.
    #[error("could not build chaincode: {0}")]
    Build(PackageError),
    /// The same bytes are there already.
    #[error("chaincode already successfully installed (package ID '{0}')")]
    Already(String),
    /// The peer keeps as many packages as it can.
    #[error("this peer keeps {PACKAGES_MAX} packages and takes no more")]
    Full,
    /// The file cannot be written.
    #[error("could not save cc install package: {0}")]
    Save(io::Error),
}

impl From<io::Error> for InstallError {
    fn from(error: io::Error) -> Self {
        Self::Save(error)
    }
}

/// The packages of one peer.
pub(crate) struct PackageStore {
    folder: PathBuf,
    packages: Mutex<BTreeMap<String, ChaincodePackage>>,
}

impl PackageStore {
    /// Opens the folder, which is made when it is missing, and reads what has been installed.
    pub(crate) fn open(folder: &Path) -> Result<Self, io::Error> {
        private::create_folder(folder)?;
        let mut packages = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            // The folder above may have any name, also one that is no text.
            let is_package =
                path.file_name().is_some_and(|name| name.as_encoded_bytes().ends_with(EXTENSION.as_bytes()));
            if !is_package || fs::metadata(&path)?.len() > PACKAGE_BYTES_MAX as u64 {
                continue;
            }
            match ChaincodePackage::parse(&fs::read(&path)?) {
                Ok(package) => drop(packages.insert(package.id.clone(), package)),
                Err(cause) => tracing::warn!(path = %path.display(), %cause, "an installed package cannot be read"),
            }
        }
        Ok(Self { folder: folder.to_owned(), packages: Mutex::new(packages) })
    }

    /// Installs a package. The file is on disk when this returns.
    pub(crate) fn install(&self, bytes: &[u8]) -> Result<ChaincodePackage, InstallError> {
        let package = ChaincodePackage::parse(bytes).map_err(|cause| match cause {
            PackageError::Type(_) | PackageError::NoConnection | PackageError::Connection(_) => {
                InstallError::Build(cause)
            }
            cause => InstallError::Package(cause),
        })?;
        let mut packages = self.lock();
        if packages.contains_key(&package.id) {
            return Err(InstallError::Already(package.id));
        }
        if packages.len() >= PACKAGES_MAX {
            return Err(InstallError::Full);
        }
        write_whole(&self.folder, &file_name(&package.id), bytes)?;
        packages.insert(package.id.clone(), package.clone());
        Ok(package)
    }

    /// An installed package.
    pub(crate) fn get(&self, id: &str) -> Option<ChaincodePackage> {
        self.lock().get(id).cloned()
    }

    /// How many packages are installed.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Ids and labels of all installed packages.
    pub(crate) fn list(&self) -> Vec<(String, String)> {
        self.lock().values().map(|package| (package.id.clone(), package.label.clone())).collect()
    }

    /// The bytes of an installed package.
    pub(crate) fn bytes(&self, id: &str) -> Result<Option<Vec<u8>>, io::Error> {
        if self.get(id).is_none() {
            return Ok(None);
        }
        fs::read(self.folder.join(file_name(id))).map(Some)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, ChaincodePackage>> {
        // The map is whole at every moment, so a panic elsewhere has spoilt nothing.
        self.packages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids hold a checked label and hexadecimal digits, so they are safe as file names.
fn file_name(id: &str) -> String {
    format!("{}{EXTENSION}", id.replace(':', "."))
}

/// Writes a file so that it is there whole or not at all.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), io::Error> {
    private::replace(&folder.join(name), &folder.join(format!("{name}.new")), bytes, true)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    use super::{
        super::package::tests::{CONNECTION_JSON, METADATA_JSON, package},
        *,
    };

    #[test]
    fn packages_are_found_again_below_a_folder_of_any_name() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        for name in [b"it's # {a}: \"b\"\n".as_slice(), b"no text \xff"] {
            let folder = folder.path().join(OsStr::from_bytes(name));
            let installed = PackageStore::open(&folder)?.install(&package(METADATA_JSON, CONNECTION_JSON))?;
            let again = PackageStore::open(&folder)?;
            assert_eq!((again.count(), again.list()[0].0.as_str()), (1, installed.id.as_str()));
        }
        Ok(())
    }

    #[test]
    fn what_cannot_be_kept_leaves_nothing_behind() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = PackageStore::open(folder.path())?;
        let bytes = package(METADATA_JSON, CONNECTION_JSON);
        let in_the_way = folder.path().join(file_name(&ChaincodePackage::parse(&bytes)?.id));
        fs::create_dir(&in_the_way)?;
        assert!(matches!(store.install(&bytes), Err(InstallError::Save(_))));
        assert_eq!((store.count(), fs::read_dir(folder.path())?.count()), (0, 1));
        fs::remove_dir(&in_the_way)?;
        store.install(&bytes)?;
        Ok(())
    }
}
