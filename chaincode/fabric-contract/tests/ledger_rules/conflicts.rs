//! What two transactions of one block do to each other, and policies of keys.

use super::*;

#[test]
fn two_readers_that_write_conflict_and_the_first_wins() -> Test {
    let mut ledger = ledger_of(|context| {
        let count: u64 = context.get_json("count")?.unwrap_or_default();
        context.put_json("count", &(count + 1))?;
        Ok(String::new())
    });
    let first = ledger.call("t:Run").endorse()?;
    let second = ledger.call("t:Run").endorse()?;
    let outcome = ledger.commit(vec![first, second]);
    assert_eq!(outcome, [Validation::Valid, Validation::MvccReadConflict { key: "count".to_owned() }]);
    assert_eq!(ledger.get_json("count"), Some(1));
    Ok(())
}

#[test]
fn blind_writes_do_not_conflict() -> Test {
    let mut ledger = ledger_with(Contract::new("t"));
    let first = ledger.call("note:Put").json(&("k", "1")).endorse()?;
    let second = ledger.call("note:Put").json(&("k", "2")).endorse()?;
    assert_eq!(ledger.commit(vec![first, second]), [Validation::Valid, Validation::Valid]);
    assert_eq!(ledger.get("k"), Some(b"2".to_vec()));
    Ok(())
}

#[test]
fn deleting_an_absent_key_conflicts_with_a_reader_in_the_same_block() -> Test {
    let mut ledger = ledger_with(Contract::new("t"));
    let delete = ledger.call("note:Delete").arg("absent").endorse()?;
    let reader = ledger.call("note:Touch").arg("absent").endorse()?;
    let outcome = ledger.commit(vec![delete, reader.clone()]);
    assert_eq!(outcome[1], Validation::MvccReadConflict { key: "absent".to_owned() });
    // In the next block the key is still absent, as the reader saw it.
    assert_eq!(ledger.commit(vec![reader]), [Validation::Valid]);
    Ok(())
}

#[test]
fn a_change_inside_a_queried_range_is_a_phantom_and_one_beyond_is_not() -> Test {
    let mut ledger = ledger_with(many_keys(250));
    ledger.call("t:Fill").submit()?;
    let phantom = Validation::PhantomReadConflict { start: "k".to_owned() };
    for (limit, key, expected) in [
        (300, "k0200x", phantom.clone()),
        (1, "k0050x", phantom.clone()),
        (1, "k0200x", Validation::Valid),
        (300, "m", Validation::Valid),
    ] {
        let mut fork = ledger.clone();
        let reader = fork.call("t:Range").json(&limit).endorse()?;
        let writer = fork.call("note:Put").json(&(key, "x")).endorse()?;
        let before = fork.clone().commit(vec![reader.clone(), writer.clone()]);
        assert_eq!(before[0], Validation::Valid, "the reader stands first");
        assert_eq!(fork.commit(vec![writer, reader])[1], expected, "limit {limit}, key {key}");
    }
    Ok(())
}

#[test]
fn a_stale_private_read_conflicts() -> Test {
    let mut ledger = ledger_of(|context| {
        let value = text(context.private(SHARED).get("k")?);
        context.put("copy", value.into_bytes())?;
        Ok(String::new())
    });
    keep_secret(&mut ledger, SHARED, "k", "1")?;
    let reader = ledger.call("t:Run").endorse()?;
    keep_secret(&mut ledger, SHARED, "k", "2")?;
    assert!(matches!(ledger.commit(vec![reader]).as_slice(), [Validation::MvccReadConflict { .. }]));
    Ok(())
}

#[test]
fn a_key_policy_is_stored_bumps_the_version_and_goes_with_the_key() -> Test {
    let contract = Contract::new("t")
        .submit("Protect", |context, key: String| {
            context.set_endorsers(&key, Some(&EndorserPolicy::all_of(["AMSP", "BMSP"])?))
        })
        .evaluate("Policy", |context, key: String| {
            let policy = context.endorsers(&key)?.and_then(|bytes| EndorserPolicy::decode(&bytes));
            Ok::<_, Fault>(policy.map(|policy| policy.msp_ids().collect::<Vec<_>>().join(",")))
        });
    let mut ledger = ledger_with(contract);
    ledger.call("t:Protect").arg("k").submit()?;
    assert_eq!(ledger.policy("", "k"), None, "an absent key takes no policy");
    put(&mut ledger, "k", "1")?;
    let reader = ledger.call("note:Touch").arg("k").endorse()?;
    ledger.call("t:Protect").arg("k").submit()?;
    assert!(matches!(ledger.commit(vec![reader]).as_slice(), [Validation::MvccReadConflict { .. }]));
    put(&mut ledger, "k", "2")?;
    let shown: Option<String> = ledger.call("t:Policy").arg("k").evaluate()?.json()?;
    assert_eq!(shown.as_deref(), Some("AMSP,BMSP"));
    ledger.call("note:Delete").arg("k").submit()?;
    put(&mut ledger, "k", "3")?;
    assert_eq!(ledger.policy("", "k"), None);
    Ok(())
}

#[test]
fn a_key_sheds_its_policy_only_when_its_deletion_is_a_transaction_of_its_own() -> Test {
    let contract = Contract::new("t")
        .submit("Protect", |context, key: String| context.set_endorsers(&key, Some(&EndorserPolicy::all_of(["AMSP"])?)))
        .submit("Rewrite", |context, key: String| {
            context.delete(&key)?;
            context.put(&key, b"2".to_vec())
        });
    let mut ledger = ledger_with(contract);
    put(&mut ledger, "k", "1")?;
    ledger.call("t:Protect").arg("k").submit()?;
    ledger.call("t:Rewrite").arg("k").submit()?;
    assert_eq!(ledger.get("k"), Some(b"2".to_vec()));
    assert!(ledger.policy("", "k").is_some(), "of two writes in one transaction the last counts, and it changes a key");
    ledger.call("note:Delete").arg("k").submit()?;
    put(&mut ledger, "k", "3")?;
    assert_eq!(ledger.policy("", "k"), None);
    Ok(())
}
