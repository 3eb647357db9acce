//! What one line of the log says.

use serde::{Deserialize, Serialize};

use crate::time::{now, rfc3339};

/// The outcome in a line that says a write begins; its status is 0.
pub const BEGUN: &str = "begun";

/// The outcome in the first line after lines that could not be written; its status is 0.
pub const RESUMED: &str = "audit_resumed";

/// The outcome in a line before which lines are missing that were written once; its status is 0, and its count says how
/// many they are, where that is known.
pub const CUT: &str = "audit_cut";

/// The outcome in a line about a file of the log that was deleted to make room; its resource is the file's name.
pub const RETIRED: &str = "audit_retired";

/// The outcome in a line that counts decisions of too many kinds to be told apart.
pub const OTHERS: &str = "others";

/// One decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When, RFC 3339 UTC.
    pub time: String,
    /// The caller's MSP id; none for a caller who is not known as a member.
    pub msp_id: Option<String>,
    /// The subject of the member's certificate.
    pub subject: Option<String>,
    /// SHA-256 of the caller's certificate, hex; present also when the certificate was refused.
    pub certificate_sha256: Option<String>,
    /// By which way a member came: `proxy:NAME`, `token` or `bearer`; none for a certificate on its own connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// Where the connection came from, for a caller who is not known as a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The method of the request.
    pub method: String,
    /// The route's template, such as `/v1/items/{id}`; `-` when no route matched.
    pub route: String,
    /// The path's parameters, joined with `/`; the path when no route matched. Cut at 1000 characters.
    pub resource: String,
    /// The transaction on the ledger, such as `item:Read`.
    pub function: Option<String>,
    /// The id of the Fabric transaction, when one was made.
    pub transaction_id: Option<String>,
    /// The answer's status; 0 where a write begins.
    pub status: u16,
    /// `allowed`, [`BEGUN`], [`RESUMED`], [`CUT`], [`RETIRED`], [`OTHERS`], or the code of the problem in the answer.
    pub outcome: String,
    /// How many more were decided upon like the one in an earlier line, within a minute. Of [`CUT`]: how many lines are
    /// missing. Of [`RETIRED`]: how many lines the file had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Decision {
    /// A line about the log itself.
    pub(crate) fn of_the_log(outcome: &str) -> Self {
        Self { time: rfc3339(now()), route: "-".to_owned(), outcome: outcome.to_owned(), ..Self::default() }
    }
}
