//! Conflicts between transactions, within a block and across blocks.

use super::tools::*;

/// Reads a key and writes it.
fn getput(net: N, key: &str, value: &str) -> Ask {
    net.conf(&[get(key), put(key, value)])
}

/// Endorses transactions one after another.
async fn endorsed(asks: Vec<Ask>) -> Result<Vec<Endorsed>> {
    let mut endorsed = Vec::new();
    for ask in asks {
        endorsed.push(ask.endorse().await?);
    }
    Ok(endorsed)
}

/// Keys `prefix/0001` and so on.
async fn rows(net: N, count: usize) -> Result<String> {
    let prefix = net.name("rows");
    let writes: Vec<Step> = (1..=count).map(|number| put(&format!("{prefix}/{number:04}"), "v")).collect();
    net.conf(&writes).done().await?;
    Ok(prefix)
}

/// Reads rows of a range and writes a key outside of it.
fn scan(net: N, prefix: &str, rows: usize) -> Ask {
    let outside = net.name("scanned");
    net.conf(&[range(&format!("{prefix}/"), &format!("{prefix}0"), rows), put(&outside, "v")])
}

pub async fn c077_of_two_that_read_and_write_a_key_in_a_block_the_second_conflicts(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let key = net.name("m");
        net.conf(&[put(&key, "v")]).done().await?;
        endorsed(vec![getput(net, &key, "1"), getput(net, &key, "2")]).await
    });
    verdicts(&outcomes.await?, &[Valid, MvccReadConflict])
}

pub async fn c078_blind_writes_do_not_conflict_and_the_last_one_stays(net: N) -> Result<()> {
    let prefix = net.name("blind");
    let last = std::cell::Cell::new(0);
    let outcomes = in_one_block(async |attempt| {
        last.set(attempt);
        let key = format!("{prefix}-{attempt}");
        endorsed(vec![net.conf(&[put(&key, "1")]), net.conf(&[put(&key, "2")])]).await
    });
    verdicts(&outcomes.await?, &[Valid, Valid])?;
    same(net.conf(&[get(&format!("{prefix}-{}", last.get()))]).first().await?, json!("2"))
}

pub async fn c079_the_creation_of_a_key_conflicts_with_a_transaction_that_found_it_absent(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let key = net.name("absent");
        endorsed(vec![net.conf(&[put(&key, "1")]), getput(net, &key, "2")]).await
    });
    verdicts(&outcomes.await?, &[Valid, MvccReadConflict])
}

pub async fn c080_a_deletion_conflicts_with_a_later_reader(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let key = net.name("deleted");
        net.conf(&[put(&key, "v")]).done().await?;
        endorsed(vec![net.conf(&[delete(&key)]), getput(net, &key, "2")]).await
    });
    verdicts(&outcomes.await?, &[Valid, MvccReadConflict])
}

pub async fn c081_even_the_deletion_of_an_absent_key_conflicts_with_a_later_reader(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let key = net.name("absent");
        endorsed(vec![net.conf(&[delete(&key)]), getput(net, &key, "2")]).await
    });
    verdicts(&outcomes.await?, &[Valid, MvccReadConflict])
}

pub async fn c082_a_write_in_an_earlier_block_conflicts_with_who_read_before(net: N) -> Result<()> {
    let key = net.name("stale");
    let stale = getput(net, &key, "late").endorse().await?;
    net.conf(&[put(&key, "early")]).done().await?;
    stale.ends(MvccReadConflict).await.map(drop)
}

pub async fn c083_an_insert_an_update_or_a_deletion_in_a_range_is_a_phantom_for_a_later_reader(net: N) -> Result<()> {
    let insert = |prefix: &str| put(&format!("{prefix}/0006"), "2");
    let update = |prefix: &str| put(&format!("{prefix}/0003"), "2");
    let removal = |prefix: &str| delete(&format!("{prefix}/0003"));
    let changes: [&dyn Fn(&str) -> Step; 3] = [&insert, &update, &removal];
    for change in changes {
        let outcomes = in_one_block(async |_| {
            let prefix = rows(net, 5).await?;
            endorsed(vec![net.conf(&[change(&prefix)]), scan(net, &prefix, 100)]).await
        });
        verdicts(&outcomes.await?, &[Valid, PhantomReadConflict])?;
    }
    Ok(())
}

