//! Agreements between two members.

use trade_model::agreement::{AcceptAgreement, EndAgreement, OfferAgreement, ReadAgreement, RefuseAgreement};

use super::Route;
use super::build::{party, partys_id, read, write};

const OFFERER: &str = "MSP id of the member that offered it, or `-` for the caller";
const ID: &str = "Id of the agreement";

pub(super) static ROUTES: &[Route] = &[
    write::<OfferAgreement>("offerAgreement", "/v1/agreements", "Offers terms to another member", &[], 201),
    write::<AcceptAgreement>(
        "acceptAgreement",
        "/v1/agreements/{party}/{id}/accept",
        "Agrees; the terms hold on their days",
        &[party("agreement_id", OFFERER), partys_id("agreement_id", ID)],
        200,
    ),
    write::<RefuseAgreement>(
        "refuseAgreement",
        "/v1/agreements/{party}/{id}/refuse",
        "Does not agree",
        &[party("agreement_id", OFFERER), partys_id("agreement_id", ID)],
        200,
    ),
    write::<EndAgreement>(
        "endAgreement",
        "/v1/agreements/{party}/{id}/end",
        "Gives notice, or takes back what nobody accepted",
        &[party("agreement_id", OFFERER), partys_id("agreement_id", ID)],
        200,
    ),
    read::<ReadAgreement>(
        "readAgreement",
        "/v1/agreements/{party}/{id}",
        "One agreement and where it stands",
        &[party("agreement_id", OFFERER), partys_id("agreement_id", ID)],
    ),
];
