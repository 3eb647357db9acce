//! Who takes part, and what is voted on.

use super::{
    build::{moment, part, parts, searched},
    kind::Resource,
};

pub(super) static RESOURCES: &[Resource] = &[
    Resource {
        name: "foundings",
        table: "founding",
        key: &["proposer", "list"],
        parts: &[],
        columns: &[searched("proposer", "/name/proposer"), moment("proposed_at", "/proposed/at")],
        sets: &[],
        withheld: None,
    },
    Resource {
        name: "proposals",
        table: "proposal",
        key: &["id"],
        parts: &[parts("ballots", "ballot", 1), part("outcome", "proposal-outcome", 1)],
        columns: &[
            searched("proposal_id", "/proposal_id"),
            searched("proposer", "/proposed/by"),
            moment("proposed_at", "/proposed/at"),
            moment("open_until", "/open_until"),
        ],
        sets: &[],
        withheld: None,
    },
];
