//! What a chaincode sees and what is recorded of it.

use fabric_protos::kvrwset::{RangeQueryInfo, range_query_info::ReadsInfo};

use super::tools::*;

/// Keys under a prefix of their own, written in one transaction.
struct Keys {
    net: N,
    prefix: String,
}

impl Keys {
    async fn written(net: N, count: usize) -> Result<Self> {
        let keys = Self { net, prefix: net.name("rows") };
        let writes: Vec<Step> = (1..=count).map(|number| put(&keys.at(number), "v")).collect();
        net.conf(&writes).done().await?;
        Ok(keys)
    }

    /// A key by its number, from 1.
    fn at(&self, number: usize) -> String {
        format!("{}/{number:04}", self.prefix)
    }

    fn range(&self, rows: usize) -> Step {
        range(&format!("{}/", self.prefix), &format!("{}0", self.prefix), rows)
    }

    fn page(&self, size: i32, bookmark: &str) -> Step {
        page(&format!("{}/", self.prefix), &format!("{}0", self.prefix), size, bookmark)
    }

    /// What is recorded of reading so many rows.
    async fn recorded(&self, rows: usize) -> Result<RangeQueryInfo> {
        let endorsed = self.net.conf(&[self.range(rows)]).endorse().await?;
        let queries = endorsed.reads_and_writes("conf")?.range_queries_info;
        queries.into_iter().next().context("no range query is recorded")
    }
}

pub async fn c062_a_transaction_does_not_read_its_own_writes(net: N) -> Result<()> {
    let key = net.name("own");
    net.conf(&[put(&key, "v1")]).done().await?;
    let endorsed = net.conf(&[put(&key, "v2"), get(&key)]).endorse().await?;
    same(endorsed.found()?, json!([null, "v1"]))?;
    endorsed.ends(Valid).await?;
    same(net.conf(&[get(&key)]).first().await?, json!("v2"))
}

pub async fn c063_an_empty_value_deletes(net: N) -> Result<()> {
    let key = net.name("empty");
    net.conf(&[put(&key, "v")]).done().await?;
    let endorsed = net.conf(&[put(&key, "")]).endorse().await?;
    let writes = endorsed.reads_and_writes("conf")?.writes;
    same(writes.iter().map(|write| write.is_delete).collect(), vec![true])?;
    endorsed.ends(Valid).await?;
    same(net.conf(&[get(&key)]).first().await?, Value::Null)
}

pub async fn c064_the_history_has_values_and_deletions_the_newest_first(net: N) -> Result<()> {
    let key = net.name("past");
    for step in [put(&key, "v1"), delete(&key), put(&key, "v3")] {
        net.conf(&[step]).done().await?;
    }
    same(net.conf(&[history(&key)]).first().await?, json!(["v3", null, "v1"]))
}

pub async fn c065_a_range_does_not_show_the_transactions_own_inserts(net: N) -> Result<()> {
    let keys = Keys::written(net, 2).await?;
    let found = net.conf(&[put(&keys.at(9), "v"), keys.range(100)]).found().await?;
    same(found[1].clone(), json!([keys.at(1), keys.at(2)]))
}

pub async fn c066_a_short_range_is_recorded_whole_even_if_one_row_is_read(net: N) -> Result<()> {
    let recorded = Keys::written(net, 5).await?.recorded(1).await?;
    let Some(ReadsInfo::RawReads(reads)) = recorded.reads_info else { bail!("no raw reads") };
    same((recorded.itr_exhausted, reads.kv_reads.len()), (true, 5))
}

pub async fn c067_a_long_range_is_recorded_as_a_merkle_summary_of_what_was_fetched(net: N) -> Result<()> {
    let keys = Keys::written(net, 150).await?;
    let recorded = keys.recorded(1).await?;
    let Some(ReadsInfo::ReadsMerkleHashes(summary)) = recorded.reads_info else { bail!("no summary") };
    same((recorded.itr_exhausted, recorded.end_key), (false, keys.at(101)))?;
    same((summary.max_degree, summary.max_level, summary.max_level_hashes.len()), (50, 1, 2))?;
    let recorded = keys.recorded(1000).await?;
    let Some(ReadsInfo::ReadsMerkleHashes(summary)) = recorded.reads_info else { bail!("no summary") };
    same((recorded.itr_exhausted, summary.max_level_hashes.len()), (true, 3))
}

