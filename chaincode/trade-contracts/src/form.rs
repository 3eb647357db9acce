//! The form of what comes from outside: ids, texts, digests, numbers, lists.
//!
//! Every function returns the value in its canonical form or the rejection that names the field.

use std::collections::BTreeSet;

use trade_model::rejection::Rejection;
use trade_standards::gs1::{DigitalLinkError, ObjectUri};
use trade_standards::identifier::{Gtin, IdentifierError};
use trade_standards::money::CurrencyCode;
use trade_standards::time::Period;

/// Longest remark, reason or condition, in characters.
pub(crate) const REMARK_MAX: usize = 500;

/// An id chosen by a caller.
pub(crate) fn id(field: &'static str, text: &str) -> Result<(), Rejection> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let holds = !text.is_empty() && text.len() <= 64 && text.chars().all(allowed);
    if holds { Ok(()) } else { Err(Rejection::IdMalformed { field }) }
}

/// A text for people.
pub(crate) fn text(field: &'static str, text: &str, max: usize) -> Result<(), Rejection> {
    let holds = !text.trim().is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control);
    if holds { Ok(()) } else { Err(Rejection::TextMalformed { field, max }) }
}

/// A text for people that may be left out.
pub(crate) fn optional_text(field: &'static str, value: Option<&str>, max: usize) -> Result<(), Rejection> {
    value.map_or(Ok(()), |value| text(field, value, max))
}

/// A SHA-256 digest.
pub(crate) fn digest(field: &'static str, text: &str) -> Result<(), Rejection> {
    let holds = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if holds { Ok(()) } else { Err(Rejection::DigestMalformed { field }) }
}

/// A SHA-256 digest that may be left out.
pub(crate) fn optional_digest(field: &'static str, value: Option<&str>) -> Result<(), Rejection> {
    value.map_or(Ok(()), |value| digest(field, value))
}

/// A whole number of minor units in canonical decimal form.
pub(crate) fn minor_units(field: &'static str, text: &str) -> Result<u64, Rejection> {
    let canonical =
        text == "0" || (!text.starts_with('0') && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = if canonical { text.parse().ok() } else { None };
    number.ok_or(Rejection::NumberMalformed { field })
}

/// A positive quantity: at most 12 digits before and 6 after the point.
pub(crate) fn quantity(field: &'static str, text: &str) -> Result<(), Rejection> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, max: usize| {
        !part.is_empty() && part.len() <= max && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let positive = text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let canonical = whole == "0" || !whole.starts_with('0');
    let holds = digits(whole, 12) && digits(fraction, 6) && positive && canonical;
    if holds { Ok(()) } else { Err(Rejection::NumberMalformed { field }) }
}

/// An ISO 4217 currency.
pub(crate) fn currency(field: &'static str, text: &str) -> Result<(), Rejection> {
    CurrencyCode::parse(text).map(|_| ()).map_err(|rule| Rejection::identifier(field, rule))
}

/// The beginning of an HS code: 2, 4, 6, 8 or 10 digits.
pub(crate) fn hs_prefix(field: &'static str, text: &str) -> Result<(), Rejection> {
    let holds = matches!(text.len(), 2 | 4 | 6 | 8 | 10) && text.bytes().all(|byte| byte.is_ascii_digit());
    if holds { Ok(()) } else { Err(Rejection::HsCodeMalformed { field }) }
}

/// A whole HS code: 6 digits, or 8 or 10 with a national part.
pub(crate) fn hs_code(field: &'static str, text: &str) -> Result<(), Rejection> {
    if text.len() < 6 { Err(Rejection::HsCodeMalformed { field }) } else { hs_prefix(field, text) }
}

/// A period that does not end before it begins.
pub(crate) fn period(field: &'static str, period: &Period) -> Result<(), Rejection> {
    if period.is_ordered() { Ok(()) } else { Err(Rejection::PeriodDisordered { field }) }
}

/// GTINs in their form of 14 digits, sorted.
pub(crate) fn gtins(field: &'static str, texts: &[String], max: usize) -> Result<Vec<String>, Rejection> {
    let mut parsed = Vec::with_capacity(texts.len());
    for text in texts {
        parsed.push(gtin(field, text)?);
    }
    sorted_set(field, parsed, max)
}

/// A GTIN in its form of 14 digits.
pub(crate) fn gtin(field: &'static str, text: &str) -> Result<String, Rejection> {
    let parsed: Result<Gtin, IdentifierError> = Gtin::parse(text);
    parsed.map(|gtin| gtin.gtin14().to_owned()).map_err(|rule| Rejection::identifier(field, rule))
}

/// A list without repetition, sorted.
pub(crate) fn sorted_set<T: Ord>(field: &'static str, mut list: Vec<T>, max: usize) -> Result<Vec<T>, Rejection> {
    if list.len() > max {
        return Err(Rejection::TooMany { field, max });
    }
    list.sort_unstable();
    if list.windows(2).any(|pair| pair[0] == pair[1]) { Err(Rejection::Duplicate { field }) } else { Ok(list) }
}

/// A list without repetition and with at least one entry, sorted.
pub(crate) fn filled_set<T: Ord>(field: &'static str, list: Vec<T>, max: usize) -> Result<Vec<T>, Rejection> {
    if list.is_empty() { Err(Rejection::Empty { field }) } else { sorted_set(field, list, max) }
}

/// An item, unit or class by any of its names.
pub(crate) fn object(text: &str) -> Result<ObjectUri, Rejection> {
    ObjectUri::parse(text).map_err(object_error)
}

/// Why a name of an item cannot be read.
pub(crate) fn object_error(error: DigitalLinkError) -> Rejection {
    let rule = error.to_string();
    match error {
        DigitalLinkError::CheckDigit { .. } => Rejection::ItemCheckDigit { rule },
        _ => Rejection::ItemIdMalformed { rule },
    }
}

/// Several items by any of their names, as canonical ids, sorted.
pub(crate) fn objects(field: &'static str, texts: &[String], max: usize) -> Result<Vec<String>, Rejection> {
    if texts.len() > max {
        return Err(Rejection::TooMany { field, max });
    }
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        ids.push(object(text)?.canonical().to_owned());
    }
    filled_set(field, ids, max)
}

/// Whether everything in the first list stands in the second.
pub(crate) fn is_subset<T: Ord>(inner: &[T], outer: &[T]) -> bool {
    let outer: BTreeSet<&T> = outer.iter().collect();
    inner.iter().all(|entry| outer.contains(entry))
}
