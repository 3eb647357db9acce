//! Streams of blocks, and questions about the ledger.

use fabric_config::block::{data_hash, header_hash};
use fabric_protos::{
    common::{Block, Status},
    protos::deliver_response::Type,
};

use super::tools::*;
use crate::deliver::{Kind, Seek, ledger, newest, number};

/// A transaction to be looked at in its block.
async fn written(net: N) -> Result<Outcome> {
    net.conf(&[put(&net.name("block"), "v"), event("E", "payload")]).done().await
}

pub async fn c126_from_the_newest_to_the_newest_is_one_block(net: N) -> Result<()> {
    let (found, status) = Seek::new(net, newest(), newest()).ask(Kind::Blocks).await?;
    same((found.len(), status), (1, Status::Success))
}

pub async fn c127_a_backward_range_and_a_wrong_clock_are_bad_requests(net: N) -> Result<()> {
    let (_, backward) = Seek::new(net, number(1), number(0)).ask(Kind::Blocks).await?;
    let (_, wrong_clock) = Seek::new(net, newest(), newest()).shifted(20 * 60).ask(Kind::Blocks).await?;
    same((backward, wrong_clock), (Status::BadRequest, Status::BadRequest))
}

pub async fn c128_a_block_beyond_the_tip_is_not_found_when_nobody_waits(net: N) -> Result<()> {
    let (_, status) = Seek::new(net, number(9999), number(9999)).impatient().ask(Kind::Blocks).await?;
    same(status, Status::NotFound)
}

pub async fn c129_who_is_no_reader_or_has_expired_gets_no_blocks(net: N) -> Result<()> {
    for who in [net.orderer_admin(), net.user(1, "expired")] {
        let (_, status) = Seek::new(net, newest(), newest()).by(&who).ask(Kind::Blocks).await?;
        same(status, Status::Forbidden)?;
    }
    Ok(())
}

pub async fn c130_a_filtered_block_names_events_without_their_payload(net: N) -> Result<()> {
    use fabric_protos::protos::filtered_transaction::Data;
    let outcome = written(net).await?;
    let (found, _) = Seek::new(net, number(outcome.block), number(outcome.block)).ask(Kind::Filtered).await?;
    let Some(Type::FilteredBlock(block)) = found.into_iter().next() else { bail!("no filtered block") };
    let own = block.filtered_transactions.iter().find(|one| one.txid == outcome.txid).context("no such transaction")?;
    let Some(Data::TransactionActions(actions)) = &own.data else { bail!("no actions") };
    let event = actions.chaincode_actions.first().and_then(|action| action.chaincode_event.as_ref());
    let event = event.context("no event")?;
    same((event.event_name.as_str(), event.payload.as_slice()), ("E", b"".as_slice()))
}

pub async fn c131_private_data_comes_with_blocks_for_members_only(net: N) -> Result<()> {
    let outcome = net.conf(&[private_put("A", &net.name("a"), "v")]).done().await?;
    for (organization, expected) in [(1, true), (3, false)] {
        let seek = Seek::new(net, number(outcome.block), number(outcome.block)).by(&net.u(organization));
        let (found, _) = seek.ask(Kind::Private).await?;
        let Some(Type::BlockAndPrivateData(with)) = found.into_iter().next() else { bail!("no block") };
        let block = with.block.context("no block in the answer")?;
        let position = position_of(&block, &outcome.txid)?;
        let has = with.private_data_map.get(&position).is_some_and(|set| {
            set.ns_pvt_rwset.iter().any(|one| one.collection_pvt_rwset.iter().any(|set| set.collection_name == "A"))
        });
        ensure!(has == expected, "organization {organization}: private data is there: {has}");
    }
    Ok(())
}

/// The position of a transaction in a block.
fn position_of(block: &Block, txid: &str) -> Result<u64> {
    let data = &block.data.as_ref().context("no data")?.data;
    // The header's transaction id is the only place where this text stands among the first bytes.
    let position = data.iter().position(|envelope| envelope.windows(txid.len()).any(|part| part == txid.as_bytes()));
    Ok(position.context("no such transaction in the block")? as u64)
}

pub async fn c132_blocks_are_chained_by_hashes_and_have_a_verdict_for_each_transaction(net: N) -> Result<()> {
    let last = written(net).await?.block;
    let blocks = Seek::new(net, number(last - 1), number(last)).blocks().await?;
    let [previous, block] = blocks.as_slice() else { bail!("{} blocks came", blocks.len()) };
    let (Some(before), Some(header), Some(data)) = (&previous.header, &block.header, &block.data) else {
        bail!("a block without a header or data")
    };
    same(header.previous_hash.as_slice(), &header_hash(before))?;
    same(header.data_hash.as_slice(), &data_hash(data))?;
    let metadata = &block.metadata.as_ref().context("no metadata")?.metadata;
    same((metadata.len(), metadata[2].len()), (5, data.data.len()))
}

pub async fn c133_the_ledger_answers_for_the_newest_block_and_says_what_it_has_not(net: N) -> Result<()> {
    let outcome = written(net).await?;
    let response = ledger(net, "GetBlockByNumber", u64::MAX.to_string().as_bytes()).evaluate().await?;
    let header = Block::decode(response.payload.as_slice())?.header.context("no header")?;
    ensure!(header.number >= outcome.block, "the newest block is {}", header.number);
    let missing = ledger(net, "GetBlockByNumber", b"9999").evaluate().await.refused(Code::Unknown, "")?;
    missing.saying("no such block number [9999] in index")?;
    let unknown = ledger(net, "GetTransactionByID", "0".repeat(64).as_bytes()).evaluate().await;
    unknown.refused(Code::Unknown, "")?.saying("no such transaction ID").map(drop)
}

pub async fn c159_an_unknown_channel_and_a_start_beyond_the_tip_are_not_found(net: N) -> Result<()> {
    let (_, unknown) = Seek::new(net, newest(), newest()).channel("nochan").ask(Kind::Blocks).await?;
    let (_, beyond) = Seek::new(net, number(9999), number(9999)).ask(Kind::Blocks).await?;
    let (_, endless) = Seek::new(net, newest(), None).ask(Kind::Blocks).await?;
    same((unknown, beyond, endless), (Status::NotFound, Status::NotFound, Status::BadRequest))
}

pub async fn c160_headers_come_without_data_but_configuration_keeps_it(net: N) -> Result<()> {
    let last = written(net).await?.block;
    // Peers of Fabric 2 do not know this content type and send whole blocks.
    for (wanted, keeps) in [(last, net.is_fabric_2()), (0, true)] {
        let blocks = Seek::new(net, number(wanted), number(wanted)).headers().blocks().await?;
        let block = blocks.first().context("no block")?;
        let has = block.data.as_ref().is_some_and(|data| !data.data.is_empty());
        ensure!(has == keeps, "block {wanted} has data: {has}");
        same(block.metadata.as_ref().map(|metadata| metadata.metadata.len()), Some(5))?;
    }
    Ok(())
}
