//! Lists of what documents recorded, newest first.

use fabric_contract::KeyPart;
use trade_standards::time::UtcTime;

use super::Newest;

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
        format!("{}.{:010}", Newest(self.at).to_part(), u32::MAX - self.place)
    }

    fn from_part(part: &str) -> Option<Self> {
        let (moment, place) = part.rsplit_once('.').filter(|(_, place)| place.len() == 10)?;
        let Newest(at) = Newest::from_part(moment)?;
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
