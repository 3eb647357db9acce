//! EPC URNs and GS1 Digital Link URIs, brought to one canonical form: `https://id.gs1.org/01/…/21/…`.
//!
//! The same pallet may be written as `urn:epc:id:sscc:4012345.0000000333`, as
//! `https://id.gs1.org/00/040123450000003338` or with a company's own domain in front; all three must be one
//! object on the ledger. URIs of other schemes are not judged here: [`ObjectUri`] keeps them as they are.
//!
//! Not done: looking up prefixes, resolving links, compressed Digital Links, and attributes in the query
//! string (they are cut off, as the canonical form demands).

mod digital_link;
mod epc_urn;
mod percent;
mod table;

pub use table::Gs1Key;

use std::fmt;

use crate::malformed::Coded;

/// Longest URI accepted anywhere, in bytes.
pub const URI_BYTES_MAX: usize = 2048;

/// A parsed GS1 key with its qualifiers, whatever way it was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gs1Uri {
    key: Gs1Key,
    value: String,
    /// Qualifiers as (application identifier, decoded value) in the order of the dictionary.
    qualifiers: Vec<(&'static str, String)>,
    canonical: String,
}

impl Gs1Uri {
    /// Parses an EPC URN (`urn:epc:id:`, `urn:epc:class:`, `urn:epc:idpat:`) or a GS1 Digital Link URI on any
    /// domain, with digits or short names (`/gtin/…/ser/…`).
    ///
    /// `Ok(None)` means: this is no GS1 URI at all.
    ///
    /// # Errors
    /// [`DigitalLinkError`] when the URI claims to be one and breaks a rule.
    pub fn parse(uri: &str) -> Result<Option<Self>, DigitalLinkError> {
        if uri.len() > URI_BYTES_MAX {
            return Err(DigitalLinkError::TooLong);
        }
        if uri.starts_with("urn:epc:") {
            return epc_urn::parse(uri);
        }
        digital_link::parse(uri, digital_link::Rigour::Strict)
    }

    /// As [`parse`](Self::parse), but without judging: what has the form of a GS1 URI is brought to its canonical
    /// form even when its check digit is wrong, everything else is `None`. Event hashes are computed this way.
    pub fn parse_form_only(uri: &str) -> Option<Self> {
        if uri.len() > URI_BYTES_MAX {
            return None;
        }
        if uri.starts_with("urn:epc:") {
            return epc_urn::parse(uri).ok().flatten();
        }
        digital_link::parse(uri, digital_link::Rigour::FormOnly).ok().flatten()
    }

    /// The canonical URI at the finest level the source gives: a serial number hides the lot, and the
    /// consumer product variant is dropped (CBV 2.0 §8.9, the form that event hashes use).
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The canonical URI with every qualifier of the source, in dictionary order.
    pub fn full(&self) -> String {
        write_uri(self.key, &self.value, self.qualifiers.iter())
    }

    /// The canonical URI of the key alone, without qualifiers: the trade item of a serialised item. Serial
    /// parts inside the key itself (GRAI, GDTI, GCN) stay.
    pub fn class(&self) -> String {
        write_uri(self.key, &self.value, [].iter())
    }

    /// Which GS1 key it is.
    pub fn key(&self) -> Gs1Key {
        self.key
    }

    /// The key's value, percent-decoded: 14 digits for a GTIN.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value from where its GS1 company prefix begins: behind the indicator of a trade item, the extension digit of a
    /// logistic unit, the filling zero of a returnable asset. Where the prefix ends, the value does not say.
    pub fn company_part(&self) -> &str {
        match self.key {
            Gs1Key::Gtin | Gs1Key::Itip | Gs1Key::Sscc | Gs1Key::Grai => self.value.get(1..).unwrap_or_default(),
            _ => &self.value,
        }
    }

    /// The value of a qualifier by its application identifier (`21` serial, `10` lot, `254` extension).
    pub fn qualifier(&self, ai: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(name, _)| *name == ai).map(|(_, value)| value.as_str())
    }

    /// The serial number of a trade item (AI 21, or 235 when a third party issued it), decoded.
    pub fn serial(&self) -> Option<&str> {
        self.qualifier("21").or_else(|| self.qualifier("235")).or_else(|| self.qualifier("8011"))
    }

    /// The lot or batch (AI 10), decoded.
    pub fn lot(&self) -> Option<&str> {
        self.qualifier("10")
    }

    /// Whether it names one thing (a serialised item, a pallet, an asset) and not a class of things.
    pub fn is_instance(&self) -> bool {
        match self.key {
            Gs1Key::Gtin | Gs1Key::Itip | Gs1Key::Cpid => self.serial().is_some(),
            Gs1Key::Grai => self.value.len() > 14,
            Gs1Key::Gdti | Gs1Key::Gcn => self.value.len() > 13,
            _ => true,
        }
    }

    fn build(key: Gs1Key, value: String, mut qualifiers: Vec<(&'static str, String)>) -> Self {
        qualifiers.retain(|(_, value)| !value.is_empty());
        let has_serial = qualifiers.iter().any(|(ai, _)| matches!(*ai, "21" | "235"));
        let finest = qualifiers.iter().filter(|(ai, _)| *ai != "22" && !(has_serial && *ai == "10"));
        let canonical = write_uri(key, &value, finest);
        Self { key, value, qualifiers, canonical }
    }
}

