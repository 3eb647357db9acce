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
