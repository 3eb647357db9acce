//! Items, their events and alarms.

use trade_model::item::{Capture, CloseAlarm, ReadAlarm, ReadAlarms, ReadEvents, ReadItem, TraceItem};

use super::build::{FLAG, NUMBER, PAGE, TEXT, id, query, read, required, write, write_body};
use super::{Parameter, Route};

const ITEM: Parameter = id("id", "item", "GS1 Digital Link or EPC URN, percent-encoded");

pub(super) static ROUTES: &[Route] = &[
    write_body::<Capture>(
        "capture",
        "/v1/captures",
        "Records the events of one EPCIS 2.0 JSON document, which is the body",
        "document",
        &[query("licence_id", TEXT, "The licence under which commissioned items are made")],
        201,
    ),
    read::<ReadItem>("readItem", "/v1/items/{id}", "An item as the ledger knows it now", &[ITEM]),
    read::<ReadEvents>(
        "readEvents",
        "/v1/items/{id}/events",
        "The events that name an item",
        &[ITEM, query("skip", NUMBER, "How many events to skip"), query("limit", PAGE, "How many events to answer")],
    ),
    read::<TraceItem>(
        "traceItem",
        "/v1/items/{id}/trace",
        "Where an item comes from, or where it went, and who was responsible at every moment",
        &[ITEM, required("direction", "backward or forward")],
    ),
    read::<ReadAlarms>(
        "readAlarms",
        "/v1/alarms",
        "Records that contradict one another",
        &[
            query("item", TEXT, "Only those of this item"),
            query("open_only", FLAG, "Leave out those that stand no longer"),
            query("limit", PAGE, "How many to answer"),
            query("after", TEXT, "The `next` of the page before"),
        ],
    ),
    read::<ReadAlarm>("readAlarm", "/v1/alarms/{id}", "One alarm", &[id("id", "alarm_id", "Id of the alarm")]),
    write::<CloseAlarm>(
        "closeAlarm",
        "/v1/alarms/{id}/closure",
        "Closes an alarm that a customs authority has looked into",
        &[id("id", "alarm_id", "Id of the alarm")],
        200,
    ),
];
