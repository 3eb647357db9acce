//! What one record tells of its authors, and whether a stamp or a statement in it is theirs.

use fabric_contract::CompositeKey;

use super::Flaw;
use crate::authorship::Said;
use crate::common::{Digest256, Stamp};
use crate::tables;

/// A public record as a verifier reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What organizations say in it; nothing in tables that contracts compute.
    pub said: Vec<Said>,
    /// All stamps in it.
    pub stamps: Vec<Stamp>,
    /// Whether records of its table speak for organizations. In the others no digest binds a stamp to the record, so
    /// that one that it did not bear before must be of the transaction that writes it.
    pub speaks: bool,
}

impl Record {
    /// Reads the value of a composite key.
    ///
    /// # Errors
    /// [`Flaw::NoTable`], [`Flaw::Malformed`], [`Flaw::NobodySays`].
    pub fn read(key: &str, value: &[u8]) -> Result<Self, Flaw> {
        let place = CompositeKey::parse(key).map_err(|_| Flaw::NoTable)?;
        let reader = tables::readers().get(place.kind()).filter(|reader| !reader.info.private).ok_or(Flaw::NoTable)?;
        let reading = reader.read(&place, value).ok_or(Flaw::Malformed)?;
        let speaks = reader.info.authored;
        if speaks && reading.said.is_empty() && reading.stamps.is_empty() {
            return Err(Flaw::NobodySays);
        }
        Ok(Self { said: reading.said, stamps: reading.stamps, speaks })
    }
}

/// What is wrong with a stamp, when `creator` is who created the transaction that it names, with the digest of which
/// certificate; none when no such transaction is on the chain.
pub fn judge_stamp(stamp: &Stamp, creator: Option<(&str, &Digest256)>) -> Option<Flaw> {
    let Stamp { by, transaction_id, operator, .. } = stamp;
    let Some((creator, certificate)) = creator else {
        return Some(Flaw::UnknownTransaction { by: by.clone(), named: transaction_id.clone() });
    };
    if creator != by.as_str() {
        return Some(Flaw::AnotherCreator { by: by.clone(), creator: creator.to_owned() });
    }
    (operator.certificate_sha256 != *certificate).then(|| Flaw::AnotherCertificate { by: by.clone() })
}

/// What is wrong with a statement, when `digest` is the hash of what the author's collection holds under the record's
/// key, with who created the transaction that wrote it; none when it holds nothing.
pub fn judge_said(said: &Said, digest: Option<(&Digest256, &str)>) -> Option<Flaw> {
    if said.stamp.by != said.author {
        return Some(Flaw::ByAnother { author: said.author.clone(), by: said.stamp.by.clone() });
    }
    let author = said.author.clone();
    match digest {
        None => Some(Flaw::NoDigest { author }),
        Some((sha256, _)) if *sha256 != said.value_sha256() => Some(Flaw::OtherDigest { author }),
        // The collection's policy asks for the author's peer; a definition that a majority changed may not.
        Some((_, creator)) if creator != author.as_str() => {
            Some(Flaw::DigestByAnother { author, creator: creator.to_owned() })
        }
        Some(_) => None,
    }
}
