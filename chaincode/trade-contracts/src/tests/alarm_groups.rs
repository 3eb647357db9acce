//! `item`: whom alarms are about and addressed to, when they are told, how they are answered and decided, and how much
//! one member may say about what is not its own.

use fabric_contract::Failure;
use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::common::Cursor;
use trade_model::governance::ReadMembers;
use trade_model::item::{
    AnswerAlarm, DecideAlarm, ReadAlarm, ReadAlarmGroup, ReadAlarms, ReadPartyAlarms, ReadSightings, ScanItem,
};

use super::world::*;

const DAY: i64 = 24 * 3_600;

impl World {
    /// A piece that the importer, who has it from its maker, holds; then the carrier says that it ships it. The alarm
    /// of that.
    fn meddled(&mut self) -> Answer {
        self.commission(&["1"])?;
        self.hand_over("h-1", &[piece("1")], EXPORTER, IMPORTER)?;
        self.ship_as(CARRIER, &["1"], "08:00:00")
    }

    /// A member says that it ships pieces. The first alarm of that.
    fn ship_as(&mut self, who: &str, serials: &[&str], time: &str) -> Answer {
        let pieces: Vec<String> = serials.iter().map(|serial| piece(serial)).collect();
        let shipped = object_event("OBSERVE", "shipping", &pieces).with("eventTime", format!("2025-12-02T{time}Z"));
        Ok(self.capture(who, &[shipped])?["alarms"][0].clone())
    }

    fn settle_alarm(&mut self, who: &str, raised: &Value, finding: &str) -> Answer {
        let request = json!({ "group_id": raised["group_id"], "finding": finding, "reason": "looked into" });
        self.submit(who, DecideAlarm::NAME, &request)
    }

    fn say(&mut self, who: &str, raised: &Value) -> Answer {
        let request = json!({ "group_id": raised["group_id"], "text": "we were not there" });
        self.submit(who, AnswerAlarm::NAME, &request)
    }

    fn alarm(&mut self, who: &str, raised: &Value) -> Answer {
        self.evaluate(who, ReadAlarm::NAME, &json!({ "alarm_id": raised["alarm_id"] }))
    }

    fn scan(&mut self, serial: &str) -> Value {
        self.evaluate(BANK, ScanItem::NAME, &json!({ "item": piece(serial) })).expect("an answer")
    }

    fn groups(&mut self, party: &str, concern: &str) -> Vec<Value> {
        let request = json!({ "party": party, "concern": concern });
        let page = self.evaluate(CUSTOMS, ReadPartyAlarms::NAME, &request).expect("a page");
        page["groups"].as_array().expect("a list").iter().map(|group| group["group_id"].clone()).collect()
    }
}

fn codes(statements: &Value) -> Vec<&str> {
    statements.as_array().into_iter().flatten().filter_map(|statement| statement["code"].as_str()).collect()
}

fn refused(answer: Answer) -> String {
    answer.map_or_else(|failure: Failure| failure.code, |answer| format!("accepted: {answer}"))
}

#[test]
fn what_a_stranger_records_is_an_alarm_about_the_stranger_and_for_those_whose_thing_it_is() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    let alarm = world.alarm(IMPORTER, &raised).expect("it is addressed to the holder");
    assert_eq!(
        (&alarm["kind"], &alarm["grade"], &alarm["state"]),
        (&json!("not_holder"), &json!("soft"), &json!("raised"))
    );
    assert_eq!(alarm["about"], json!([CARRIER]), "never about who holds, owns or made the thing");
    let told: Vec<(&str, &str)> = alarm["addressed_to"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|told| Some((told["relation"].as_str()?, told["msp_id"].as_str()?)))
        .collect();
    assert!(told.contains(&("holder", IMPORTER)) && told.contains(&("maker", EXPORTER)), "{told:?}");
}

