//! Orders to disclose.

use trade_model::disclosure::{ApproveOrder, Disclose, OrderDisclosure, ReadDisclosed, ReadOrder};

use super::build::{party, partys_id, read, write};
use super::{Parameter, Route};

static ORDER: [Parameter; 2] =
    [party("order_id", "MSP id of the authority, or `-` for the caller"), partys_id("order_id", "Id of the order")];

pub(super) static ROUTES: &[Route] = &[
    write::<OrderDisclosure>(
        "orderDisclosure",
        "/v1/disclosure-orders",
        "An authority orders a party of a private record to open it",
        &[],
        201,
    ),
    read::<ReadOrder>("readOrder", "/v1/disclosure-orders/{party}/{id}", "One order and what became of it", &ORDER),
    write::<ApproveOrder>(
        "approveOrder",
        "/v1/disclosure-orders/{party}/{id}/approve",
        "A second officer puts an order into force",
        &ORDER,
        200,
    ),
    write::<Disclose>(
        "disclose",
        "/v1/disclosure-orders/{party}/{id}/opening",
        "Gives the authority what opens the record",
        &ORDER,
        201,
    ),
    read::<ReadDisclosed>(
        "readDisclosed",
        "/v1/disclosure-orders/{party}/{id}/opening",
        "What was disclosed, for the authority and the member that disclosed it",
        &ORDER,
    ),
];
