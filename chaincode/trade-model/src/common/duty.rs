//! *Duties*: what a person may do for its organization.
//!
//! A member of the channel is an organization, and its roles say what the organization may do. Which of its people does
//! it is said by an attribute of the person's certificate (Fabric CA's attributes), or by the organization's own table
//! of operators at its gateway.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Set;

/// What one person may do for its organization. Every transaction that writes needs one of them; who reads needs none,
/// but for the audit log of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Records what happens: events, custody, evidence, declarations, invoices.
    Clerk,
    /// Decides for an authority.
    Officer,
    /// Records and settles payments.
    Treasurer,
    /// Changes what others rely on for long: members, rights, licences, tariffs.
    Registrar,
    /// Reads what its organization's gateway has recorded about callers. No transaction needs it.
    Auditor,
}

impl Duty {
    /// All duties.
    pub const ALL: &'static [Self] = &[Self::Clerk, Self::Officer, Self::Treasurer, Self::Registrar, Self::Auditor];

    /// Whether a person has it of whom nothing says what it may do: deciding for an authority, and reading what others
    /// did, are for those who are named.
    pub fn is_implied(self) -> bool {
        !matches!(self, Self::Officer | Self::Auditor)
    }

    /// The word used on the wire and in certificates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Officer => "officer",
            Self::Treasurer => "treasurer",
            Self::Registrar => "registrar",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some duties.
pub type Duties = Set<Duty, 0, { Duty::ALL.len() }>;

/// The attribute that names a person's duties, separated by commas: `clerk,officer`. A certificate that has it may do
/// these and nothing else; an empty one may do nothing.
pub const DUTIES_ATTRIBUTE: &str = "entrepot.duties";

/// The attribute with the value `true` of an organization's gateway, which says for which person it signs.
pub const GATEWAY_ATTRIBUTE: &str = "entrepot.gateway";

/// The attribute does not name duties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DutiesError {
    /// A word that is no duty.
    Unknown(String),
    /// A duty stands twice.
    Twice,
}

impl fmt::Display for DutiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(word) => write!(f, "{word:?} is no duty"),
            Self::Twice => f.write_str("a duty is named twice"),
        }
    }
}

impl std::error::Error for DutiesError {}

/// Reads the value of [`DUTIES_ATTRIBUTE`]. Nothing unknown is passed over, because nobody would notice a misspelt word
/// before it is needed.
///
/// # Errors
/// [`DutiesError`].
pub fn parse_duties(text: &str) -> Result<Duties, DutiesError> {
    let words = text.split(',').map(str::trim).filter(|word| !(word.is_empty() && text.trim().is_empty()));
    let duty = |word: &str| Duty::ALL.iter().copied().find(|duty| duty.as_str() == word);
    let unknown = |word: &str| DutiesError::Unknown(word.chars().take(64).collect());
    let duties: Result<Vec<Duty>, DutiesError> = words.map(|word| duty(word).ok_or_else(|| unknown(word))).collect();
    Set::new(duties?).map_err(|_| DutiesError::Twice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duties_are_read_and_nothing_unknown_is_passed_over() {
        let parsed = |text: &str| parse_duties(text).map(|duties| duties.to_vec());
        assert_eq!(parsed("officer, clerk"), Ok(vec![Duty::Clerk, Duty::Officer]));
        assert_eq!(parsed("clerk,officer,treasurer,registrar,auditor"), Ok(Duty::ALL.to_vec()));
        assert_eq!(parsed(""), Ok(Vec::new()));
        for (text, word) in [("clerk,", ""), ("Clerk", "Clerk"), ("clerk;officer", "clerk;officer"), (",", "")] {
            assert_eq!(parsed(text), Err(DutiesError::Unknown(word.to_owned())), "{text}");
        }
        assert_eq!(parsed("clerk,clerk"), Err(DutiesError::Twice));
    }

    #[test]
    fn a_duty_is_one_word_in_certificates_and_in_json() {
        for duty in Duty::ALL {
            assert_eq!(serde_json::to_value(duty).expect("a word"), duty.as_str());
        }
    }
}