#[test]
fn a_soft_alarm_is_told_to_those_it_concerns_and_to_everybody_when_nobody_answered_in_time() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    for who in [CARRIER, IMPORTER, EXPORTER, CUSTOMS, REGULATOR] {
        assert_eq!(world.alarm(who, &raised).expect("concerned")["public"], false, "{who}");
    }
    assert_eq!(refused(world.alarm(BANK, &raised)), "item.alarm_not_public");
    let page = world.evaluate(BANK, ReadAlarms::NAME, &json!({ "item": piece("1") })).expect("a page");
    assert_eq!(page["alarms"], json!([]));
    let scan = world.scan("1");
    assert_eq!((&scan["conflict_found"], &scan["reports"]), (&json!(false), &json!([])));

    world.clock += 15 * DAY;
    assert_eq!(world.alarm(BANK, &raised).expect("public by now")["public"], true);
    let scan = world.scan("1");
    assert_eq!((&scan["conflict_found"], codes(&scan["reports"])), (&json!(false), vec!["not_holder"]));
    let text = scan["reports"][0]["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("Reported by a member that has no part in it:"), "{text}");
}

#[test]
fn the_authority_that_a_place_has_by_now_decides_and_not_the_one_that_it_had() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    let mut members = world.evaluate(REGULATOR, ReadMembers::NAME, &json!({})).expect("members");
    for member in members["members"].as_array_mut().expect("a list") {
        match member["msp_id"].as_str() {
            Some(CUSTOMS) => member["jurisdictions"] = json!(["CH"]),
            Some(SECOND_CUSTOMS) => member["jurisdictions"] = json!(["DE", "US"]),
            _ => {}
        }
    }
    world.forge("Members", &members).expect("as if it had been voted");
    assert_eq!(refused(world.settle_alarm(CUSTOMS, &raised, "dismissed")), "item.alarm_of_another_place");
    world.settle_alarm(SECOND_CUSTOMS, &raised, "confirmed").expect("Germany is its own by now");
}

#[test]
fn where_the_authority_is_suspended_another_one_decides() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    assert_eq!(refused(world.settle_alarm(SECOND_CUSTOMS, &raised, "confirmed")), "item.alarm_of_another_place");
    super::authorship::suspend(&mut world, CUSTOMS);
    world.settle_alarm(SECOND_CUSTOMS, &raised, "confirmed").expect("nobody else can");
}

#[test]
fn a_confirmed_alarm_is_public_and_stands_in_the_record_of_whom_it_is_about() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    world.settle_alarm(CUSTOMS, &raised, "confirmed").expect("customs has no part in it");
    assert_eq!(world.alarm(BANK, &raised).expect("public")["state"], "confirmed");
    let scan = world.scan("1");
    assert_eq!((&scan["conflict_found"], codes(&scan["conflicts"])), (&json!(true), vec!["not_holder"]));
    assert_eq!(world.groups(CARRIER, "confirmed"), [raised["group_id"].clone()]);
    assert_eq!(world.groups(CARRIER, "dismissed"), [] as [Value; 0]);
}

#[test]
fn alarms_without_ground_count_against_their_raiser_and_are_told_nobody() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    world.settle_alarm(CUSTOMS, &raised, "dismissed").expect("customs has no part in it");
    world.clock += 15 * DAY;
    let scan = world.scan("1");
    assert_eq!((&scan["conflict_found"], &scan["reports"]), (&json!(false), &json!([])));
    assert_eq!(world.groups(CARRIER, "dismissed"), [raised["group_id"].clone()]);
    assert_eq!(world.groups(IMPORTER, "dismissed"), [] as [Value; 0]);
}

#[test]
fn who_raised_too_much_without_ground_is_told_of_only_when_it_is_confirmed() {
    let mut world = World::established();
    world.commission(&["1", "2", "3", "4", "5", "6"]).expect("new serials");
    for serial in ["1", "2", "3", "4", "5"] {
        let raised = world.ship_as(CARRIER, &[serial], "08:00:00").expect("recorded");
        world.settle_alarm(CUSTOMS, &raised, "dismissed").expect("customs has no part in it");
    }
    let faint = world.ship_as(CARRIER, &["6"], "08:00:00").expect("recorded");
    let soft = world.ship_as(IMPORTER, &["6"], "08:30:00").expect("recorded");
    world.clock += 15 * DAY;
    assert_eq!(refused(world.alarm(BANK, &faint)), "item.alarm_not_public");
    let reports = world.scan("6")["reports"].clone();
    assert_eq!((reports.as_array().map(Vec::len), &reports[0]["reference"]), (Some(1), &soft["alarm_id"]));
    world.settle_alarm(CUSTOMS, &faint, "confirmed").expect("customs has no part in it");
    assert_eq!(codes(&world.scan("6")["conflicts"]), ["not_holder"], "this time there was ground");
}

