//! A network that is killed and started again.

use super::tools::*;
use crate::{
    deliver::{Seek, number},
    net::Net,
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

    own.network().kill();
    eventually("its processes start again", async || {
        let started = tokio::task::spawn_blocking(move || own.network().start()).await?;
        // Something else may hold one of its ports for a moment.
        started.inspect_err(|_| own.network().kill())
    })
    .await?;

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
