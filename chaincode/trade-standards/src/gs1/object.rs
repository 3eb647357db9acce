//! Names of objects, places and documents by URI (RFC 3986), GS1 keys among them.

use std::fmt;

use super::error::{DigitalLinkError, URI_BYTES_MAX};
use super::uri::Gs1Uri;
use crate::percent;

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
    /// Parses a URI: GS1 URIs are validated, all others must only be URIs and are kept in their normal form.
    ///
    /// # Errors
    /// [`DigitalLinkError`]; [`DigitalLinkError::NotAUri`] when `text` is no URI.
    pub fn parse(text: &str) -> Result<Self, DigitalLinkError> {
        is_uri(text)?;
        let gs1 = Gs1Uri::parse(text)?;
        let canonical = match &gs1 {
            Some(gs1) => gs1.canonical().to_owned(),
            None => normal_form(text)?,
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

/// RFC 3986 in the part that protects us: a scheme, a colon, something after it, printable ASCII only; of the web's
/// schemes also a host.
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
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let host_holds =
        !web || rest.strip_prefix("//").is_some_and(|rest| !rest.starts_with(['/', '?', '#']) && !rest.is_empty());
    if scheme_holds && rest_holds && host_holds { Ok(()) } else { Err(DigitalLinkError::NotAUri) }
}

/// The normal form of a URI that names no GS1 key, as far as every scheme allows (RFC 3986 §6.2.2, RFC 8141 §3.1): the
/// scheme in lower case, and so the host of a web URI, the namespace of a URN, the scheme of an EPC URN and all of a
/// UUID; characters that need no percent-encoding without it.
fn normal_form(text: &str) -> Result<String, DigitalLinkError> {
    let text = percent::normal_form(text).map_err(|_| DigitalLinkError::PercentEncoding)?;
    let lower = text.to_ascii_lowercase();
    let names = |colons: usize| text.match_indices(':').nth(colons - 1).map_or(text.len(), |(index, _)| index);
    let end = match lower.as_str() {
        uuid if uuid.starts_with("urn:uuid:") => text.len(),
        epc if epc.starts_with("urn:epc:") => names(4),
        urn if urn.starts_with("urn:") => names(2),
        other => match other.split_once("://") {
            Some((scheme, rest)) => scheme.len() + 3 + rest.find(['/', '?', '#']).unwrap_or(rest.len()),
            None => names(1),
        },
    };
    Ok(lower[..end].to_owned() + &text[end..])
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