#[test]
fn one_decision_closes_all_alarms_of_one_event() {
    let mut world = World::established();
    world.commission(&["1", "2", "3"]).expect("new serials");
    let raised = world.ship_as(CARRIER, &["1", "2", "3"], "08:00:00").expect("recorded");
    let group = json!({ "group_id": raised["group_id"], "limit": 2 });
    let first = world.evaluate(CUSTOMS, ReadAlarmGroup::NAME, &group).expect("raised");
    assert_eq!((&first["alarms"], first["members"].as_array().map(Vec::len)), (&json!(3), Some(2)));
    let rest = group.with("after", first["next"].clone());
    let rest = world.evaluate(CUSTOMS, ReadAlarmGroup::NAME, &rest).expect("raised");
    assert_eq!((rest["members"].as_array().map(Vec::len), rest.get("next")), (Some(1), None));

    world.settle_alarm(CUSTOMS, &raised, "explained").expect("customs has no part in it");
    for serial in ["1", "2", "3"] {
        let open = json!({ "item": piece(serial), "open_only": true });
        assert_eq!(world.evaluate(CUSTOMS, ReadAlarms::NAME, &open).expect("a page")["alarms"], json!([]));
    }
}

#[test]
fn what_members_answer_and_an_authority_decides_is_their_own_record() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    world.say(CARRIER, &raised).expect("it is about the carrier");
    world.say(IMPORTER, &raised).expect("it is addressed to the holder");
    assert_eq!(world.alarm(BANK, &raised).map_err(|failure| failure.code), Err("item.alarm_not_public".to_owned()));
    assert_eq!(world.alarm(CUSTOMS, &raised).expect("official")["state"], "answered");
    world.settle_alarm(CUSTOMS, &raised, "confirmed").expect("customs has no part in it");
    let group = json!({ "group_id": raised["group_id"] });
    let group = world.evaluate(BANK, ReadAlarmGroup::NAME, &group).expect("decided");
    let answers: Vec<(&Value, &Value)> = group["answers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|answer| (&answer["answered"]["by"], &answer["authenticated"]))
        .collect();
    assert_eq!(answers, [(&json!(IMPORTER), &json!(true)), (&json!(CARRIER), &json!(true))]);
    assert_eq!(group["decision"]["authenticated"], true);
}

#[test]
fn a_decision_that_others_made_up_settles_nothing_and_hinders_nobody() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    let mut other = world.clone();
    let dismissed = other.settle_alarm(CUSTOMS, &raised, "dismissed").expect("customs has no part in it");
    world.forge("AlarmDecision", &dismissed).expect("colluding peers");
    assert_eq!(world.alarm(CUSTOMS, &raised).expect("official")["state"], "raised");
    world.settle_alarm(CUSTOMS, &raised, "confirmed").expect("nobody has decided");
    assert_eq!(world.alarm(BANK, &raised).expect("public")["state"], "confirmed");
}

#[test]
fn an_answer_by_those_whose_thing_it_is_speaks_for_nobody_else() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    world.say(IMPORTER, &raised).expect("it is addressed to the holder");
    assert_eq!(world.alarm(CUSTOMS, &raised).expect("official")["state"], "raised", "whom it is about is silent");
}

#[test]
fn the_ledgers_own_contradiction_among_those_with_standing_is_public_at_once() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    world.capture(EXPORTER, &[object_event("DELETE", "decommissioning", &[piece("1")])]).expect("held and owned");
    let used = object_event("OBSERVE", "shipping", &[piece("1")]).with("eventTime", "2025-12-03T08:00:00Z");
    let raised = world.capture(EXPORTER, &[used]).expect("recorded")["alarms"][0].clone();
    let alarm = world.alarm(BANK, &raised).expect("public at once");
    assert_eq!((&alarm["grade"], &alarm["about"]), (&json!("hard"), &json!([EXPORTER])));
    assert_eq!((codes(&world.scan("1")["conflicts"])), ["use_after_end"]);
}

