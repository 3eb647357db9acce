//! `payment`: accounts, and the entries that their banks report.

use serde_json::{Value, json};
use trade_model::Transaction as _;
use trade_model::payment::{AcceptAccount, EndAccount, NameBank, ReadAccount, ReadEntry, RecordEntry, ReverseEntry};

use super::payment::{PAID, entry_of, record, trading};
use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

/// The bank keeps the account of a holder; once for a world.
pub(super) fn bank_of(world: &mut World, holder: &str) {
    let question = json!({ "holder": holder, "bank": BANK });
    if world.evaluate(REGULATOR, ReadAccount::NAME, &question).is_err() {
        world.submit(holder, NameBank::NAME, &json!({ "bank": BANK })).expect("a bank");
        world.submit(BANK, AcceptAccount::NAME, &json!({ "holder": holder })).expect("an account");
    }
}

/// Records an entry with one field changed.
pub(super) fn entry_with(world: &mut World, field: &str, value: impl Into<Value>) -> Answer {
    let opening = world.opening(PAID);
    record(world, &entry_of(&opening).with(field, value), &opening)
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        (NameBank::NAME, name_rows()),
        (AcceptAccount::NAME, account_rows()),
        (EndAccount::NAME, end_rows()),
        (RecordEntry::NAME, [entry_rows(), repeated_rows(), own_account_rows()].concat()),
        (ReverseEntry::NAME, reverse_rows()),
        (
            ReadAccount::NAME,
            vec![row("no account", "payment.account_unknown", |w| {
                w.evaluate(REGULATOR, ReadAccount::NAME, &json!({ "holder": EXPORTER, "bank": BANK }))
            })],
        ),
        (
            ReadEntry::NAME,
            vec![row("no entry", "payment.entry_unknown", |w| {
                w.evaluate(REGULATOR, ReadEntry::NAME, &json!({ "entry_id": "x" }))
            })],
        ),
    ]
}

fn name_rows() -> Vec<Row> {
    vec![
        row("a bank", "", |w| w.submit(EXPORTER, NameBank::NAME, &json!({ "bank": BANK }))),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, NameBank::NAME, &json!({ "bank": BANK }))
        }),
        row("a carrier", "payment.bank_unknown", |w| w.submit(EXPORTER, NameBank::NAME, &json!({ "bank": CARRIER }))),
        row("a stranger", "payment.bank_unknown", |w| w.submit(EXPORTER, NameBank::NAME, &json!({ "bank": STRANGER }))),
        row("itself", "payment.bank_unknown", |w| {
            w.submit(SECOND_MAKER, NameBank::NAME, &json!({ "bank": SECOND_MAKER }))
        }),
        row("twice", "payment.account_named", |w| {
            w.submit(EXPORTER, NameBank::NAME, &json!({ "bank": BANK }))?;
            w.submit(EXPORTER, NameBank::NAME, &json!({ "bank": BANK }))
        }),
        row("again after the end", "", |w| {
            bank_of(w, EXPORTER);
            w.submit(EXPORTER, EndAccount::NAME, &json!({ "holder": EXPORTER, "bank": BANK }))?;
            w.submit(EXPORTER, NameBank::NAME, &json!({ "bank": BANK }))
        }),
    ]
}

fn account_rows() -> Vec<Row> {
    vec![
        row("that was named", "", |w| {
            w.submit(EXPORTER, NameBank::NAME, &json!({ "bank": BANK }))?;
            w.submit(BANK, AcceptAccount::NAME, &json!({ "holder": EXPORTER }))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            w.submit(REGULATOR, AcceptAccount::NAME, &json!({ "holder": EXPORTER }))
        }),
        row("whose holder has not named it", "payment.account_not_named", |w| {
            w.submit(BANK, AcceptAccount::NAME, &json!({ "holder": EXPORTER }))
        }),
        row("twice", "payment.account_open", |w| {
            bank_of(w, EXPORTER);
            w.submit(BANK, AcceptAccount::NAME, &json!({ "holder": EXPORTER }))
        }),
        row("once more after its end", "payment.account_not_named", |w| {
            bank_of(w, EXPORTER);
            w.submit(EXPORTER, EndAccount::NAME, &json!({ "holder": EXPORTER, "bank": BANK }))?;
            w.submit(BANK, AcceptAccount::NAME, &json!({ "holder": EXPORTER }))
        }),
    ]
}

fn end_rows() -> Vec<Row> {
    fn ended(w: &mut World, who: &str) -> Answer {
        bank_of(w, EXPORTER);
        w.submit(who, EndAccount::NAME, &json!({ "holder": EXPORTER, "bank": BANK }))
    }
    vec![
        row("by the holder", "", |w| ended(w, EXPORTER)),
        row("by the bank", "", |w| ended(w, BANK)),
        row("by another", "payment.not_their_account", |w| ended(w, IMPORTER)),
        row("by the regulator", "caller.regulator_reads_only", |w| ended(w, REGULATOR)),
        row("twice", "payment.account_not_named", |w| {
            ended(w, EXPORTER)?;
            w.submit(BANK, EndAccount::NAME, &json!({ "holder": EXPORTER, "bank": BANK }))
        }),
    ]
}

