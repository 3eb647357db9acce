//! Rules: one table per transaction, one row per rejection, against the in-memory ledger, which runs every row twice.

mod accounts;
mod acts;
mod agreement;
mod alarm_groups;
mod alarms;
mod authorship;
mod clearance;
mod conditions;
mod contention;
mod corrections;
mod credit;
mod custody;
mod customs;
mod disclosure;
mod documents;
mod evidence;
mod exhaustion;
mod filing;
mod founding;
mod governance;
mod held;
mod holds;
mod interception;
mod item;
mod laundering;
mod laws;
mod mandate;
mod openings;
mod payer;
mod payment;
mod payment_attacks;
mod persons;
mod proposals;
mod recovery;
mod rights;
mod serials;
mod settlement;
mod standing;
mod time;
mod title;
mod trace;
mod trace_pages;
mod verification;
mod voting;
mod world;

use std::collections::BTreeSet;

use trade_model::rejection::Rejection;
use world::Row;

/// Every table, by the transaction it is about.
fn tables() -> Vec<(&'static str, Vec<Row>)> {
    [
        founding::tables(),
        governance::tables(),
        proposals::tables(),
        rights::tables(),
        evidence::tables(),
        item::tables(),
        serials::tables(),
        custody::tables(),
        recovery::tables(),
        title::tables(),
        mandate::tables(),
        filing::tables(),
        acts::tables(),
        holds::tables(),
        accounts::tables(),
        agreement::tables(),
        payment::tables(),
        settlement::tables(),
        payer::tables(),
        credit::tables(),
        openings::tables(),
        disclosure::tables(),
        persons::tables(),
        conditions::tables(),
    ]
    .concat()
}

#[test]
fn every_rejection_is_reached_by_a_row() {
    let expected: BTreeSet<&str> = tables().iter().flat_map(|(_, rows)| rows.iter().map(|row| row.code)).collect();
    let missing: Vec<_> = Rejection::rules().map(|rule| rule.code).filter(|code| !expected.contains(code)).collect();
    assert!(missing.is_empty(), "no row reaches {missing:?}");
    let known: BTreeSet<&str> = Rejection::rules().map(|rule| rule.code).collect();
    let foreign: Vec<_> = expected.iter().filter(|code| !code.is_empty() && !known.contains(*code)).collect();
    assert!(foreign.is_empty(), "rows expect codes that do not exist: {foreign:?}");
}

#[test]
fn every_transaction_has_a_table() {
    let tested: BTreeSet<&str> = tables().iter().map(|(name, _)| *name).collect();
    for transaction in crate::router().transactions() {
        assert!(tested.contains(transaction.name.as_str()), "{} has no table", transaction.name);
    }
}

#[test]
fn a_regulator_can_change_nothing() {
    for transaction in crate::router().transactions() {
        if transaction.kind == fabric_contract::Kind::Evaluate {
            continue;
        }
        let rows = tables().into_iter().filter(|(name, _)| *name == transaction.name).flat_map(|(_, rows)| rows);
        let refused = rows.filter(|row| row.code == "caller.regulator_reads_only").count();
        assert_eq!(refused, 1, "{} has no row for the regulator", transaction.name);
    }
}
