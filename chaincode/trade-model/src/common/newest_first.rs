//! Lists of what documents recorded, newest first.

use fabric_contract::KeyPart;
use trade_standards::time::UtcTime;

/// A moment and the place in the document of what was recorded then, as part of a key: keys sort newest first, and what
/// one document holds in the reverse of its order. Moments before 1970 stand as 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewestFirst {
    /// When, in ledger time.
    pub at: UtcTime,
    /// Which event of the document, from 0.
    pub place: u32,
}

impl NewestFirst {
    /// The last second that a moment can lie in: the end of the year 9999.
    const SECONDS_LAST: i64 = 253_402_300_799;
    const NANOSECONDS_LAST: u32 = 999_999_999;

    /// The place of what the event number `place` of a document says, recorded at `at`.
    pub const fn new(at: UtcTime, place: u32) -> Self {
        Self { at, place }
    }

    /// Where everything recorded at `at` or earlier begins.
    pub const fn until(at: UtcTime) -> Self {
        Self { at, place: u32::MAX }
    }
}

impl KeyPart for NewestFirst {
    const SHAPE: &'static str = "NewestFirst";

    fn to_part(&self) -> String {
        let seconds = Self::SECONDS_LAST - self.at.unix_seconds().max(0);
        format!("{seconds:012}.{:09}.{:010}", Self::NANOSECONDS_LAST - self.at.nanosecond(), u32::MAX - self.place)
    }

    fn from_part(part: &str) -> Option<Self> {
        let mut parts = part.split('.');
        let (seconds, nanoseconds, place) = (parts.next()?, parts.next()?, parts.next()?);
        if (seconds.len(), nanoseconds.len(), place.len()) != (12, 9, 10) || parts.next().is_some() {
            return None;
        }
        let seconds = Self::SECONDS_LAST.checked_sub(seconds.parse().ok()?)?;
        let nanoseconds = Self::NANOSECONDS_LAST.checked_sub(nanoseconds.parse().ok()?)?;
        let at = UtcTime::from_unix(seconds, nanoseconds).ok()?;
        Some(Self { at, place: u32::MAX.checked_sub(place.parse().ok()?)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_newest_first_sort_backwards_and_are_read_back() {
        let moments = ["1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z"];
        let last = UtcTime::parse("9999-12-31T23:59:59.999999999Z").expect("a moment");
        let mut ascending: Vec<NewestFirst> = Vec::new();
        for at in moments.iter().map(|text| UtcTime::parse(text).expect("a moment")).chain([last]) {
            ascending.extend([0, 1, 10, u32::MAX].map(|place| NewestFirst::new(at, place)));
        }
        let parts: Vec<String> = ascending.iter().map(KeyPart::to_part).collect();
        assert!(parts.windows(2).all(|pair| pair[0] > pair[1]), "{parts:?}");
        for (newest, part) in ascending.iter().zip(&parts) {
            assert_eq!(NewestFirst::from_part(part), Some(*newest));
        }
        for strange in ["", "1.2.3", "253402300799.999999999", "999999999999.000000000.0000000000"] {
            assert_eq!(NewestFirst::from_part(strange), None, "{strange}");
        }
    }
}