fn entry_rows() -> Vec<Row> {
    vec![
        row("an entry", "", |w| entry_with(w, "entry_id", "ent-1")),
        row("by the exporter", "caller.role_missing", |w| {
            let opening = w.opening(PAID);
            w.submit(EXPORTER, RecordEntry::NAME, &entry_of(&opening))
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| {
            let opening = w.opening(PAID);
            w.submit(REGULATOR, RecordEntry::NAME, &entry_of(&opening))
        }),
        row("by a bank that the holder has not named", "payment.account_not_open", |w| {
            trading(w);
            let opening = w.opening(PAID);
            w.submit(SECOND_MAKER, RecordEntry::NAME, &entry_of(&opening))
        }),
        row("by a bank that has not accepted", "payment.account_not_open", |w| {
            w.submit(EXPORTER, NameBank::NAME, &json!({ "bank": BANK }))?;
            let opening = w.opening(PAID);
            w.submit(BANK, RecordEntry::NAME, &entry_of(&opening))
        }),
        row("on an account that is ended", "payment.account_not_open", |w| {
            trading(w);
            w.submit(EXPORTER, EndAccount::NAME, &json!({ "holder": EXPORTER, "bank": BANK }))?;
            let opening = w.opening(PAID);
            w.submit(BANK, RecordEntry::NAME, &entry_of(&opening))
        }),
        row("another detail of the same batch", "", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            let opening = w.opening(PAID);
            record(w, &entry_of(&opening).with("entry_id", "ent-2").with("detail_number", 1), &opening)
        }),
        row("for a stranger", "payment.partner_not_enrolled", |w| entry_with(w, "account_holder", STRANGER)),
        row("without a bank reference", "request.text_malformed", |w| entry_with(w, "account_servicer_reference", "")),
        row("an unknown currency", "identifier.not_listed", |w| entry_with(w, "currency", "XAU")),
    ]
}

fn repeated_rows() -> Vec<Row> {
    vec![
        row("an id that is taken", "payment.entry_exists", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            entry_with(w, "account_servicer_reference", "BK-2026-78")
        }),
        row("the same entry under another id", "payment.entry_reported_before", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            entry_with(w, "entry_id", "ent-2")
        }),
        row("the right one after it was reported in error", "", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            reverse(w, BANK, "reported_in_error")?;
            entry_with(w, "entry_id", "ent-2")
        }),
        row("the same one after it was reversed", "payment.entry_reported_before", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            reverse(w, BANK, "reversed")?;
            entry_with(w, "entry_id", "ent-2")
        }),
    ]
}

fn own_account_rows() -> Vec<Row> {
    vec![
        row("on the bank's own account", "", |w| own_entry(w, true)),
        row("on the bank's own account without a proof", "payment.amount_proof_unfit", |w| own_entry(w, false)),
        row("on another's account with a proof", "payment.amount_proof_unfit", |w| {
            let opening = w.opening(PAID);
            let proof = w.amount_proof(ENTRY, &opening);
            record(w, &entry_of(&opening).with("amount_proof", proof), &opening)
        }),
        row("on its own account with the proof of another entry", "proof.of_another_record", |w| {
            let opening = w.opening(PAID);
            let proof = w.amount_proof(ENTRY, &opening);
            let entry = entry_of(&opening).with("account_holder", BANK).with("entry_id", "ent-2");
            w.submit(BANK, RecordEntry::NAME, &entry.with("amount_proof", proof))
        }),
    ]
}

pub(super) fn reverse(world: &mut World, who: &str, ground: &str) -> Answer {
    world.submit(who, ReverseEntry::NAME, &json!({ "entry_id": ENTRY, "ground": ground }))
}

/// The bank reports an entry of its own account.
pub(super) fn own_entry(world: &mut World, proved: bool) -> Answer {
    let opening = world.opening(PAID);
    let mut entry = entry_of(&opening).with("account_holder", BANK);
    if proved {
        entry["amount_proof"] = json!(world.amount_proof(ENTRY, &opening));
    }
    world.submit(BANK, RecordEntry::NAME, &entry)
}

fn reverse_rows() -> Vec<Row> {
    /// The second entry is said to reverse the first.
    fn reversed_by(w: &mut World, field: &str, value: Value) -> Answer {
        entry_with(w, "entry_id", "ent-1")?;
        let opening = w.opening(PAID);
        let second = entry_of(&opening).with("entry_id", "ent-2").with("account_servicer_reference", "BK-2026-99");
        record(w, &second.with("reversal", true).with(field, value), &opening)?;
        let request = json!({ "entry_id": ENTRY, "ground": "reversed", "reversed_by": "ent-2" });
        w.submit(BANK, ReverseEntry::NAME, &request)
    }
    vec![
        row("by the bank", "", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            reverse(w, BANK, "reversed")
        }),
        row("by the entry that reversed it", "", |w| reversed_by(w, "direction", json!("debit"))),
        row("by an entry that is no reversal", "payment.not_a_reversal", |w| reversed_by(w, "reversal", json!(false))),
        row("by one in another currency", "payment.not_a_reversal", |w| reversed_by(w, "currency", json!("CHF"))),
        row("by another bank", "payment.not_the_bank", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            reverse(w, SECOND_MAKER, "reversed")
        }),
        row("by the account holder", "caller.role_missing", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            reverse(w, EXPORTER, "reversed")
        }),
        row("by the regulator", "caller.regulator_reads_only", |w| reverse(w, REGULATOR, "reversed")),
        row("of no entry", "payment.entry_unknown", |w| reverse(w, BANK, "reversed")),
        row("twice", "payment.entry_reversed", |w| {
            entry_with(w, "entry_id", "ent-1")?;
            reverse(w, BANK, "reversed")?;
            reverse(w, BANK, "reported_in_error")
        }),
    ]
}
