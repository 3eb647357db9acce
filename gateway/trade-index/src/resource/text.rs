//! Texts and moments as columns and filters have them.

use fabric_msp::hash::sha256;
use trade_model::common::ItemId;
use trade_standards::time::UtcTime;

/// Longest text that is compared, in bytes: what PostgreSQL's indices take. A longer one is known by its beginning and
/// its digest.
const TEXT_BYTES_MAX: usize = 1_000;

/// A text as columns and filters have it: without the character that PostgreSQL does not take, and not too long.
pub(crate) fn bounded(text: &str) -> String {
    let text = text.replace('\u{0}', "\u{fffd}");
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    let end = (0..=TEXT_BYTES_MAX - 80).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let digest: String = sha256(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}…{digest}", &text[..end])
}

/// The name of an item or a unit as records have it; another text as it is.
pub(crate) fn thing(text: &str) -> String {
    ItemId::parse(text).map_or_else(|_| text.to_owned(), |item_id| item_id.as_str().to_owned())
}

/// A moment in RFC 3339 as microseconds since 1970; none for another text. What is finer is cut off.
pub(crate) fn micros(text: &str) -> Option<i64> {
    micros_of(UtcTime::parse(text).ok()?)
}

/// A moment as microseconds since 1970. What is finer is cut off.
pub(crate) fn micros_of(moment: UtcTime) -> Option<i64> {
    moment.unix_seconds().checked_mul(1_000_000)?.checked_add(i64::from(moment.nanosecond() / 1_000))
}
