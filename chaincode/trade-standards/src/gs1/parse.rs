//! From a URI to its GS1 key, strictly or by form alone.

use std::str::FromStr;

use super::error::{DigitalLinkError, URI_BYTES_MAX};
use super::uri::Gs1Uri;
use super::{digital_link, epc_urn};

const EPC: &str = "urn:epc:";

impl Gs1Uri {
    /// Parses an EPC URN (`urn:epc:id:`, `urn:epc:class:`, `urn:epc:idpat:`) or a GS1 Digital Link URI on any
    /// domain, with digits or short names (`/gtin/…/ser/…`).
    ///
    /// Whatever RFC 3986 and RFC 8141 call equivalent gives one value: capitals in the scheme, the host, the namespace
    /// and the names of keys; percent-encoding of characters that need none; empty, `.` and `..` segments.
    ///
    /// `Ok(None)` means: this is no GS1 URI at all.
    ///
    /// # Errors
    /// [`DigitalLinkError`] when the URI claims to be one and breaks a rule.
    pub fn parse(uri: &str) -> Result<Option<Self>, DigitalLinkError> {
        if uri.len() > URI_BYTES_MAX {
            return Err(DigitalLinkError::TooLong);
        }
        if !begins_as_epc(uri) {
            return digital_link::parse(uri);
        }
        if uri.contains(['?', '#']) {
            return Err(DigitalLinkError::EpcForm);
        }
        epc_urn::parse(&epc_urn::in_lower_case(uri))
    }

    /// As [`parse`](Self::parse), but without judging: what has the form of a GS1 URI, letter for letter as the
    /// standard writes it, is brought to its canonical form even when its check digit is wrong; everything else is
    /// `None`.
    ///
    /// Event hashes are computed this way (CBV 2.0 §8.9): the hash of a document must not depend on how much of its
    /// spelling a reader forgives.
    pub fn parse_form_only(uri: &str) -> Option<Self> {
        if uri.len() > URI_BYTES_MAX {
            return None;
        }
        if uri.starts_with(EPC) {
            return epc_urn::parse(uri).ok().flatten();
        }
        digital_link::parse_form_only(uri)
    }
}

impl FromStr for Gs1Uri {
    type Err = DigitalLinkError;

    fn from_str(uri: &str) -> Result<Self, Self::Err> {
        Self::parse(uri)?.ok_or(DigitalLinkError::NoKey)
    }
}

fn begins_as_epc(uri: &str) -> bool {
    uri.get(..EPC.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(EPC))
}
