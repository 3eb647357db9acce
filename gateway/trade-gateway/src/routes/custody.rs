//! Custody transfers.

use trade_model::custody::{Accept, Offer, ReadRecovery, ReadTransfer, Recover, Reject, Withdraw};

use super::Route;
use super::build::{party, partys_id, read, write};

const SENDER: &str = "MSP id of the sender, or `-` for the caller";
const ID: &str = "Id of the transfer";
const OWNER: &str = "MSP id of the owner, or `-` for the caller";
const RECOVERY: &str = "Id of the recovery";

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
    write::<Recover>("recoverCustody", "/v1/recoveries", "Takes the caller's goods from a suspended holder", &[], 201),
    read::<ReadRecovery>(
        "readRecovery",
        "/v1/recoveries/{party}/{id}",
        "One recovery of goods from a suspended holder",
        &[party("recovery_id", OWNER), partys_id("recovery_id", RECOVERY)],
    ),
];
