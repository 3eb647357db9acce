//! `item`: the serial numbers that a company has issued.

use serde_json::{Value, json};

use super::standing::{kinds, named_prefix};
use super::world::*;

fn range(from: &str, to: &str) -> Value {
    json!({ "gtin": GTIN, "range": { "from": from, "to": to } })
}

#[test]
fn a_serial_number_that_was_not_issued_is_a_signal_to_the_maker_by_any_recorder() {
    let mut world = named_prefix();
    let before = world.commission(&["7"]).expect("its own key");
    assert_eq!(kinds(&before), Vec::<&str>::new(), "without ranges, none is outside of them");
    world.submit(EXPORTER, "item:IssueSerials", &range("100", "199")).expect("its own product");
    assert_eq!(kinds(&world.commission(&["150"]).expect("its own key")), Vec::<&str>::new());
    assert_eq!(kinds(&world.commission(&["250"]).expect("its own key")), ["outside_of_ranges"]);
    let seen = object_event("OBSERVE", "storing", &[piece("999")]);
    assert_eq!(kinds(&world.capture(CARRIER, &[seen]).expect("recorded")), ["outside_of_ranges"]);
    let unknown = object_event("OBSERVE", "storing", &[piece("151")]);
    assert_eq!(kinds(&world.capture(CARRIER, &[unknown]).expect("recorded")), Vec::<&str>::new());
}

#[test]
fn the_ranges_of_a_trade_item_are_those_of_its_company() {
    let mut world = named_prefix();
    for (from, to) in [("500", "599"), ("100", "199")] {
        world.submit(EXPORTER, "item:IssueSerials", &range(from, to)).expect("its own product");
    }
    let page = world.evaluate(BANK, "item:ReadSerials", &json!({ "gtin": GTIN })).expect("a page");
    let from: Vec<&Value> =
        page["issued"].as_array().expect("a list").iter().map(|one| &one["range"]["from"]).collect();
    assert_eq!(from, ["100", "500"]);
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![("item:IssueSerials", issue_rows()), ("item:ReadSerials", read_rows())]
}

fn read_rows() -> Vec<Row> {
    vec![row("of a company that nobody knows", "", |w| w.evaluate(BANK, "item:ReadSerials", &json!({ "gtin": GTIN })))]
}

/// Rows begin in a world without prefixes; this one has them.
fn issue(world: &mut World, who: &str, request: &Value) -> Answer {
    *world = named_prefix();
    world.submit(who, "item:IssueSerials", request)
}

fn issue_rows() -> Vec<Row> {
    vec![
        row("by the company", "", |w| issue(w, EXPORTER, &range("1", "9"))),
        row("by another maker", "item.not_the_company", |w| issue(w, SECOND_MAKER, &range("1", "9"))),
        row("by the regulator", "caller.regulator_reads_only", |w| issue(w, REGULATOR, &range("1", "9"))),
        row("of a prefix that nobody has named", "item.not_the_company", |w| {
            w.submit(EXPORTER, "item:IssueSerials", &range("1", "9"))
        }),
        row("the wrong way round", "item.serials_disordered", |w| issue(w, EXPORTER, &range("9", "1"))),
        row("letters", "item.serial_malformed", |w| issue(w, EXPORTER, &range("A", "B"))),
        row("twice", "item.serials_issued", |w| {
            issue(w, EXPORTER, &range("1", "9"))?;
            w.submit(EXPORTER, "item:IssueSerials", &range("1", "5"))
        }),
        row("the hundred and first", "item.too_many_serial_ranges", |w| {
            *w = named_prefix();
            for number in 100..200 {
                w.submit(EXPORTER, "item:IssueSerials", &range(&number.to_string(), &number.to_string()))?;
            }
            w.submit(EXPORTER, "item:IssueSerials", &range("200", "200"))
        }),
    ]
}
