//! Rights and licences.

use trade_model::rights::{CheckLicence, GrantLicence, ReadLicence, ReadRight, RegisterRight, RevokeLicence};

use super::Route;
use super::build::{TEXT, id, query, read, required, write};

pub(super) static ROUTES: &[Route] = &[
    write::<RegisterRight>("registerRight", "/v1/rights", "Registers a right of the caller", &[], 201),
    read::<ReadRight>("readRight", "/v1/rights/{id}", "One right", &[id("id", "right_id", "Id of the right")]),
    read::<CheckLicence>(
        "checkRight",
        "/v1/rights/{id}/check",
        "Whether a member may do something with a product, there and then",
        &[
            id("id", "right_id", "Id of the right"),
            required("party", "Who acts: MSP id"),
            required("act", "make, import, export or sell"),
            required("product", "The trade item: GTIN"),
            required("territory", "Where: ISO 3166-1 alpha-2 code"),
            query("channel", TEXT, "online, retail or wholesale"),
            query("on", TEXT, "On which day, YYYY-MM-DD; today when absent"),
        ],
    ),
    write::<GrantLicence>("grantLicence", "/v1/licences", "Grants a licence or a sub-licence", &[], 201),
    read::<ReadLicence>(
        "readLicence",
        "/v1/licences/{id}",
        "One licence",
        &[id("id", "licence_id", "Id of the licence")],
    ),
    write::<RevokeLicence>(
        "revokeLicence",
        "/v1/licences/{id}/revocation",
        "Ends a licence from now on",
        &[id("id", "licence_id", "Id of the licence")],
        200,
    ),
];