pub async fn c068_pages_end_with_the_next_key_as_bookmark_and_the_last_with_none(net: N) -> Result<()> {
    let keys = Keys::written(net, 150).await?;
    let first = net.conf(&[keys.page(3, "")]).first().await?;
    same(first, json!([[keys.at(1), keys.at(2), keys.at(3)], keys.at(4), 3]))?;
    let last = net.conf(&[keys.page(3, &keys.at(148))]).first().await?;
    same(last, json!([[keys.at(148), keys.at(149), keys.at(150)], "", 3]))
}

pub async fn c069_a_write_after_a_page_is_refused(net: N) -> Result<()> {
    let keys = Keys::written(net, 1).await?;
    let answer = net.conf(&[keys.page(3, ""), put(&keys.at(2), "v")]).evaluate().await.refused(Code::Unknown, "")?;
    answer.saying("Transaction has already performed a paginated query. Writes are not allowed").map(drop)
}

pub async fn c070_an_empty_range_is_recorded_without_reads(net: N) -> Result<()> {
    let keys = Keys { net, prefix: net.name("rows") };
    let recorded = keys.recorded(10).await?;
    same((recorded.itr_exhausted, recorded.reads_info), (true, None))
}

pub async fn c071_an_open_range_of_plain_keys_leaves_composite_keys_out(net: N) -> Result<()> {
    let name = net.name("composite");
    net.conf(&[put(&format!("\0{name}\0part\0"), "v"), put(&name, "v")]).done().await?;
    let found = net.conf(&[range("\u{1}", "", 20)]).first().await?;
    let keys = found.as_array().context("no keys")?;
    let composite = |key: &Value| key.as_str().is_some_and(|key| key.starts_with('\0'));
    ensure!(!keys.is_empty() && !keys.iter().any(composite), "found {found}");
    let composite = net.conf(&[range(&format!("\0{name}"), &format!("\0{name}\u{10FFFF}"), 20)]).first().await?;
    same(composite, json!([format!("\0{name}\0part\0")]))
}

pub async fn c072_every_transaction_reads_the_sequence_of_its_definition(net: N) -> Result<()> {
    let endorsed = net.conf(&[echo("")]).endorse().await?;
    let reads = endorsed.reads_and_writes("_lifecycle")?.reads;
    ensure!(reads.iter().any(|read| read.key == "namespaces/fields/conf/Sequence"), "it reads {reads:?}");
    Ok(())
}

pub async fn c073_writes_of_a_failed_callee_stay(net: N) -> Result<()> {
    let key = net.name("callee");
    let steps = [put(&key, "v"), answer(500, "no", "given")];
    let endorsed = net.conf(&[call("maj", "", &steps)]).endorse().await?;
    same(endorsed.found()?[0][0].clone(), json!(500))?;
    endorsed.ends(Valid).await?;
    same(net.on("maj", &[get(&key)]).first().await?, json!("v"))
}

pub async fn c074_a_chaincode_cannot_call_itself(net: N) -> Result<()> {
    let found = net.conf(&[call("conf", "", &[echo("")])]).first().await?;
    same(found[0].clone(), json!(500))?;
    let said = found[1].as_str().unwrap_or_default();
    ensure!(said.contains("txid: ") && said.contains("(conf) exists"), "it said {said}");
    Ok(())
}

pub async fn c075_calls_to_nothing_to_the_ledgers_chaincode_and_to_no_channel_fail_in_the_callee(net: N) -> Result<()> {
    for (chaincode, channel) in [("nocc", ""), ("qscc", ""), ("maj", "nochan")] {
        let found = net.conf(&[call(chaincode, channel, &[echo("")])]).first().await?;
        ensure!(found[0] == json!(500), "{chaincode}/{channel} answered {found}");
    }
    Ok(())
}

pub async fn c076_a_callees_write_needs_the_callees_policy(net: N) -> Result<()> {
    let steps = [call("maj", "", &[put(&net.name("callee"), "v")])];
    let endorsed = net.conf(&steps).naming(&["Org1MSP"]).endorse().await?;
    endorsed.ends(EndorsementPolicyFailure).await.map(drop)
}

pub async fn c153_a_callee_that_only_reads_is_planned_for_but_needs_no_endorsement(net: N) -> Result<()> {
    let steps = [call("maj", "", &[get("nothing")]), put(&net.name("caller"), "v")];
    net.conf(&steps).naming(&["Org1MSP"]).endorse().await?.ends(Valid).await?;
    let planned = net.conf(&steps).endorse().await?.endorsers()?;
    same(planned.len(), 2)
}
