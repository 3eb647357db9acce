//! What a contract may and may not do with the ledger, one rule per test.

use std::sync::atomic::{AtomicU64, Ordering};

use fabric_contract::{
    CompositeKey, Context, Contract, EndorserPolicy, Failure, Fault, Response, Router, Timestamp, TransientError,
    testing::{Collection, MemoryLedger, Validation, creator},
};

type Test = Result<(), Failure>;

const SHARED: &str = "shared";

/// A ledger whose contract `t` has the one transaction `Run`.
fn ledger_of(run: impl Fn(&mut Context<'_>) -> Result<String, Failure> + Send + Sync + 'static) -> MemoryLedger {
    ledger_with(Contract::new("t").submit("Run", move |context, (): ()| run(context)))
}

fn ledger_with(contract: Contract) -> MemoryLedger {
    let notes = Contract::new("note")
        .submit("Put", |context, (key, value): (String, String)| context.put(&key, value.into_bytes()))
        .submit("Delete", |context, key: String| context.delete(&key))
        .submit("Secret", |context, (collection, key): (String, String)| {
            let value = context.transient("value").unwrap_or_default().to_vec();
            context.private(&collection).put(&key, value)
        })
        .submit("Touch", |context, key: String| {
            context.get(&key)?;
            context.put("other", b"x".to_vec())
        });
    MemoryLedger::new(Router::new("Test", "1").contract(notes).contract(contract), &["AMSP", "BMSP", "CMSP"])
        .with_collection(Collection::new(SHARED, &["AMSP", "BMSP"]).member_only_read().member_only_write())
}

fn put(ledger: &mut MemoryLedger, key: &str, value: &str) -> Test {
    ledger.call("note:Put").json(&(key, value)).submit().map(drop)
}

fn code_of<T: std::fmt::Debug>(result: Result<T, Failure>) -> (u16, String) {
    let failure = result.unwrap_err();
    (failure.status, failure.code)
}

fn failed(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn text(value: Option<Vec<u8>>) -> String {
    value.map_or("none".to_owned(), |value| String::from_utf8_lossy(&value).into_owned())
}

#[test]
fn a_transaction_does_not_read_its_own_writes() -> Test {
    let mut ledger = ledger_of(|context| {
        context.put("k", b"new".to_vec())?;
        Ok(text(context.get("k")?))
    });
    put(&mut ledger, "k", "old")?;
    assert_eq!(ledger.call("t:Run").submit()?.payload, b"old");
    assert_eq!(ledger.get("k"), Some(b"new".to_vec()));
    Ok(())
}

#[test]
fn the_last_write_to_a_key_wins() -> Test {
    let mut ledger = ledger_of(|context| {
        context.put("a", b"1".to_vec())?;
        context.delete("a")?;
        context.put("a", b"2".to_vec())?;
        context.put("b", b"1".to_vec())?;
        context.delete("b")?;
        Ok(String::new())
    });
    let committed = ledger.call("t:Run").submit()?;
    assert_eq!(committed.read_write_set.writes.len(), 2);
    assert_eq!((ledger.get("a"), ledger.get("b")), (Some(b"2".to_vec()), None));
    Ok(())
}

#[test]
fn a_refused_transaction_writes_nothing() {
    let mut ledger = ledger_of(|context| {
        context.put("k", b"x".to_vec())?;
        context.private(SHARED).put("k", b"x".to_vec())?;
        Err(Failure::new(409, "no", "No"))
    });
    assert_eq!(code_of(ledger.call("t:Run").submit()), failed(409, "no"));
    assert_eq!((ledger.height(), ledger.keys().count()), (0, 0));
}

#[test]
fn a_panic_is_a_failure_with_a_fixed_message() {
    let mut ledger = ledger_of(|_| panic!("secret"));
    let failure = ledger.call("t:Run").submit().unwrap_err();
    assert_eq!(failure, Failure::panicked());
    assert!(!failure.message().contains("secret"));
}

#[test]
fn empty_values_and_reserved_keys_are_refused_even_when_the_error_is_ignored() {
    type Step = fn(&mut Context<'_>) -> Result<(), Fault>;
    let rows: [(&str, Step); 6] = [
        ("value_empty", |context| context.put("k", Vec::new())),
        ("value_empty", |context| context.private(SHARED).put("k", Vec::new())),
        ("key_malformed", |context| context.put("", b"x".to_vec())),
        ("key_malformed", |context| context.put("\0item\0", b"x".to_vec())),
        ("collection_name_empty", |context| context.private("").put("k", b"x".to_vec())),
        ("event_name_empty", |context| context.set_event("", Vec::new())),
    ];
    for (code, step) in rows {
        let mut ledger = ledger_of(move |context| {
            assert!(step(context).is_err());
            Ok("ignored".to_owned())
        });
        assert_eq!(code_of(ledger.call("t:Run").submit()), failed(500, code));
    }
}

#[test]
fn an_evaluate_transaction_cannot_write() -> Test {
    let mut ledger = ledger_with(
        Contract::new("t")
            .evaluate("Put", |context, (): ()| context.put("k", b"x".to_vec()))
            .evaluate("Delete", |context, (): ()| context.private(SHARED).delete("k"))
            .evaluate("Event", |context, (): ()| context.set_event("e", Vec::new()))
            .evaluate("Endorsers", |context, (): ()| context.set_endorsers("k", None))
            .evaluate("Get", |context, (): ()| Ok::<_, Fault>(text(context.get("k")?))),
    );
    for name in ["t:Put", "t:Delete", "t:Event", "t:Endorsers"] {
        assert_eq!(code_of(ledger.call(name).evaluate()), failed(500, "transaction_read_only"), "{name}");
    }
    assert_eq!(ledger.call("t:Get").evaluate()?.payload, b"none");
    Ok(())
}

#[test]
fn any_transaction_can_be_tried_without_a_commit() -> Test {
    let mut ledger = ledger_of(|context| {
        context.put("k", b"x".to_vec())?;
        Ok("done".to_owned())
    });
    let tried = ledger.call("t:Run").evaluate()?;
    assert_eq!((tried.payload.as_slice(), tried.read_write_set.writes.len()), (&b"done"[..], 1));
    assert_eq!((ledger.height(), ledger.get("k")), (0, None));
    Ok(())
}

#[test]
fn each_key_is_asked_for_once() -> Test {
    let mut ledger = ledger_of(|context| {
        let many = context.get_many(&["a", "b", "a", "c"])?;
        let again = context.get_many(&["c", "a"])?;
        Ok(format!("{:?} {:?} {}", many.len(), again.len(), text(context.get("a")?)))
    });
    put(&mut ledger, "a", "1")?;
    let run = ledger.call("t:Run").evaluate()?;
    assert_eq!(run.payload, b"4 2 1");
    assert_eq!(run.read_write_set.reads.len(), 3);
    Ok(())
}

#[test]
fn a_range_without_a_start_leaves_out_composite_keys() -> Test {
    let mut ledger = ledger_of(|context| {
        let rows = context.range("", "", 10)?;
        let keys: Vec<_> = rows.rows.iter().map(|row| row.key.as_str()).collect();
        Ok(format!("{} {}", keys.join(","), rows.complete))
    });
    let mut setup = ledger_of(|context| {
        context.put(&CompositeKey::new("item", &["1"])?, b"x".to_vec())?;
        context.put("b", b"x".to_vec())?;
        context.put("a", b"x".to_vec())?;
        Ok(String::new())
    });
    setup.call("t:Run").submit()?;
    put(&mut ledger, "a", "x")?;
    put(&mut ledger, "b", "x")?;
    let run = ledger.call("t:Run").evaluate()?;
    assert_eq!(run.payload, b"a,b true");
    assert_eq!(run.read_write_set.ranges[0].start, "\u{1}");
    assert_eq!(setup.keys().collect::<Vec<_>>(), ["\0item\x001\0", "a", "b"]);
    Ok(())
}

#[test]
fn a_scan_finds_longer_composite_keys_only() -> Test {
    let contract = Contract::new("t")
        .submit("Fill", |context, (): ()| {
            for attributes in [&["a"][..], &["a", ""], &["a", "1"], &["a", "2"], &["ab", "1"], &["b", "1"]] {
                context.put(&CompositeKey::new("item", attributes)?, attributes.join("/").into_bytes())?;
            }
            Ok::<_, Fault>(())
        })
        .evaluate("Scan", |context, limit: usize| {
            let rows = context.scan(&CompositeKey::new("item", &["a"])?, limit)?;
            let keys: Result<Vec<_>, Fault> =
                rows.rows.iter().map(|row| Ok(row.composite_key()?.to_string())).collect();
            Ok::<_, Fault>((keys?, rows.complete))
        });
    let mut ledger = ledger_with(contract);
    ledger.call("t:Fill").submit()?;
    let found: (Vec<String>, bool) = ledger.call("t:Scan").json(&10).evaluate()?.json()?;
    assert_eq!(found, (vec!["item/a/".to_owned(), "item/a/1".to_owned(), "item/a/2".to_owned()], true));
    let found: (Vec<String>, bool) = ledger.call("t:Scan").json(&2).evaluate()?.json()?;
    assert_eq!((found.0.len(), found.1), (2, false));
    assert_eq!(code_of(ledger.call("t:Scan").json(&0).evaluate()), failed(500, "limit_out_of_range"));
    Ok(())
}

fn many_keys(count: usize) -> Contract {
    Contract::new("t")
        .submit("Fill", move |context, (): ()| {
            (0..count).try_for_each(|index| context.put(&format!("k{index:04}"), b"x".to_vec()))
        })
        .submit("Range", |context, limit: usize| {
            let rows = context.range("k", "l", limit)?;
            context.put("count", rows.rows.len().to_string().into_bytes())?;
            Ok::<_, Fault>((rows.rows.len(), rows.complete))
        })
}

#[test]
fn long_ranges_arrive_in_batches_and_record_what_was_fetched() -> Test {
    let mut ledger = ledger_with(many_keys(250));
    ledger.call("t:Fill").submit()?;
    for (limit, found, complete, recorded) in [
        (300, 250, true, 250),
        (250, 250, true, 250),
        (150, 150, false, 201),
        (100, 100, false, 101),
        (1, 1, false, 101),
    ] {
        let run = ledger.call("t:Range").json(&limit).evaluate()?;
        assert_eq!(run.json::<(usize, bool)>()?, (found, complete), "limit {limit}");
        let range = &run.read_write_set.ranges[0];
        assert_eq!((range.found.len(), range.exhausted), (recorded, complete), "limit {limit}");
    }
    Ok(())
}

#[test]
fn a_page_of_all_composite_keys_holds_every_type_and_no_plain_key() -> Test {
    let contract = Contract::new("t")
        .submit("Fill", |context, (): ()| {
            context.put("plain", b"x".to_vec())?;
            for (kind, attribute) in [("lot", "1"), ("item", "2"), ("item", "1"), ("", "")] {
                context.put(&CompositeKey::new(kind, &[attribute])?, b"x".to_vec())?;
            }
            Ok::<_, Fault>(())
        })
        .evaluate("Page", |context, bookmark: String| {
            let page = context.composite_page(3, &bookmark)?;
            let keys: Vec<_> = page.rows.into_iter().map(|row| row.key).collect();
            Ok::<_, Fault>((keys, page.bookmark))
        });
    let mut ledger = ledger_with(contract);
    ledger.call("t:Fill").submit()?;
    let page = |bookmark: &str, ledger: &mut MemoryLedger| -> Result<(Vec<String>, Option<String>), Failure> {
        ledger.call("t:Page").arg(bookmark).evaluate()?.json()
    };
    let (first, bookmark) = page("", &mut ledger)?;
    assert_eq!(first, ["\0\0\0", "\0item\x001\0", "\0item\x002\0"]);
    let (last, end) = page(&bookmark.unwrap_or_default(), &mut ledger)?;
    assert_eq!((last, end), (vec!["\0lot\x001\0".to_owned()], None));
    Ok(())
}

#[test]
fn an_attribute_is_asked_for_by_name_and_value() {
    let creator = creator("AMSP").attribute("quality", "auditor").build();
    assert_eq!(creator.attribute("quality"), Some("auditor"));
    assert!(creator.has_attribute("quality", "auditor"));
    assert!(!creator.has_attribute("quality", "Auditor") && !creator.has_attribute("rank", "auditor"));
    assert!(creator.has_role("client") && !creator.has_role("admin"));
}

#[test]
fn pages_follow_one_another_by_bookmark() -> Test {
    let contract = many_keys(5).evaluate("Page", |context, bookmark: String| {
        let page = context.page("k", "l", 2, &bookmark)?;
        let keys: Vec<_> = page.rows.into_iter().map(|row| row.key).collect();
        Ok::<_, Fault>((keys, page.bookmark))
    });
    let mut ledger = ledger_with(contract);
    ledger.call("t:Fill").submit()?;
    let mut bookmark = String::new();
    let mut sizes = Vec::new();
    loop {
        let (keys, next): (Vec<String>, Option<String>) = ledger.call("t:Page").arg(&bookmark).evaluate()?.json()?;
        sizes.push(keys.len());
        match next {
            Some(next) => bookmark = next,
            None => break,
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    Ok(())
}

#[test]
fn queries_that_need_a_read_only_transaction_exclude_writes_in_both_orders() {
    type Step = fn(&mut Context<'_>) -> Result<(), Fault>;
    let write: Step = |context| context.put("k", b"x".to_vec());
    let page: Step = |context| context.page("", "", 1, "").map(drop);
    let private: Step = |context| context.private(SHARED).range("", "", 1).map(drop);
    let rows = [
        (page, write, "write_after_paged_query"),
        (write, page, "paged_query_after_write"),
        (private, write, "write_after_private_query"),
        (write, private, "private_query_after_write"),
    ];
    for (first, second, code) in rows {
        let mut ledger = ledger_of(move |context| {
            first(context)?;
            // Ignored on purpose: the rule holds for the transaction, not for the call.
            let _ = second(context);
            Ok(String::new())
        });
        assert_eq!(code_of(ledger.call("t:Run").submit()), failed(500, code));
    }
}

fn private_reader() -> Contract {
    Contract::new("t")
        .evaluate("Get", |context, key: String| Ok::<_, Fault>(text(context.private(SHARED).get(&key)?)))
        .evaluate("Many", |context, keys: Vec<String>| {
            let values = context.private(SHARED).get_many(&keys)?;
            Ok::<_, Fault>(values.into_iter().map(text).collect::<Vec<_>>())
        })
        .evaluate("Hash", |context, key: String| Ok::<_, Fault>(context.private(SHARED).hash(&key)?.map(hex::encode)))
        .submit("Purge", |context, key: String| context.private(SHARED).purge(&key))
}

fn keep_secret(ledger: &mut MemoryLedger, collection: &str, key: &str, value: &str) -> Test {
    ledger.call("note:Secret").json(&(collection, key)).transient("value", value).submit().map(drop)
}

#[test]
fn private_values_reach_members_and_their_hashes_everybody() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, SHARED, "k", "secret")?;
    assert_eq!(ledger.private("AMSP", SHARED, "k"), Some(b"secret".to_vec()));
    assert_eq!(ledger.private("BMSP", SHARED, "k"), Some(b"secret".to_vec()));
    assert_eq!(ledger.private("CMSP", SHARED, "k"), None);
    let hash: Option<String> = ledger.call("t:Hash").arg("k").endorsed_by(&["AMSP", "CMSP"]).evaluate()?.json()?;
    assert_eq!(hash, ledger.private_hash(SHARED, "k").map(hex::encode));
    assert_eq!(hash.as_deref(), Some("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"));
    Ok(())
}

#[test]
fn a_private_value_that_is_not_at_this_peer_is_a_named_fault() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, SHARED, "k", "secret")?;
    let unavailable = failed(500, "private_data_unavailable");
    assert_eq!(code_of(ledger.call("t:Get").arg("k").endorsed_by(&["CMSP"]).evaluate()), unavailable);
    assert_eq!(code_of(ledger.call("t:Many").json(&["x", "k"]).endorsed_by(&["CMSP"]).evaluate()), unavailable);
    assert_eq!(ledger.call("t:Get").arg("x").endorsed_by(&["CMSP"]).evaluate()?.payload, b"none");
    ledger.lose_private("BMSP", SHARED, "k");
    assert_eq!(code_of(ledger.call("t:Get").arg("k").endorsed_by(&["BMSP"]).evaluate()), unavailable);
    let many: Vec<String> = ledger.call("t:Many").json(&["x", "k"]).evaluate()?.json()?;
    assert_eq!(many, ["none", "secret"]);
    Ok(())
}

#[test]
fn member_only_collections_refuse_other_creators() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, SHARED, "k", "secret")?;
    let outsider = creator("CMSP").build();
    let refused = failed(500, "collection_not_authorised");
    let read = ledger.call("t:Get").creator(&outsider).arg("k").endorsed_by(&["AMSP"]).evaluate();
    assert_eq!(code_of(read), refused);
    let write = ledger.call("note:Secret").creator(&outsider).json(&(SHARED, "k")).transient("value", "v").submit();
    assert_eq!(code_of(write), refused);
    let hash = ledger.call("t:Hash").creator(&outsider).arg("k").evaluate()?;
    assert!(hash.json::<Option<String>>()?.is_some());
    Ok(())
}

