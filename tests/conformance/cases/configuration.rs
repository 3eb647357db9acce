//! Changes of what orderers go by. Each case has a channel of its own.

use std::time::Duration;

use fabric_config::{BatchChange, ChannelConfig};
use fabric_protos::common::{
    BlockMetadataIndex, ChannelHeader, HeaderType, Metadata, OrdererBlockMetadata, Payload, Status,
};

use super::tools::*;
use crate::deliver::{Seek, number};

const ONE_MESSAGE: BatchChange =
    BatchChange { max_message_count: Some(1), absolute_max_bytes: None, preferred_max_bytes: None, timeout_ms: None };

fn timeout(timeout_ms: u64) -> BatchChange {
    BatchChange { timeout_ms: Some(timeout_ms), ..BatchChange::default() }
}

/// Endorses so many transactions, sends them one right after another, and gives back their blocks.
async fn blocks_of(own: &Own, count: usize) -> Result<Vec<u64>> {
    let mut endorsed = Vec::new();
    for _ in 0..count {
        endorsed.push(own.conf(&[put(&own.net.name("cut"), "v")]).endorse().await?);
    }
    for transaction in &endorsed {
        transaction.send().await?;
    }
    let mut blocks = Vec::new();
    for transaction in &endorsed {
        let outcome = transaction.status().await?;
        outcome.valid()?;
        blocks.push(outcome.block);
    }
    Ok(blocks)
}

pub async fn e001_a_changed_batch_size_is_in_effect_with_the_next_block(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let many = Seek::new(net, number(0), number(0)).channel(&own.name);
    same(many.blocks().await?.len(), 1)?;
    own.change(&[ORDERER], |draft| Ok(draft.batch(ONE_MESSAGE)?)).await?;
    same(own.config().await?.batch().max_message_count, 1)?;
    let mut blocks = blocks_of(&own, 4).await?;
    blocks.sort_unstable();
    blocks.dedup();
    same(blocks.len(), 4)
}

pub async fn e002_a_changed_batch_timeout_is_in_effect(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let lone = async || -> Result<Duration> {
        let endorsed = own.conf(&[put(&net.name("lone"), "v")]).endorse().await?;
        let began = tokio::time::Instant::now();
        endorsed.commit().await?.valid()?;
        Ok(began.elapsed())
    };
    own.change(&[ORDERER], |draft| Ok(draft.batch(timeout(1_800))?)).await?;
    // It was half a second before. BFT orderers may have begun to wait when they took the configuration.
    let slow = lone().await?;
    ensure!(slow > Duration::from_secs(1), "a lone transaction waited {slow:?} only");
    own.change(&[ORDERER], |draft| Ok(draft.batch(timeout(50))?)).await?;
    // Others use the machine, too.
    eventually("a lone transaction waits no longer", async || {
        let quick = lone().await?;
        ensure!(quick < Duration::from_secs(1), "it waited {quick:?}");
        Ok(())
    })
    .await
}

pub async fn e003_a_configuration_stands_alone_in_its_block_and_later_blocks_name_it(net: N) -> Result<()> {
    let own = Own::with_conf(net, &[1, 2]).await?;
    let before = own.conf(&[put(&net.name("before"), "v")]).done().await?.block;
    own.change(&[ORDERER], |draft| Ok(draft.batch(timeout(400))?)).await?;
    let after = own.conf(&[put(&net.name("after"), "v")]).done().await?.block;
    let blocks = Seek::new(net, number(before), number(after)).channel(&own.name).blocks().await?;
    let mut changed = Vec::new();
    for block in &blocks {
        let data = block.data.clone().context("no data")?.data;
        let envelope = fabric_protos::common::Envelope::decode(data[0].as_slice())?;
        let header = Payload::decode(envelope.payload.as_slice())?.header.context("no header")?;
        if ChannelHeader::decode(header.channel_header.as_slice())?.r#type == HeaderType::Config as i32 {
            same(data.len(), 1)?;
            same(ChannelConfig::from_genesis_block(block)?.sequence(), 1)?;
            changed.push(block.header.as_ref().context("no header")?.number);
        }
    }
    same(changed.len(), 1)?;
    for block in &blocks {
        let header = block.header.as_ref().context("no header")?;
        let metadata = &block.metadata.as_ref().context("no metadata")?.metadata;
        let signatures = Metadata::decode(metadata[BlockMetadataIndex::Signatures as usize].as_slice())?;
        let named = OrdererBlockMetadata::decode(signatures.value.as_slice())?.last_config.unwrap_or_default().index;
        same(named, if header.number < changed[0] { 0 } else { changed[0] })?;
    }
    Ok(())
}

pub async fn e004_a_stale_update_is_refused(net: N) -> Result<()> {
    let own = Own::create(net, &[1, 2], |_| Ok(())).await?;
    let first = own.asking(&[ORDERER], |draft| Ok(draft.batch(ONE_MESSAGE)?)).await?;
    let group = own.asking(&[1, 2], |draft| Ok(draft.remove_organization("Org2MSP")?)).await?;
    own.change(&[ORDERER], |draft| Ok(draft.batch(ONE_MESSAGE)?)).await?;
    let prefix = format!(
        "error applying config update to existing channel '{}': error authorizing update: error validating ",
        own.name
    );
    let (status, info) = own.refusal(&first).await?;
    same(status, Status::BadRequest)?;
    let text = "DeltaSet: attempt to set key [Value]  /Channel/Orderer/BatchSize to version 1, but key is at version 1";
    same(info, format!("{prefix}{text}"))?;

    own.change(&[1, 2], |draft| {
        Ok(draft
            .set_policy("/Channel/Application/More", &fabric_config::PolicySpec::ImplicitMeta("ANY Readers".into()))?)
    })
    .await?;
    let (status, info) = own.refusal(&group).await?;
    same(status, Status::BadRequest)?;
    let text = "ReadSet: proposed update requires that key [Group]  /Channel/Application be at version 0, but it is \
                currently at version 1";
    same(info, format!("{prefix}{text}"))
}

pub async fn e005_an_update_without_the_consent_that_it_needs_is_refused(net: N) -> Result<()> {
    let own = Own::create(net, &[1, 2, 3], |_| Ok(())).await?;
    let denied = |key: &str, found: usize, needed: usize| {
        format!(
            "error applying config update to existing channel '{}': error authorizing update: error validating DeltaSet: \
             policy for {key} not satisfied: implicit policy evaluation failed - {found} sub-policies were satisfied, \
             but this policy requires {needed} of the 'Admins' sub-policies to be satisfied",
            own.name
        )
    };
    // Organizations do not decide over the orderers, nor the orderers over organizations, nor one alone over another.
    let batch = own.asking(&[1, 2, 3], |draft| Ok(draft.batch(ONE_MESSAGE)?)).await?;
    let alone = own.asking(&[1], |draft| Ok(draft.remove_organization("Org3MSP")?)).await?;
    let orderer = own.asking(&[ORDERER], |draft| Ok(draft.remove_organization("Org3MSP")?)).await?;
    let application = "[Group]  /Channel/Application";
    for (update, text) in [
        (&batch, denied("[Value]  /Channel/Orderer/BatchSize", 0, 1)),
        (&alone, denied(application, 1, 2)),
        (&orderer, denied(application, 0, 2)),
    ] {
        same(own.refusal(update).await?, (Status::BadRequest, text))?;
    }
    same(own.config().await?.sequence(), 0)
}
