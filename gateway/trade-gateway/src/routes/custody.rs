//! Custody transfers.

use trade_model::custody::{Accept, Offer, ReadTransfer, Reject, Withdraw};

use super::Route;
use super::build::{id, read, write};

pub(super) static ROUTES: &[Route] = &[
    write::<Offer>("offerCustody", "/v1/custody-transfers", "Offers items to another member", &[], 201),
    read::<ReadTransfer>(
        "readCustodyTransfer",
        "/v1/custody-transfers/{id}",
        "One custody transfer",
        &[id("id", "transfer_id", "Id of the transfer")],
    ),
    write::<Accept>(
        "acceptCustody",
        "/v1/custody-transfers/{id}/accept",
        "Takes the offered items",
        &[id("id", "transfer_id", "Id of the transfer")],
        200,
    ),
    write::<Reject>(
        "rejectCustody",
        "/v1/custody-transfers/{id}/reject",
        "Does not take the offered items",
        &[id("id", "transfer_id", "Id of the transfer")],
        200,
    ),
    write::<Withdraw>(
        "withdrawCustody",
        "/v1/custody-transfers/{id}/withdraw",
        "Takes an open offer back",
        &[id("id", "transfer_id", "Id of the transfer")],
        200,
    ),
];