#[test]
fn implicit_collections_exist_for_organizations_of_the_channel_only() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, "_implicit_org_BMSP", "k", "secret")?;
    assert_eq!(ledger.private("BMSP", "_implicit_org_BMSP", "k"), Some(b"secret".to_vec()));
    assert_eq!(ledger.private("AMSP", "_implicit_org_BMSP", "k"), None);
    let unknown = keep_secret(&mut ledger, "_implicit_org_XMSP", "k", "secret");
    assert_eq!(code_of(unknown), failed(500, "peer_refused"));
    Ok(())
}

#[test]
fn a_purged_value_is_gone_everywhere() -> Test {
    let mut ledger = ledger_with(private_reader());
    keep_secret(&mut ledger, SHARED, "k", "secret")?;
    let purged = ledger.call("t:Purge").arg("k").submit()?;
    assert!(purged.read_write_set.hashed_writes.values().all(|write| write.purge));
    assert_eq!((ledger.private("AMSP", SHARED, "k"), ledger.private_hash(SHARED, "k")), (None, None));
    Ok(())
}

#[test]
fn history_is_newest_first_and_marks_deletions() -> Test {
    let contract = Contract::new("t").evaluate("History", |context, limit: usize| {
        let versions = context.history("k", limit)?;
        let shown = versions.into_iter().map(|version| (version.timestamp.seconds, text(version.value)));
        Ok::<_, Fault>(shown.collect::<Vec<_>>())
    });
    let mut ledger = ledger_with(contract);
    ledger.call("note:Put").json(&("k", "1")).time(Timestamp::from_seconds(10)).submit()?;
    ledger.call("note:Delete").arg("k").time(Timestamp::from_seconds(20)).submit()?;
    ledger.call("note:Put").json(&("k", "2")).time(Timestamp::from_seconds(30)).submit()?;
    let all: Vec<(i64, String)> = ledger.call("t:History").json(&10).evaluate()?.json()?;
    assert_eq!(all, [(30, "2".to_owned()), (20, "none".to_owned()), (10, "1".to_owned())]);
    let newest: Vec<(i64, String)> = ledger.call("t:History").json(&1).evaluate()?.json()?;
    assert_eq!(newest.len(), 1);
    Ok(())
}

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

