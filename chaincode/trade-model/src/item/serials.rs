//! Ranges of serial numbers (GS1 AI 21) that a company has issued for one of its trade items.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::gs1::{Gs1Key, Gs1Uri};
use trade_standards::identifier::{Gtin, MspId};

use crate::common::{Malformed, Stamp, text_type};

/// Longest serial number, in characters.
const SERIAL_MAX: usize = 20;

text_type! {
    /// A serial number of digits alone, as ranges are made of.
    SerialNumber, "^[0-9]{1,20}$", "000100", |text| {
        if (1..=SERIAL_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(text.to_owned());
        }
        Err(Malformed::new("item.serial_malformed", "must have 1 to 20 digits"))
    }
}

/// From which serial number to which, both included: as many digits in both, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Bounds")]
pub struct SerialRange {
    from: SerialNumber,
    to: SerialNumber,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bounds {
    /// The first serial number.
    from: SerialNumber,
    /// The last serial number.
    to: SerialNumber,
}

impl TryFrom<Bounds> for SerialRange {
    type Error = Malformed;

    fn try_from(Bounds { from, to }: Bounds) -> Result<Self, Malformed> {
        if from.as_str().len() != to.as_str().len() || from > to {
            return Err(Malformed::new("item.serials_disordered", "must have as many digits in both, in order"));
        }
        Ok(Self { from, to })
    }
}

impl SerialRange {
    /// The first serial number.
    pub fn from(&self) -> &SerialNumber {
        &self.from
    }

    /// Whether the serial number lies in it: digits alone, as many as in the range.
    pub fn holds(&self, serial: &str) -> bool {
        let digits = serial.len() == self.from.as_str().len() && serial.bytes().all(|byte| byte.is_ascii_digit());
        digits && (self.from.as_str()..=self.to.as_str()).contains(&serial)
    }
}

/// Serial numbers that a company has issued: the answer of `item:IssueSerials`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssuedSerials {
    /// The company that has named the prefix of the trade item number.
    pub company: MspId,
    /// The trade item number, 14 digits.
    pub gtin: Gtin,
    /// Which serial numbers.
    pub range: SerialRange,
    /// Who issued them when.
    pub issued: Stamp,
}

/// The answer of `item:ReadSerials`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SerialPage {
    /// All ranges of the trade item, in the order of their first serial numbers. Where there are none, no serial number
    /// lies outside of them.
    pub issued: Vec<IssuedSerials>,
}

/// The trade item number and the serial number of a key, when it has both.
pub fn serial_of(key: &Gs1Uri) -> Option<(Gtin, &str)> {
    let of_gtin = key.key() == Gs1Key::Gtin;
    Some((Gtin::parse(key.value()).ok().filter(|_| of_gtin)?, key.serial()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_numbers_of_its_length_between_its_ends() {
        let range = |text: &str| serde_json::from_str::<SerialRange>(text);
        let held = range(r#"{"from":"0100","to":"0199"}"#).expect("in order");
        for (serial, inside) in [("0100", true), ("0199", true), ("0200", false), ("100", false), ("01A0", false)] {
            assert_eq!(held.holds(serial), inside, "{serial}");
        }
        for wrong in [r#"{"from":"0200","to":"0199"}"#, r#"{"from":"1","to":"10"}"#, r#"{"from":"A","to":"B"}"#] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
