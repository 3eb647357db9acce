//! Custody transfers.

use trade_model::custody::{Accept, Offer, ReadTransfer, Reject, Withdraw};

use super::Route;
use super::build::{party, partys_id, read, write};

const SENDER: &str = "MSP id of the sender, or `-` for the caller";
const ID: &str = "Id of the transfer";

pub(super) static ROUTES: &[Route] = &[
    write::<Offer>("offerCustody", "/v1/custody-transfers", "Offers items to another member", &[], 201),
    read::<ReadTransfer>(
        "readCustodyTransfer",
        "/v1/custody-transfers/{party}/{id}",
        "One custody transfer",
        &[party("transfer_id", SENDER), partys_id("transfer_id", ID)],
    ),
    write::<Accept>(
        "acceptCustody",
        "/v1/custody-transfers/{party}/{id}/accept",
        "Takes the offered items",
        &[party("transfer_id", SENDER), partys_id("transfer_id", ID)],
        200,
    ),
    write::<Reject>(
        "rejectCustody",
        "/v1/custody-transfers/{party}/{id}/reject",
        "Does not take the offered items",
        &[party("transfer_id", SENDER), partys_id("transfer_id", ID)],
        200,
    ),
    write::<Withdraw>(
        "withdrawCustody",
        "/v1/custody-transfers/{party}/{id}/withdraw",
        "Takes an open offer back",
        &[party("transfer_id", SENDER), partys_id("transfer_id", ID)],
        200,
    ),
];