#[test]
fn one_event_per_transaction_and_the_last_one_counts() -> Test {
    let mut ledger = ledger_of(|context| {
        context.set_event("first", b"1".to_vec())?;
        context.set_event("second", b"2".to_vec())?;
        Ok(String::new())
    });
    let committed = ledger.call("t:Run").tx_id("tx-1").submit()?;
    let [event] = ledger.events() else { panic!("one event expected") };
    assert_eq!((event.block, event.tx_id.as_str(), event.name.as_str()), (committed.block, "tx-1", "second"));
    Ok(())
}

#[test]
fn facts_of_the_transaction_are_those_of_the_call() -> Test {
    let mut ledger = ledger_of(|context| {
        let own = context.creator();
        let facts = [
            context.channel_id(),
            context.chaincode(),
            context.contract(),
            context.function(),
            context.tx_id(),
            &own.msp_id,
            own.attribute("role").unwrap_or_default(),
        ];
        Ok(format!("{} {}", facts.join(" "), context.timestamp().seconds))
    })
    .named("trade", "entrepot");
    let who = creator("BMSP").attribute("role", "clerk").build();
    let run = ledger.call("t:Run").creator(&who).tx_id("id").time(Timestamp::from_seconds(5)).evaluate()?;
    assert_eq!(run.payload, b"trade entrepot t Run id BMSP clerk 5");
    Ok(())
}

