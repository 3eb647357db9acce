//! Mandates.

use trade_model::mandate::{AcceptMandate, EndMandate, GrantMandate, ReadMandate, RefuseMandate};

use super::Route;
use super::build::{party, partys_id, read, write};

const OWNER: &str = "MSP id of the owner, or `-` for the caller";
const ID: &str = "Id of the mandate";

pub(super) static ROUTES: &[Route] = &[
    write::<GrantMandate>(
        "grantMandate",
        "/v1/mandates",
        "Lets another member act on goods that it holds of the caller's",
        &[],
        201,
    ),
    read::<ReadMandate>(
        "readMandate",
        "/v1/mandates/{party}/{id}",
        "One mandate",
        &[party("mandate_id", OWNER), partys_id("mandate_id", ID)],
    ),
    write::<AcceptMandate>(
        "acceptMandate",
        "/v1/mandates/{party}/{id}/accept",
        "Takes a mandate, which is in force from then on",
        &[party("mandate_id", OWNER), partys_id("mandate_id", ID)],
        200,
    ),
    write::<RefuseMandate>(
        "refuseMandate",
        "/v1/mandates/{party}/{id}/refuse",
        "Does not take a mandate",
        &[party("mandate_id", OWNER), partys_id("mandate_id", ID)],
        200,
    ),
    write::<EndMandate>(
        "endMandate",
        "/v1/mandates/{party}/{id}/end",
        "Ends a mandate from a day on",
        &[party("mandate_id", OWNER), partys_id("mandate_id", ID)],
        200,
    ),
];
