//! Ranges, scans and pages.

use super::*;

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
