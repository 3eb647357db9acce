//! Items, their events and alarms.

use trade_model::item::{
    AnswerAlarm, Capture, ConsentToCorrection, DecideAlarm, IssueSerials, ReadAlarm, ReadAlarmGroup, ReadAlarms,
    ReadCorrection, ReadEvents, ReadItem, ReadPartyAlarms, ReadSerials, ReadSightings, TraceItem,
};

use super::build::{FLAG, PAGE, TEXT, id, query, read, required, write, write_body};
use super::{Parameter, Route};

const ITEM: Parameter = id("id", "item", "GS1 Digital Link or EPC URN, percent-encoded");
const GROUP: Parameter = id("id", "group_id", "Id of the group of alarms");
const LIMIT: Parameter = query("limit", PAGE, "How many to answer");
const AFTER: Parameter = query("after", TEXT, "The `next` of the page before");

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
    write::<IssueSerials>(
        "issueSerials",
        "/v1/serial-ranges",
        "Says which serial numbers of a trade item its company has issued",
        &[],
        201,
    ),
    read::<ReadSerials>(
        "readSerials",
        "/v1/serial-ranges/{gtin}",
        "The serial numbers that the company of a trade item has issued",
        &[id("gtin", "gtin", "Trade item number")],
    ),
    read::<ReadCorrection>(
        "readCorrection",
        "/v1/corrections/{id}",
        "Who has to agree to a correction, and who has",
        &[id("id", "record_id", "Id of the record that is declared erroneous")],
    ),
    write::<ConsentToCorrection>(
        "consentToCorrection",
        "/v1/corrections/{id}/consent",
        "Agrees to a correction under which an accepted fact of the caller rests",
        &[id("id", "record_id", "Id of the record that is declared erroneous")],
        200,
    ),
    read::<ReadEvents>(
        "readEvents",
        "/v1/items/{id}/events",
        "The events that name an item, newest first",
        &[ITEM, LIMIT, AFTER],
    ),
    read::<ReadSightings>(
        "readSightings",
        "/v1/sightings",
        "Events that changed nothing, because their recorder has no standing, newest first",
        &[
            query("item", TEXT, "Those that name this thing"),
            query("recorder", TEXT, "Those of this member"),
            LIMIT,
            AFTER,
        ],
    ),
    read::<TraceItem>(
        "traceItem",
        "/v1/items/{id}/trace",
        "Where an item comes from, or where it went, and who was responsible at every moment",
        &[ITEM, required("direction", "backward or forward"), AFTER],
    ),
    read::<ReadAlarms>(
        "readAlarms",
        "/v1/alarms",
        "Records that contradict one another, newest first",
        &[
            query("item", TEXT, "Only those of this item"),
            query("open_only", FLAG, "Leave out those that stand no longer"),
            LIMIT,
            AFTER,
        ],
    ),
    read::<ReadAlarm>("readAlarm", "/v1/alarms/{id}", "One alarm", &[id("id", "alarm_id", "Id of the alarm")]),
    read::<ReadAlarmGroup>(
        "readAlarmGroup",
        "/v1/alarm-groups/{id}",
        "The alarms that one event raised, with what was answered and decided",
        &[GROUP, LIMIT, AFTER],
    ),
    read::<ReadPartyAlarms>(
        "readPartyAlarms",
        "/v1/members/{id}/alarm-groups",
        "The alarms that concern a member, newest first",
        &[
            id("id", "party", "MSP id of the member"),
            required("concern", "about, addressed, raised, confirmed or dismissed"),
            LIMIT,
            AFTER,
        ],
    ),
    write::<AnswerAlarm>(
        "answerAlarm",
        "/v1/alarm-groups/{id}/answer",
        "Says what the member knows about alarms that concern it",
        &[GROUP],
        201,
    ),
    write::<DecideAlarm>(
        "decideAlarm",
        "/v1/alarm-groups/{id}/decision",
        "Decides, as a customs authority that has no part in them, about the alarms that one event raised",
        &[GROUP],
        201,
    ),
];
