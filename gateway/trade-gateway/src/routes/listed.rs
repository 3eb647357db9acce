//! Lists and histories: one of each for every resource of the index, made from its declaration.

use std::sync::LazyLock;

use trade_index::{Kind, Resource, resources};

use super::build::{EVERY_ROLE, own};
use super::{Action, Method, Parameter, ParameterIn, ParameterKind, Route};

/// The routes; they live as long as the process, as those that are written down do.
pub(super) fn routes() -> &'static [Route] {
    static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
        let of_resource = |resource: &&'static Resource| [list(resource), history(resource)];
        resources().iter().flat_map(of_resource).chain([search(), events()]).collect()
    });
    &ROUTES
}

fn list(resource: &'static Resource) -> Route {
    own(
        kept(format!("list{}", capitals(resource.name))),
        Method::Get,
        kept(format!("/v1/{}", resource.name)),
        kept(format!("The {} on the ledger, page by page", resource.name.replace('-', " "))),
        EVERY_ROLE,
        Action::List(resource),
        parameters(resource).leak(),
    )
}

fn history(resource: &'static Resource) -> Route {
    let path: String = resource.key.iter().map(|part| format!("/{{{part}}}")).collect();
    let named = |name: &&'static str| Parameter {
        name,
        place: ParameterIn::Path,
        field: None,
        kind: match *name {
            "number" | "version" => ParameterKind::Number,
            _ => ParameterKind::Text,
        },
        summary: match *name {
            "party" => "MSP id of the party in the record's name, or `-` for the caller",
            _ => "As in the record's id",
        },
    };
    let parameters = resource.key.iter().map(named).chain([HISTORY_AFTER, LIMIT]).collect::<Vec<_>>();
    own(
        kept(format!("history{}", capitals(resource.name))),
        Method::Get,
        kept(format!("/v1/{}{path}/history", resource.name)),
        kept(format!("What became of one of the {}, oldest first", resource.name.replace('-', " "))),
        EVERY_ROLE,
        Action::History(resource),
        parameters.leak(),
    )
}

fn search() -> Route {
    own(
        "search",
        Method::Get,
        "/v1/search",
        "Records of all lists by words of ids, parties and references",
        EVERY_ROLE,
        Action::Search,
        &[SOUGHT, AFTER, LIMIT],
    )
}

fn events() -> Route {
    own(
        "ledgerEvents",
        Method::Get,
        "/v1/events",
        "What committed transactions announced, oldest first: a page, or a stream to callers who accept text/event-stream",
        EVERY_ROLE,
        Action::LedgerEvents,
        &EVENTS,
    )
}

const LIMIT: Parameter = query("limit", ParameterKind::PageSize, "How many to answer. Default: 100");
const AFTER: Parameter = query("after", ParameterKind::Cursor, "The `next` of the page before");
const HISTORY_AFTER: Parameter = query("after", ParameterKind::Number, "The `next` of the page before");
const SOUGHT: Parameter = Parameter {
    place: ParameterIn::RequiredQuery,
    ..query("q", ParameterKind::Text, "One to eight words; each begins a word of the record")
};

static EVENTS: [Parameter; 3] = [
    query(
        "after",
        ParameterKind::Text,
        "The `next` of the page before, or the id of an event; `latest` for what comes from now on. Default: from the \
         first event on",
    ),
    query(
        "name",
        ParameterKind::AnyOf,
        "Only events of this name, or of one of several; `item.*` stands for all that begin with `item.`",
    ),
    LIMIT,
];

const fn query(name: &'static str, kind: ParameterKind, summary: &'static str) -> Parameter {
    Parameter { name, place: ParameterIn::Query, field: None, kind, summary }
}

/// What every list takes, and its columns.
fn parameters(resource: &'static Resource) -> Vec<Parameter> {
    let mut parameters = vec![
        query("id", ParameterKind::AnyOf, "Only the row with this id, or those with several"),
        query("q", ParameterKind::Text, "One to eight words; each begins a word of an id, a party or a reference"),
        query("sort", ParameterKind::Sort(resource), "In which order; `-` before it turns it. Default: `-changed`"),
        query(
            "changed_since",
            ParameterKind::Text,
            "Only what changed behind this block (the `block` of an earlier answer's `as_of`), or since this moment by the \
             clocks of clients",
        ),
        query("authenticated", ParameterKind::Flag, "Only what its authors have made, or have not"),
        query("fields", ParameterKind::Text, "Only these fields of the records, with commas between"),
        query("total", ParameterKind::Flag, "Whether to count all rows"),
        AFTER,
        LIMIT,
    ];
    for column in resource.columns {
        let (kind, one) = match column.kind {
            Kind::Text => (ParameterKind::AnyOf, "Only those with this value, or one of several"),
            Kind::Thing => {
                (ParameterKind::AnyOf, "Only those with this item or unit, by any of its names, or one of several")
            }
            Kind::Day => (ParameterKind::Day, "Only those of this day"),
            Kind::Number => (ParameterKind::Number, "Only those with this number"),
            Kind::Moment => (ParameterKind::Moment, "Only those of this moment"),
        };
        parameters.push(query(column.name, kind, one));
        if column.kind.is_ordered() {
            parameters.push(query(kept(format!("{}_from", column.name)), kind, "Only from here on"));
            parameters.push(query(kept(format!("{}_to", column.name)), kind, "Only up to here"));
        }
    }
    for set in resource.sets {
        parameters.push(query(set.name, ParameterKind::Text, "Only those that name this"));
    }
    parameters
}

/// `custody-transfers` as `CustodyTransfers`.
fn capitals(name: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect::<String>()
    };
    name.split('-').map(word).collect()
}

/// A text that lives as long as the process: routes are made once.
fn kept(text: String) -> &'static str {
    text.leak()
}
