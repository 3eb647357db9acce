//! Why a URI that claims to carry a GS1 key does not.

use crate::malformed::Coded;

/// Longest URI accepted anywhere, in bytes.
pub const URI_BYTES_MAX: usize = 2048;

/// Why a URI that claims to carry a GS1 key does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigitalLinkError {
    /// Longer than [`URI_BYTES_MAX`].
    #[error("the URI is longer than {URI_BYTES_MAX} bytes")]
    TooLong,
    /// No scheme, or characters that no URI may hold.
    #[error("not a URI")]
    NotAUri,
    /// An EPC scheme that is not known here.
    #[error("the EPC scheme is unknown")]
    UnknownScheme,
    /// An EPC URN whose parts have the wrong number or length.
    #[error("the EPC URN does not have the form of its scheme")]
    EpcForm,
    /// The value of an application identifier has the wrong length or characters.
    #[error("the value of application identifier {ai} has the wrong form")]
    Value {
        /// The application identifier.
        ai: &'static str,
    },
    /// The key's check digit is wrong.
    #[error("the check digit of application identifier {ai} does not match")]
    CheckDigit {
        /// The application identifier.
        ai: &'static str,
    },
    /// A qualifier that does not belong to the key.
    #[error("application identifier {ai} takes no such qualifier")]
    Qualifier {
        /// The key's application identifier.
        ai: &'static str,
    },
    /// Qualifiers in the wrong order, twice, or before their key.
    #[error("the qualifiers of application identifier {ai} are out of order or stand before it")]
    QualifierOrder {
        /// The key's application identifier.
        ai: &'static str,
    },
    /// A key or one of its qualifiers stands in the query string, where only attributes may.
    #[error("application identifier {ai} stands in the query; keys and qualifiers stand in the path")]
    InQuery {
        /// The application identifier.
        ai: &'static str,
    },
    /// A link on GS1's own domain with another scheme than the web's.
    #[error("a GS1 Digital Link URI begins with https or http")]
    Scheme,
    /// No GS1 key where one must be: a URI on `id.gs1.org` whose path holds none.
    #[error("the URI names no GS1 key")]
    NoKey,
    /// A percent sign without two hexadecimal digits behind it, or one that hides a forbidden character.
    #[error("a percent-encoded character is malformed")]
    PercentEncoding,
}

impl DigitalLinkError {
    /// The rule as one word for machines.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::TooLong => "uri_too_long",
            Self::NotAUri => "not_a_uri",
            Self::UnknownScheme => "epc_scheme_unknown",
            Self::EpcForm => "epc_form",
            Self::Value { .. } => "gs1_value",
            Self::CheckDigit { .. } => "gs1_check_digit",
            Self::Qualifier { .. } => "gs1_qualifier",
            Self::QualifierOrder { .. } => "gs1_qualifier_order",
            Self::InQuery { .. } => "gs1_in_query",
            Self::Scheme => "gs1_scheme",
            Self::NoKey => "gs1_no_key",
            Self::PercentEncoding => "percent_encoding",
        }
    }
}

impl Coded for DigitalLinkError {
    fn code(&self) -> &'static str {
        match self {
            Self::CheckDigit { .. } => "item.check_digit",
            _ => "item.id_malformed",
        }
    }
}
