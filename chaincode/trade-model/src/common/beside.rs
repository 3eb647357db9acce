//! What a caller says beside a request that writes: the argument after it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Digest256, Vouched};

/// What stands beside the request of a transaction that writes. It is an argument, so that everybody can read under
/// which condition and for whom something was done, and so that a signer sees it in what it signs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// For which person an organization's gateway signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Vouched>,
    /// SHA-256 of the answer that read the record which is to be changed: by another answer nothing is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<Digest256>,
    /// What stands for the request, the same with each retry. A request whose reference was used is not done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<Digest256>,
}

impl Beside {
    /// The argument; none when there is nothing to say.
    #[must_use]
    pub fn to_argument(&self) -> Option<Vec<u8>> {
        let something = *self != Self::default();
        something.then(|| serde_json::to_vec(self).expect("digests and words, which JSON always takes"))
    }
}
