//! Ledger time: a client chooses its time within the peers' window, and the records about a thing run forwards all the
//! same.

use serde_json::{Value, json};
use trade_standards::time::UtcTime;

use super::world::*;

/// As far as a client can be off either way, in seconds.
pub(super) const WINDOW: i64 = 15 * 60;

impl World {
    /// Does something with the client's clock off by some seconds, and sets it right again.
    pub(super) fn off_by<T>(&mut self, seconds: i64, act: impl FnOnce(&mut Self) -> T) -> T {
        let clock = self.clock;
        self.clock += seconds;
        let done = act(self);
        self.clock = clock + 1;
        done
    }

    fn trace(&mut self, item: &str) -> Value {
        let request = json!({ "item": item, "direction": "forward" });
        self.evaluate(REGULATOR, "item:Trace", &request).expect("known")
    }
}

pub(super) fn column<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().expect("a list").iter().map(|entry| entry[field].as_str().unwrap_or_default()).collect()
}

/// A moment of an answer.
pub(super) fn moment(text: &Value) -> UtcTime {
    UtcTime::parse(text.as_str().unwrap_or_default()).expect("a moment")
}

#[test]
fn the_records_about_a_thing_run_forwards_whatever_clients_claim() {
    let mut world = World::established();
    world.off_by(WINDOW, |world| world.commission(&["1"])).expect("a new serial");
    world.off_by(-WINDOW, |world| world.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER)).expect("both agree");
    world.capture(CARRIER, &[object_event("OBSERVE", "shipping", &[piece("1")])]).expect("held");
    world.off_by(-WINDOW, |world| world.hand_over("h-2", &[piece("1")], CARRIER, IMPORTER)).expect("both agree");

    let trace = world.trace(&piece("1"));
    assert_eq!(column(&trace["custody"], "value"), [EXPORTER, CARRIER, IMPORTER]);
    let from: Vec<UtcTime> =
        trace["custody"].as_array().into_iter().flatten().map(|entry| moment(&entry["from"])).collect();
    assert!(from.windows(2).all(|pair| pair[0] < pair[1]), "{from:?}");
    assert_eq!(
        trace["custody"][1]["from"], "2026-01-01T00:15:02.000000002Z",
        "just after the offer, just after the commissioning"
    );
    assert_eq!(trace["custody"][1]["asserted_at"], "2025-12-31T23:45:04Z", "what the client's clock said is kept");
    assert_eq!(column(&trace["steps"], "business_step"), ["shipping", "commissioning"]);
    assert_eq!(column(&trace["steps"], "responsible"), [CARRIER, EXPORTER]);
}

#[test]
fn who_dates_ahead_puts_nobody_elses_act_into_its_own_time() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    let storing = object_event("OBSERVE", "storing", &[piece("1")]);
    world.off_by(WINDOW, |world| world.capture(EXPORTER, &[storing])).expect("held");
    world.hand_over("h-1", &[piece("1")], EXPORTER, CARRIER).expect("nobody is shut out");
    let trace = world.trace(&piece("1"));
    assert_eq!(column(&trace["steps"], "responsible"), [EXPORTER, EXPORTER]);
    assert!(moment(&trace["custody"][1]["from"]) > moment(&trace["steps"][0]["recorded_at"]));
}

#[test]
fn a_declaration_cannot_be_dated_before_the_revocation_of_its_licence() {
    let mut world = World::established();
    world.consignment();
    let revoke = json!({ "licence_id": "lic-1", "reason": "unpaid" });
    let revoked = world.submit(EXPORTER, "rights:RevokeLicence", &revoke).expect("its licensor");
    let filed = world.off_by(-WINDOW, |world| world.file(super::customs::goods())).expect("well formed");
    assert!(moment(&filed["filed"]["at"]) > moment(&revoked["end"]["ended"]["at"]), "{filed}");
    let decision = world.assess().expect("the authority");
    assert_eq!(decision["outcome"], "intercept");
}

#[test]
fn a_declaration_cannot_be_dated_before_the_newest_version_of_its_tariff() {
    let mut world = World::established();
    world.consignment();
    // From the next day on another version applies, published a minute after midnight.
    world.clock += 24 * 3_600 - (world.clock - START) + 60;
    let next = super::customs::tariff().with("version", 2).with("validity", json!({ "from": "2026-01-02" }));
    world.submit(CUSTOMS, "customs:PublishTariff", &next).expect("the next version");
    let refused = world.off_by(-WINDOW, |world| world.file(super::customs::goods())).expect_err("that day is over");
    assert_eq!(refused.code, "customs.tariff_not_in_force");
}
