//! A network that is killed, or crashes, and is started again.

use super::tools::*;
use crate::{
    deliver::{self, Seek, number},
    net::Net,
    network::{CHANNEL, Site},
    scratch,
};

pub async fn c149_after_all_processes_are_killed_everything_is_as_before(net: N) -> Result<()> {
    let own = Net::start(std::sync::Arc::clone(&net.column)).await?;
    let (key, private) = (own.name("kept"), own.name("private"));
    own.conf(&[put(&key, "v1")]).done().await?;
    own.conf(&[private_put("A", &private, "secret")]).done().await?;
    let last = own.conf(&[put(&key, "v2")]).done().await?;
    let steps = [get(&key), history(&key), private_get("A", &private), private_hash("A", &private)];
    let before = own.conf(&steps).found().await?;
    same(before[1].clone(), json!(["v2", "v1"]))?;
    let blocks = Seek::new(own, number(0), number(last.block)).blocks().await?;

    restart(own).await?;

    eventually("it answers as before", async || same(own.conf(&steps).found().await?, before.clone())).await?;
    let again = Seek::new(own, number(0), number(last.block)).blocks().await?;
    ensure!(again == blocks, "the blocks are others");
    let status = crate::ask::commit_status(own, 1, &own.u(1), "conf", &last.txid, 20).await?;
    same(status, (Valid, last.block))?;
    let next = eventually("a new transaction is valid", async || own.conf(&[put(&key, "v3")]).done().await).await?;
    ensure!(next.block > last.block, "a new transaction stands in block {}", next.block);
    same(own.conf(&[history(&key)]).first().await?, json!(["v3", "v2", "v1"]))?;
    own.network().kill();
    Ok(())
}

/// Kills a network and starts it again.
async fn restart(own: N) -> Result<()> {
    tokio::task::spawn_blocking(move || own.network().kill()).await?;
    eventually("it starts again", async || {
        tokio::task::spawn_blocking(move || {
            // Something else may hold one of its ports for a moment.
            own.network().start().inspect_err(|_| own.network().kill())
        })
        .await?
    })
    .await
}

pub async fn c150_a_crash_within_a_block_leaves_what_the_blocks_say(net: N) -> Result<()> {
    let own = Net::start_switched(std::sync::Arc::clone(&net.column)).await?;
    let (key, private) = (own.name("kept"), own.name("private"));
    let write = |value: &str| [put(&key, value), private_put("A", &private, value)];
    own.conf(&write("v0")).done().await?;
    let mut value = "v0";
    for (after_storing, next) in [(false, "v1"), (true, "v2")] {
        let endorsed = own.conf(&write(next)).endorse().await?;
        let height = deliver::height(own).await?;
        own.network().crash_in_the_next_block(after_storing)?;
        endorsed.send().await?;
        let told = crate::ask::commit_status(own, 1, &own.u(1), CHANNEL, &endorsed.txid, 2).await;
        ensure!(told.is_err(), "a transaction of a block that broke off has the status {told:?}");
        restart(own).await?;

        // What was acknowledged is there, and of the broken block all or nothing.
        if after_storing {
            value = next;
        }
        let steps = [get(&key), private_get("A", &private)];
        eventually("it answers", async || same(own.conf(&steps).found().await?, json!([value, value]))).await?;
        same(deliver::height(own).await?, if after_storing { height + 1 } else { height })?;
        rebuilt(own, &key, value).await?;
    }
    own.conf(&write("v3")).done().await?;
    tokio::task::spawn_blocking(move || own.network().kill()).await?;
    Ok(())
}

/// Holds when a ledger that is made of nothing but the blocks comes to the same blocks, whose commit hashes cover every
/// validation code, value and version, and has the same value.
async fn rebuilt(own: N, key: &str, value: &str) -> Result<()> {
    let last = deliver::height(own).await? - 1;
    let blocks = Seek::new(own, number(0), number(last)).blocks().await?;
    let folder = scratch::another_folder()?;
    let msp_ids: Vec<String> = (1..=3).map(Site::msp_id).collect();
    let ledger = fabric_devnet::ledger::Ledger::open(&folder, &blocks[0], &msp_ids)?;
    for block in &blocks[1..] {
        ensure!(*ledger.commit(block.clone())? == *block, "block {:?} comes out differently", block.header);
    }
    let state = ledger.state("conf", key)?.context("the key is not in the rebuilt state")?;
    same(text(&state.value), value.to_owned())
}