#[test]
fn a_member_says_only_so_much_about_what_is_not_its_own() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    for minute in 0..20 {
        world.ship_as(CARRIER, &["1"], &format!("08:{minute:02}:00")).expect("within the bound");
    }
    assert_eq!(refused(world.ship_as(CARRIER, &["1"], "09:00:00")), "item.too_many_signals");
    world.ship_as(IMPORTER, &["1"], "09:00:00").expect("another member has said nothing yet");
    world.clock += DAY;
    world.ship_as(CARRIER, &["1"], "09:00:00").expect("the window has passed");

    let many: Vec<Value> = (0..21)
        .map(|minute| {
            object_event("OBSERVE", "shipping", &[piece("1")])
                .with("eventTime", format!("2025-12-03T08:{minute:02}:00Z"))
        })
        .collect();
    world.clock += 2 * DAY;
    assert_eq!(refused(world.capture(CARRIER, &many)), "item.too_many_signals", "nor in one document");
    world.capture(EXPORTER, &many[..1]).expect("it holds the thing");
}

#[test]
fn pages_of_alarms_reach_all_of_them_newest_first() {
    let mut world = World::established();
    world.commission(&["1"]).expect("a new serial");
    for day in 0..3 {
        for minute in 0..20 {
            world.ship_as(CARRIER, &["1"], &format!("{:02}:{minute:02}:00", day + 8)).expect("within the bound");
        }
        world.clock += DAY + 60;
    }
    for item in [json!({ "item": piece("1"), "limit": 40 }), json!({ "limit": 40 })] {
        let first = world.evaluate(CUSTOMS, ReadAlarms::NAME, &item).expect("a page");
        let second = item.with("after", first["next"].clone());
        let second = world.evaluate(CUSTOMS, ReadAlarms::NAME, &second).expect("a page");
        let raised: Vec<&str> = [&first, &second]
            .into_iter()
            .flat_map(|page| page["alarms"].as_array().expect("a list"))
            .filter_map(|alarm| alarm["raised"]["at"].as_str())
            .collect();
        assert_eq!((raised.len(), second.get("next")), (60, None));
        assert!(raised.windows(2).all(|pair| pair[0] > pair[1]), "{raised:?}");
    }
    let item = world.read_item(&piece("1")).expect("known");
    assert!(item.get("alarms").is_none() && item.to_string().len() < 1_500, "{item}");

    // None of these is public yet; then all of them are, and a scan says that there are more than it lists.
    assert_eq!(world.scan("1")["reports"], json!([]));
    world.clock += 15 * DAY;
    let scan = world.scan("1");
    assert_eq!((codes(&scan["reports"]).len(), codes(&scan["reports"])[20]), (21, "more_reports"));
}

#[test]
fn fresh_alarms_bury_no_older_ones_in_a_scan() {
    let mut world = World::established();
    let raised = world.meddled().expect("recorded");
    world.clock += 15 * DAY;
    for who in [CARRIER, SECOND_MAKER, EXPORTER, CUSTOMS, SECOND_CUSTOMS] {
        for minute in 0..20 {
            world.ship_as(who, &["1"], &format!("10:{minute:02}:00")).expect("within the bound");
        }
    }
    let reports = world.scan("1")["reports"].clone();
    assert_eq!((reports.as_array().map(Vec::len), &reports[0]["reference"]), (Some(1), &raised["alarm_id"]));
}

pub(super) fn signal_rows() -> Vec<Row> {
    vec![row("more about what another holds than one may say", "item.too_many_signals", |w| {
        w.commission(&["1"])?;
        let many: Vec<Value> = (0..21)
            .map(|minute| {
                let time = format!("2025-12-03T08:{minute:02}:00Z");
                object_event("OBSERVE", "shipping", &[piece("1")]).with("eventTime", time)
            })
            .collect();
        w.capture(CARRIER, &many)
    })]
}

pub(super) fn read_alarm_rows() -> Vec<Row> {
    vec![
        row("by whom it is about", "", |w| {
            let raised = w.meddled()?;
            w.alarm(CARRIER, &raised)
        }),
        row("before it is public", "item.alarm_not_public", |w| {
            let raised = w.meddled()?;
            w.alarm(BANK, &raised)
        }),
        row("no alarm", "item.alarm_unknown", |w| w.alarm(BANK, &json!({ "alarm_id": "0".repeat(32) }))),
    ]
}

pub(super) fn read_group_rows() -> Vec<Row> {
    fn read(world: &mut World, who: &str, raised: &Value) -> Answer {
        world.evaluate(who, ReadAlarmGroup::NAME, &json!({ "group_id": raised["group_id"] }))
    }
    vec![
        row("by whom it is addressed to", "", |w| {
            let raised = w.meddled()?;
            read(w, IMPORTER, &raised)
        }),
        row("before it is public", "item.alarm_group_not_public", |w| {
            let raised = w.meddled()?;
            read(w, BANK, &raised)
        }),
        row("no group", "item.alarm_group_unknown", |w| read(w, BANK, &json!({ "group_id": "0".repeat(32) }))),
    ]
}

