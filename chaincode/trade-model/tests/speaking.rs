//! Every table whose records name a member that did something bears authorship digests, or it is said why not.
//!
//! A record with a stamp can be taken for the word of the member that it names. Where that member's own peer need not
//! have endorsed it, contracts must not rely on it as that member's word, and readers must know.

use std::collections::BTreeSet;

use trade_model::tables;

/// Tables with stamps whose records are what contracts computed, and why that is enough.
const COMPUTED: &[(&str, &str)] = &[
    ("alarm", "what the ledger found when an event came; answers and decisions beside it are authored"),
    ("alarm-group", "the same"),
    ("event", "a statement's effects are for a majority to judge; a flipped creator is found by the verifiers"),
    ("participants", "in force by the authored confirmations of all that are listed, and by authored ballots"),
    ("proposal-outcome", "counted from authored ballots"),
];

#[test]
fn every_table_with_stamps_is_authored_or_has_a_reason() {
    let found: BTreeSet<&str> = tables::readers()
        .values()
        .filter(|reader| reader.bears_stamps() && !reader.info.authored && !reader.info.private)
        .map(|reader| reader.info.name)
        .collect();
    let listed: BTreeSet<&str> = COMPUTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, listed);
}
