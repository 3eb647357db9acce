//! One more user of an organization that exists, and taking a certificate back.

use std::{collections::BTreeMap, fs, path::PathBuf};

use fabric_msp::certificate::Certificate;

use crate::{
    authority::Authority,
    config::check_name,
    error::CryptoError,
    files::{failed, make_folder, write_new},
    folder::OrganizationFolder,
    organization::Organization,
    request::{CertificateRequest, KeyAlgorithm},
    validity::{VALIDITY_SECONDS, validity_start},
};

/// A user to be added. The defaults make a usual client; tests ask for less usual ones.
#[derive(Clone, Debug)]
pub struct UserRequest {
    /// The user's name without the domain.
    pub name: String,
    /// Organizational units; exactly one of them must be a role.
    pub units: Vec<String>,
    /// The first second of validity since 1970 UTC; five minutes ago when `None`. An instant before the authority's own
    /// makes an identity that is never valid.
    pub not_before: Option<i64>,
    /// The last second of validity since 1970 UTC; ten years later when `None`.
    pub not_after: Option<i64>,
    /// The kind of key.
    pub algorithm: KeyAlgorithm,
    /// Attributes that chaincode can read.
    pub attributes: BTreeMap<String, String>,
}

impl UserRequest {
    /// A client of this name.
    pub fn client(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            units: vec!["client".to_owned()],
            not_before: None,
            not_after: None,
            algorithm: KeyAlgorithm::default(),
            attributes: BTreeMap::new(),
        }
    }

    /// The same with other units.
    #[must_use]
    pub fn with_units(mut self, units: &[&str]) -> Self {
        self.units = units.iter().map(|unit| (*unit).to_owned()).collect();
        self
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same, valid only between two instants (seconds since 1970 UTC).
    #[must_use]
    pub fn valid(mut self, not_before: i64, not_after: i64) -> Self {
        self.not_before = Some(not_before);
        self.not_after = Some(not_after);
        self
    }
}

/// Adds a user to an organization and gives back its folder.
///
/// # Errors
/// [`CryptoError::Exists`] when there is one of that name, [`CryptoError::NoAuthority`] without the authority's key.
pub fn issue_user(folder: &OrganizationFolder, request: &UserRequest) -> Result<PathBuf, CryptoError> {
    check_name(&request.name)?;
    let home = folder.user(&request.name);
    if home.exists() {
        return Err(CryptoError::Exists(home));
    }
    let not_before = validity_start();
    let organization = Organization {
        folder,
        authority: Authority::open(&folder.ca())?,
        tls_authority: Authority::open(&folder.tls_ca())?,
        node_ous: folder.msp().join("config.yaml").exists(),
        not_before,
    };
    let units: Vec<&str> = request.units.iter().map(String::as_str).collect();
    let mut certificate =
        CertificateRequest::identity(&format!("{}@{}", request.name, organization.folder.domain), &units);
    certificate.algorithm = request.algorithm;
    certificate.attributes = request.attributes.clone();
    // Not before the authority itself began, or no chain could ever be valid.
    let earliest = organization.authority.certificate().not_before();
    certificate.not_before = request.not_before.unwrap_or(not_before.max(earliest));
    certificate.not_after = request.not_after.unwrap_or(certificate.not_before + VALIDITY_SECONDS);
    organization.make_member_as(&home, &certificate, &[], "client")?;
    Ok(home)
}

/// Writes a revocation list of these certificates into the organization's `msp/crls` and gives back its path. It takes
/// effect when the channel's configuration carries it. Earlier lists stay and stay in force.
///
/// # Errors
/// [`CryptoError`] when the authority's key is missing or the list cannot be written.
pub fn revoke(folder: &OrganizationFolder, certificates: &[&Certificate]) -> Result<PathBuf, CryptoError> {
    let lists = folder.msp().join("crls");
    make_folder(&lists)?;
    let count = fs::read_dir(&lists).map_err(|cause| failed(&lists, cause))?.count();
    let number = u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
    let serials: Vec<&[u8]> = certificates.iter().map(|certificate| certificate.serial()).collect();
    let list = Authority::open(&folder.ca())?.revocation_list(&serials, number)?;
    let path = lists.join(format!("crl-{number}.pem"));
    write_new(&path, &list)?;
    Ok(path)
}
