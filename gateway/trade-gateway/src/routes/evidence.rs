//! Evidence.

use trade_model::evidence::{Deposit, ReadEvidence, VerifyEvidence};

use super::Route;
use super::build::{PAGE, TEXT, id, query, read, write};

pub(super) static ROUTES: &[Route] = &[
    write::<Deposit>("depositEvidence", "/v1/evidence", "Deposits the hash of an original", &[], 201),
    read::<ReadEvidence>(
        "readEvidence",
        "/v1/evidence/{id}",
        "The deposits of one original, the first one first",
        &[
            id("id", "sha256", "SHA-256 of the original, 64 hexadecimal digits"),
            query("limit", PAGE, "How many deposits to answer"),
            query("after", TEXT, "The `next` of the page before"),
        ],
    ),
    read::<VerifyEvidence>(
        "verifyEvidence",
        "/v1/evidence/{id}/verification",
        "Whether exactly this original was deposited, since when and by whom",
        &[
            id("id", "sha256", "SHA-256 of the file in hand, 64 hexadecimal digits"),
            query("limit", PAGE, "How many deposits to answer"),
            query("after", TEXT, "The `next` of the page before"),
        ],
    ),
];