#[test]
fn transient_inputs_are_refused_by_name_and_never_quoted() {
    let mut ledger = ledger_of(|context| {
        let number: Result<u64, TransientError> = context.transient_json("private");
        Ok(number?.to_string())
    });
    assert_eq!(code_of(ledger.call("t:Run").evaluate()), failed(400, "transient_missing"));
    let failure = ledger.call("t:Run").transient("private", "\"canary\"").evaluate().unwrap_err();
    assert_eq!((failure.status, failure.code.as_str()), (400, "transient_malformed"));
    assert!(!failure.message().contains("canary"), "{}", failure.message());
    assert_eq!(ledger.call("t:Run").transient_json("private", &7).evaluate().map(|run| run.payload), Ok(b"7".to_vec()));
}

#[test]
fn another_chaincode_answers_and_its_refusal_is_the_callers_affair() -> Test {
    let mut ledger = ledger_of(|context| {
        let response = context.invoke("other", vec![b"f".to_vec()], None)?;
        Ok(format!("{} {}", response.status, response.message))
    })
    .with_chaincode("other", |args| Response {
        status: 404,
        message: args.len().to_string(),
        payload: Vec::new(),
    });
    assert_eq!(ledger.call("t:Run").evaluate()?.payload, b"404 1");
    let mut alone = ledger_of(|context| Ok(context.invoke("other", Vec::new(), None)?.message));
    assert_eq!(code_of(alone.call("t:Run").evaluate()), failed(500, "peer_refused"));
    Ok(())
}

#[test]
#[should_panic(expected = "two runs of t:Run at the peer of AMSP differ:\n- write \"k\"")]
fn a_contract_that_is_not_deterministic_stops_the_test_with_the_difference() {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let mut ledger = ledger_of(|context| {
        context.put("k", CALLS.fetch_add(1, Ordering::Relaxed).to_string().into_bytes())?;
        Ok(String::new())
    });
    let _ = ledger.call("t:Run").submit();
}

#[test]
fn peers_that_hold_different_data_do_not_agree() -> Test {
    let mut ledger = ledger_of(|context| {
        let here = context.private(SHARED).get("k").is_ok();
        Ok(here.to_string())
    });
    keep_secret(&mut ledger, SHARED, "k", "1")?;
    let failure = ledger.call("t:Run").endorsed_by(&["AMSP", "CMSP"]).submit().unwrap_err();
    assert_eq!(failure.code, "endorsements_differ");
    assert!(failure.detail.contains("payload \"false\""), "{}", failure.detail);
    Ok(())
}