fn write_uri<'a>(key: Gs1Key, value: &str, qualifiers: impl Iterator<Item = &'a (&'static str, String)>) -> String {
    let mut uri = format!("https://id.gs1.org/{}/{}", key.ai(), percent::encode(value));
    for (ai, value) in qualifiers {
        uri.push('/');
        uri.push_str(ai);
        uri.push('/');
        uri.push_str(&percent::encode(value));
    }
    uri
}

impl fmt::Display for Gs1Uri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.canonical)
    }
}

impl fmt::Debug for Gs1Uri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Gs1Uri({})", self.canonical)
    }
}

/// Anything that identifies an object, a place or a document by URI: GS1 when it is, opaque otherwise.
///
/// Two object URIs are the same object exactly when their [`canonical`](Self::canonical) texts are equal.
///
/// In JSON it is the canonical text, so that whatever is stored is already comparable.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectUri {
    canonical: String,
    text: String,
    gs1: Option<Gs1Uri>,
}

impl ObjectUri {
    /// Parses a URI: GS1 URIs are validated, all others must only have a scheme and no blanks or controls.
    ///
    /// # Errors
    /// [`DigitalLinkError`]; [`DigitalLinkError::NotAUri`] when `text` is no URI.
    pub fn parse(text: &str) -> Result<Self, DigitalLinkError> {
        let gs1 = Gs1Uri::parse(text)?;
        let canonical = match &gs1 {
            Some(gs1) => gs1.canonical().to_owned(),
            None => {
                is_uri(text)?;
                text.to_owned()
            }
        };
        Ok(Self { canonical, text: text.to_owned(), gs1 })
    }

    /// As [`parse`](Self::parse), but a URI that has the form of a GS1 URI is brought to its canonical form even
    /// when its check digit is wrong, and one that does not is taken as opaque.
    ///
    /// # Errors
    /// [`DigitalLinkError::NotAUri`] or [`DigitalLinkError::TooLong`].
    pub fn parse_form_only(text: &str) -> Result<Self, DigitalLinkError> {
        is_uri(text)?;
        let gs1 = Gs1Uri::parse_form_only(text);
        let canonical = gs1.as_ref().map_or(text, Gs1Uri::canonical).to_owned();
        Ok(Self { canonical, text: text.to_owned(), gs1 })
    }

    /// The canonical text: what goes into ledger keys and comparisons.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The text as the sender wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The GS1 reading, when it is a GS1 URI.
    pub fn gs1(&self) -> Option<&Gs1Uri> {
        self.gs1.as_ref()
    }
}

/// RFC 3986 in the part that protects us: a scheme, a colon, something after it, printable ASCII only.
pub(crate) fn is_uri(text: &str) -> Result<(), DigitalLinkError> {
    if text.len() > URI_BYTES_MAX {
        return Err(DigitalLinkError::TooLong);
    }
    let (scheme, rest) = text.split_once(':').ok_or(DigitalLinkError::NotAUri)?;
    let scheme_holds = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let rest_holds = !rest.is_empty()
        && rest.bytes().all(|byte| {
            byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
        });
    if scheme_holds && rest_holds { Ok(()) } else { Err(DigitalLinkError::NotAUri) }
}

impl fmt::Display for ObjectUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.canonical)
    }
}

impl fmt::Debug for ObjectUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ObjectUri({})", self.text)
    }
}

crate::serde_as_text!(ObjectUri);

impl From<ObjectUri> for String {
    fn from(uri: ObjectUri) -> String {
        uri.canonical
    }
}

impl std::str::FromStr for ObjectUri {
    type Err = DigitalLinkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl schemars::JsonSchema for ObjectUri {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ObjectUri".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "uri",
            "description": "EPC URN, GS1 Digital Link URI, or any other URI",
            "examples": ["https://id.gs1.org/01/04012345111118/21/9876"],
        })
    }
}

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
    /// Qualifiers in the wrong order, or twice.
    #[error("the qualifiers of application identifier {ai} are out of order")]
    QualifierOrder {
        /// The key's application identifier.
        ai: &'static str,
    },
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

#[cfg(test)]
mod tests;