pub async fn c084_a_reader_of_a_range_does_not_conflict_with_later_changes(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let prefix = rows(net, 5).await?;
        endorsed(vec![scan(net, &prefix, 100), net.conf(&[put(&format!("{prefix}/0006"), "2")])]).await
    });
    verdicts(&outcomes.await?, &[Valid, Valid])
}

pub async fn c085_of_a_partial_scan_only_what_was_fetched_conflicts(net: N) -> Result<()> {
    for (inserted, verdict) in [("0101x", Valid), ("0050x", PhantomReadConflict)] {
        let outcomes = in_one_block(async |_| {
            let prefix = rows(net, 150).await?;
            endorsed(vec![net.conf(&[put(&format!("{prefix}/{inserted}"), "2")]), scan(net, &prefix, 1)]).await
        });
        verdicts(&outcomes.await?, &[Valid, verdict])?;
    }
    Ok(())
}

pub async fn c086_a_short_range_conflicts_with_an_append_although_one_row_was_read(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let prefix = rows(net, 5).await?;
        endorsed(vec![net.conf(&[put(&format!("{prefix}/0006"), "2")]), scan(net, &prefix, 1)]).await
    });
    verdicts(&outcomes.await?, &[Valid, PhantomReadConflict])
}

pub async fn c087_private_keys_conflict_as_public_ones(net: N) -> Result<()> {
    let outcomes = in_one_block(async |_| {
        let key = net.name("p");
        net.conf(&[private_put("A", &key, "v")]).done().await?;
        let getput = |value| net.conf(&[private_get("A", &key), private_put("A", &key, value)]);
        endorsed(vec![getput("1"), getput("2")]).await
    });
    verdicts(&outcomes.await?, &[Valid, MvccReadConflict])
}

pub async fn c098_an_invalid_transaction_between_valid_ones_has_no_effect(net: N) -> Result<()> {
    let prefix = net.name("between");
    let last = std::cell::Cell::new(0);
    let outcomes = in_one_block(async |attempt| {
        last.set(attempt);
        let key = |name: &str| format!("{prefix}-{attempt}-{name}");
        let first = net.conf(&[put(&key("a"), "1"), put(&key("b"), "1")]);
        let invalid = net.conf(&[get(&key("a")), put(&key("b"), "2"), put(&key("c"), "2")]);
        endorsed(vec![first, invalid, net.conf(&[put(&key("d"), "3")])]).await
    });
    verdicts(&outcomes.await?, &[Valid, MvccReadConflict, Valid])?;
    let key = |name: &str| get(&format!("{prefix}-{}-{name}", last.get()));
    let found = net.conf(&[key("a"), key("b"), key("c"), key("d")]).found().await?;
    same(found, json!(["1", "1", null, "3"]))
}

pub async fn c156_a_deletion_and_a_blind_write_in_a_block_are_both_valid(net: N) -> Result<()> {
    let prefix = net.name("again");
    let last = std::cell::Cell::new(0);
    let outcomes = in_one_block(async |attempt| {
        last.set(attempt);
        let key = format!("{prefix}-{attempt}");
        net.conf(&[put(&key, "v")]).done().await?;
        endorsed(vec![net.conf(&[delete(&key)]), net.conf(&[put(&key, "new")])]).await
    });
    verdicts(&outcomes.await?, &[Valid, Valid])?;
    let key = format!("{prefix}-{}", last.get());
    same(net.conf(&[get(&key), history(&key)]).found().await?, json!(["new", ["new", null, "v"]]))
}
