//! Who did something, when and in which transaction.

use fabric_contract::KeyPart;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::{Operator, TransactionId};

/// Who did something, when and in which transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// The member whose identity signed the transaction.
    pub by: MspId,
    /// When, in ledger time: by the client's clock, and after every record on which this one rests.
    pub at: UtcTime,
    /// The transaction.
    pub transaction_id: TransactionId,
    /// Which of the member's certificates did it.
    pub operator: Operator,
}

/// A moment as part of a key: keys sort as the moments do. Moments before 1970 stand as 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub UtcTime);

impl KeyPart for Moment {
    const SHAPE: &'static str = "Moment";

    fn to_part(&self) -> String {
        format!("{:012}.{:09}", self.0.unix_seconds().max(0), self.0.nanosecond())
    }

    fn from_part(part: &str) -> Option<Self> {
        let (seconds, nanoseconds) = part.split_once('.')?;
        if seconds.len() != 12 || nanoseconds.len() != 9 {
            return None;
        }
        UtcTime::from_unix(seconds.parse().ok()?, nanoseconds.parse().ok()?).ok().map(Self)
    }
}

/// A moment as part of a key: keys sort the newest first. Moments before 1970 stand as 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest(pub UtcTime);

/// The last second of the year 9999, in seconds since 1970: no moment of the ledger is later.
const LAST_SECOND: i64 = 253_402_300_799;
const LAST_NANOSECOND: u32 = 999_999_999;

impl KeyPart for Newest {
    const SHAPE: &'static str = "Newest";

    fn to_part(&self) -> String {
        let (seconds, nanoseconds) = (self.0.unix_seconds().max(0), self.0.nanosecond());
        format!("{:012}.{:09}", LAST_SECOND - seconds, LAST_NANOSECOND - nanoseconds)
    }

    fn from_part(part: &str) -> Option<Self> {
        let (seconds, nanoseconds) = part.split_once('.')?;
        if seconds.len() != 12 || nanoseconds.len() != 9 {
            return None;
        }
        let seconds = LAST_SECOND.checked_sub(seconds.parse().ok()?)?;
        let nanoseconds = LAST_NANOSECOND.checked_sub(nanoseconds.parse().ok()?)?;
        UtcTime::from_unix(seconds, nanoseconds).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_moment_stands_first_and_is_read_back() {
        let moments = ["1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z"]
            .map(|text| UtcTime::parse(text).expect("a moment"));
        let parts = moments.map(|moment| Newest(moment).to_part());
        assert!(parts.windows(2).all(|pair| pair[0] > pair[1]), "{parts:?}");
        for (part, moment) in parts.iter().zip(moments) {
            assert_eq!(Newest::from_part(part).map(|newest| newest.0), Some(moment));
        }
        for foreign in ["", "1.2", "999999999999.000000000", "000000000000.9999999999"] {
            assert!(Newest::from_part(foreign).is_none(), "{foreign}");
        }
    }
}
