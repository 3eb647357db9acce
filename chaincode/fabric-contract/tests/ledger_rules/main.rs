//! What a contract may and may not do with the ledger, one rule per test.

mod conflicts;
mod private;
mod queries;

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

fn keep_secret(ledger: &mut MemoryLedger, collection: &str, key: &str, value: &str) -> Test {
    ledger.call("note:Secret").json(&(collection, key)).transient("value", value).submit().map(drop)
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
fn an_attribute_is_asked_for_by_name_and_value() {
    let creator = creator("AMSP").attribute("quality", "auditor").build();
    assert_eq!(creator.attribute("quality"), Some("auditor"));
    assert!(creator.has_attribute("quality", "auditor"));
    assert!(!creator.has_attribute("quality", "Auditor") && !creator.has_attribute("rank", "auditor"));
    assert!(creator.has_role("client") && !creator.has_role("admin"));
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