pub(super) fn read_party_rows() -> Vec<Row> {
    vec![
        row("by the party", "", |w| {
            w.meddled()?;
            w.evaluate(CARRIER, ReadPartyAlarms::NAME, &json!({ "party": CARRIER, "concern": "about" }))
        }),
        row("the cursor of another list", "request.cursor_malformed", |w| {
            let elsewhere = serde_json::to_value(Cursor::of_bookmark("\0invoice\0inv-1\0".to_owned()));
            let ask = json!({ "party": CARRIER, "concern": "raised", "after": elsewhere.expect("a text") });
            w.evaluate(BANK, ReadPartyAlarms::NAME, &ask)
        }),
    ]
}

pub(super) fn read_sightings_rows() -> Vec<Row> {
    vec![
        row("of a thing", "", |w| w.evaluate(BANK, ReadSightings::NAME, &json!({ "item": piece("1") }))),
        row("of a recorder", "", |w| w.evaluate(BANK, ReadSightings::NAME, &json!({ "recorder": CARRIER }))),
        row("of nothing", "item.sightings_of_nothing", |w| w.evaluate(BANK, ReadSightings::NAME, &json!({}))),
    ]
}

pub(super) fn answer_rows() -> Vec<Row> {
    vec![
        row("by whom it is about", "", |w| {
            let raised = w.meddled()?;
            w.say(CARRIER, &raised)
        }),
        row("by a stranger", "item.alarm_not_concerned", |w| {
            let raised = w.meddled()?;
            w.say(SECOND_MAKER, &raised)
        }),
        row("twice", "item.alarm_answered", |w| {
            let raised = w.meddled()?;
            w.say(CARRIER, &raised)?;
            w.say(CARRIER, &raised)
        }),
        row("after the decision", "item.alarm_decided", |w| {
            let raised = w.meddled()?;
            w.settle_alarm(CUSTOMS, &raised, "confirmed")?;
            w.say(CARRIER, &raised)
        }),
        row("no group", "item.alarm_group_unknown", |w| w.say(CARRIER, &json!({ "group_id": "0".repeat(32) }))),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let raised = w.meddled()?;
            w.say(REGULATOR, &raised)
        }),
    ]
}

pub(super) fn decide_rows() -> Vec<Row> {
    vec![
        row("by customs", "", |w| {
            let raised = w.meddled()?;
            w.settle_alarm(CUSTOMS, &raised, "explained")
        }),
        row("by the holder that it protects", "caller.role_missing", |w| {
            let raised = w.meddled()?;
            w.settle_alarm(IMPORTER, &raised, "confirmed")
        }),
        row("by whom it is about", "caller.role_missing", |w| {
            let raised = w.meddled()?;
            w.settle_alarm(CARRIER, &raised, "dismissed")
        }),
        row("about customs itself", "item.alarm_decided_by_party", |w| {
            w.commission(&["1"])?;
            let raised = w.ship_as(CUSTOMS, &["1"], "08:00:00")?;
            w.settle_alarm(CUSTOMS, &raised, "explained")
        }),
        row("by a distant authority", "item.alarm_of_another_place", |w| {
            let raised = w.meddled()?;
            w.settle_alarm(SECOND_CUSTOMS, &raised, "explained")
        }),
        row("twice", "item.alarm_decided", |w| {
            let raised = w.meddled()?;
            w.settle_alarm(CUSTOMS, &raised, "explained")?;
            w.settle_alarm(CUSTOMS, &raised, "confirmed")
        }),
        row("without a reason", "request.text_malformed", |w| {
            let raised = w.meddled()?;
            let request = json!({ "group_id": raised["group_id"], "finding": "explained", "reason": " " });
            w.submit(CUSTOMS, DecideAlarm::NAME, &request)
        }),
        row("no group", "item.alarm_group_unknown", |w| {
            w.settle_alarm(CUSTOMS, &json!({ "group_id": "0".repeat(32) }), "explained")
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let raised = w.meddled()?;
            w.settle_alarm(REGULATOR, &raised, "explained")
        }),
    ]
}
