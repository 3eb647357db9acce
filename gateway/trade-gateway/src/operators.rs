//! *Operators*: which of an organization's people may do what, by its own table.
//!
//! A person's duties stand in its certificate (the attribute `entrepot.duties`), in the organization's table in the
//! settings, or in both; then both bind. Where there is a table, people who are not in it have no duties: they read.
//! The contracts know nothing of the table. They are told the duties by the managed identity, which vouches; people who
//! sign themselves are known to them by their certificates alone.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use fabric_msp::{
    certificate::Certificate,
    msp::{IdentityError, Msp},
};
use serde::{Deserialize, Serialize};
use trade_model::common::{DUTIES_ATTRIBUTE, Duties, DutiesError, Duty, Set, parse_duties};

/// Most people in one organization's table.
const OPERATORS_MAX: usize = 1_000;
/// The longest certificate file, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// One person of an organization's table: known by its certificate or by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The person's certificate, a PEM file. A renewed one is another entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// The common name in the person's certificates, whole. For authorities that give no name twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// What the person may do.
    pub duties: Duties,
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OperatorsError {
    /// More people than one table has.
    #[error("the table names {0} operators, more than {OPERATORS_MAX}")]
    TooMany(usize),
    /// An entry is known by nothing, or by two things.
    #[error("operator {0} needs either a certificate or a common_name")]
    Unnamed(usize),
    /// Two entries are for one person.
    #[error("operator {0} is in the table already")]
    Twice(String),
    /// A certificate cannot be read.
    #[error("the operator's certificate {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// A certificate is no member's of the organization, so its entry could never count for it.
    #[error("the operator's certificate {} is not of this organization: {cause}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What the organization's MSP says.
        cause: IdentityError,
    },
}

/// The table of one organization.
#[derive(Debug, Clone, Default)]
pub struct Operators {
    by_certificate: BTreeMap<[u8; 32], Duties>,
    by_name: BTreeMap<String, Duties>,
}

impl Operators {
    /// The table in an organization's settings, none when it has none. Every certificate must be one of its members.
    ///
    /// # Errors
    /// [`OperatorsError`] names the entry.
    pub fn load(entries: &[Operator], msp: &Msp) -> Result<Option<Self>, OperatorsError> {
        if entries.is_empty() {
            return Ok(None);
        }
        if entries.len() > OPERATORS_MAX {
            return Err(OperatorsError::TooMany(entries.len()));
        }
        let mut table = Self::default();
        for (place, Operator { certificate, common_name, duties }) in entries.iter().enumerate() {
            let before = match (certificate, common_name) {
                (Some(path), None) => table.by_certificate.insert(member_certificate(path, msp)?, duties.clone()),
                (None, Some(name)) => table.by_name.insert(name.clone(), duties.clone()),
                _ => return Err(OperatorsError::Unnamed(place + 1)),
            };
            if before.is_some() {
                let path = certificate.as_ref().map(|path| path.display().to_string());
                return Err(OperatorsError::Twice(path.or_else(|| common_name.clone()).unwrap_or_default()));
            }
        }
        Ok(Some(table))
    }

    /// What the table says about the holder of a certificate, which is normalised; nothing for people who are not in
    /// it.
    fn duties_of(&self, certificate: &Certificate) -> Duties {
        let found = self.by_certificate.get(&certificate.sha256());
        found.or_else(|| self.by_name.get(certificate.subject().common_name())).cloned().unwrap_or_default()
    }
}

/// SHA-256 of the certificate in a file, normalised as Fabric does.
fn member_certificate(path: &Path, msp: &Msp) -> Result<[u8; 32], OperatorsError> {
    let unreadable = |cause: String| OperatorsError::Unreadable { path: path.to_owned(), cause };
    let length = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > FILE_BYTES_MAX {
        return Err(unreadable(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    Certificate::from_pem(&pem).map_err(|error| unreadable(error.to_string()))?;
    let foreign = |cause| OperatorsError::Foreign { path: path.to_owned(), cause };
    let identity = msp.recognise(&pem).map_err(foreign)?;
    Ok(identity.certificate().sha256())
}

/// What the holder of a certificate may do; none when neither its attributes nor a table say anything.
///
/// # Errors
/// The attribute does not name duties.
pub(crate) fn duties_of(
    attributes: &BTreeMap<String, String>,
    table: Option<&Operators>,
    certificate: &Certificate,
) -> Result<Option<Duties>, DutiesError> {
    let own = attributes.get(DUTIES_ATTRIBUTE).map(|text| parse_duties(text)).transpose()?;
    let listed = table.map(|table| table.duties_of(certificate));
    Ok(match (own, listed) {
        (Some(own), Some(listed)) => Some(both(&own, &listed)),
        (own, listed) => own.or(listed),
    })
}

/// The duties that stand in both.
fn both(one: &Duties, other: &Duties) -> Duties {
    Set::new(one.iter().copied().filter(|duty| other.has(duty)).collect()).unwrap_or_default()
}

/// Whether a person with these duties may do what takes one of `needed`, as far as the gateway knows: whether duties
/// must be named at all is said by the members' record, which the contracts read.
pub(crate) fn may(duties: Option<&Duties>, needed: &[Duty]) -> bool {
    let has = |duty: &Duty| duties.map_or_else(|| duty.is_implied(), |duties| duties.has(duty));
    needed.is_empty() || needed.iter().any(has)
}
