//! Title transfers.

use trade_model::title::{AcceptTitle, OfferTitle, ReadTitle, RefuseTitle, WithdrawTitle};

use super::Route;
use super::build::{party, partys_id, read, write};

const SELLER: &str = "MSP id of the seller, or `-` for the caller";
const ID: &str = "Id of the title transfer";

pub(super) static ROUTES: &[Route] = &[
    write::<OfferTitle>("offerTitle", "/v1/title-transfers", "Offers items that the caller owns to a buyer", &[], 201),
    read::<ReadTitle>(
        "readTitleTransfer",
        "/v1/title-transfers/{party}/{id}",
        "One title transfer",
        &[party("title_id", SELLER), partys_id("title_id", ID)],
    ),
    write::<AcceptTitle>(
        "acceptTitle",
        "/v1/title-transfers/{party}/{id}/accept",
        "Takes title to the offered items",
        &[party("title_id", SELLER), partys_id("title_id", ID)],
        200,
    ),
    write::<RefuseTitle>(
        "refuseTitle",
        "/v1/title-transfers/{party}/{id}/refuse",
        "Does not take title to the offered items",
        &[party("title_id", SELLER), partys_id("title_id", ID)],
        200,
    ),
    write::<WithdrawTitle>(
        "withdrawTitle",
        "/v1/title-transfers/{party}/{id}/withdraw",
        "Takes an open offer of title back",
        &[party("title_id", SELLER), partys_id("title_id", ID)],
        200,
    ),
];
