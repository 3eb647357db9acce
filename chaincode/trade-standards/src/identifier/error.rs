//! Which identifier was expected, and the one rule its text breaks.

use std::fmt;

use crate::malformed::Coded;

/// The standards whose identifiers are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// GS1 trade item number, 8, 12, 13 or 14 digits.
    Gtin,
    /// GS1 location or party number, 13 digits.
    Gln,
    /// GS1 logistic unit number, 18 digits.
    Sscc,
    /// Legal entity identifier, ISO 17442.
    Lei,
    /// Account number, ISO 13616.
    Iban,
    /// Structured creditor reference, ISO 11649.
    CreditorReference,
    /// Freight container number, ISO 6346.
    Container,
    /// Ship number of the IMO scheme.
    Imo,
    /// Unique end-to-end transaction reference of a payment.
    Uetr,
    /// Business identifier code, ISO 9362.
    Bic,
    /// Country, ISO 3166-1 alpha-2.
    Country,
    /// Currency, ISO 4217.
    Currency,
    /// Tariff code: a subheading of the Harmonized System with national digits, or its beginning.
    Tariff,
    /// Unit of measure, UN/CEFACT Recommendation 20.
    Unit,
    /// Id of an EPCIS event.
    EventId,
    /// Place code of UN/LOCODE.
    UnLocode,
    /// Membership service provider of the channel.
    Msp,
}

impl IdentifierKind {
    /// A phrase for people, such as `GTIN (GS1)`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Gtin => "GTIN (GS1 trade item number)",
            Self::Gln => "GLN (GS1 location or party number)",
            Self::Sscc => "SSCC (GS1 logistic unit number)",
            Self::Lei => "LEI (ISO 17442)",
            Self::Iban => "IBAN (ISO 13616)",
            Self::CreditorReference => "RF creditor reference (ISO 11649)",
            Self::Container => "container number (ISO 6346)",
            Self::Imo => "IMO ship number",
            Self::Uetr => "UETR (UUID version 4)",
            Self::Bic => "BIC (ISO 9362)",
            Self::Country => "country code (ISO 3166-1 alpha-2)",
            Self::Currency => "currency code (ISO 4217)",
            Self::Tariff => "tariff code (Harmonized System)",
            Self::Unit => "unit of measure (UN/CEFACT Recommendation 20)",
            Self::EventId => "event id (EPCIS 2.0)",
            Self::UnLocode => "UN/LOCODE",
            Self::Msp => "MSP id",
        }
    }
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.describe())
    }
}

/// Why a text is not the identifier it claims to be. The text itself is not repeated: it may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// The number of characters is wrong.
    #[error("{kind}: {found} characters, expected {expected}")]
    Length {
        /// What was expected.
        kind: IdentifierKind,
        /// The lengths that are allowed, in words.
        expected: &'static str,
        /// Bytes found.
        found: usize,
    },
    /// A character does not belong where it stands.
    #[error("{kind}: the character at position {position} does not belong there")]
    Character {
        /// What was expected.
        kind: IdentifierKind,
        /// Byte position, counted from 0.
        position: usize,
    },
    /// The check digit or check characters do not match the rest.
    #[error("{kind}: the check digits do not match")]
    CheckDigit {
        /// What was expected.
        kind: IdentifierKind,
    },
    /// The country part names no country that issues such identifiers.
    #[error("{kind}: the country is not on the list")]
    UnknownCountry {
        /// What was expected.
        kind: IdentifierKind,
    },
    /// The code is well formed and stands on no list.
    #[error("{kind}: the code is not on the list")]
    NotListed {
        /// What was expected.
        kind: IdentifierKind,
    },
    /// A fixed part (version nibble, category letter) has a value that the standard excludes.
    #[error("{kind}: {rule}")]
    Form {
        /// What was expected.
        kind: IdentifierKind,
        /// The rule in words.
        rule: &'static str,
    },
}

impl IdentifierError {
    /// Which identifier was expected.
    pub fn kind(&self) -> IdentifierKind {
        match self {
            Self::Length { kind, .. }
            | Self::Character { kind, .. }
            | Self::CheckDigit { kind }
            | Self::UnknownCountry { kind }
            | Self::NotListed { kind }
            | Self::Form { kind, .. } => *kind,
        }
    }
}

impl Coded for IdentifierError {
    fn code(&self) -> &'static str {
        match (self.kind(), self) {
            (IdentifierKind::Tariff, _) => "customs.hs_code_malformed",
            (IdentifierKind::Unit, _) => "customs.unit_malformed",
            (_, Self::CheckDigit { .. }) => "identifier.check_digit",
            (_, Self::UnknownCountry { .. } | Self::NotListed { .. }) => "identifier.not_listed",
            (_, Self::Length { .. } | Self::Character { .. } | Self::Form { .. }) => "identifier.malformed",
        }
    }
}
