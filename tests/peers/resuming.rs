//! Readers that resume, over the end and the return of the peer that they read from.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fabric_client::{
    Retries, Start,
    checkpoint::{Checkpointer, FileCheckpointer, MemoryCheckpointer, Position},
    events::{Backoff, ChaincodeEvent},
};
use fabric_protos::protos::{FilteredTransaction, filtered_transaction::Data};
use futures_util::StreamExt;
use serde_json::json;
use tokio::task::JoinHandle;
use trade_tests::network::CHANNEL;

use super::stage::{Flavour, Stage};

const PATIENCE: Duration = Duration::from_secs(60);
const QUICK: Backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_millis(500), attempts: 0 };
/// Whose peer ends.
const READER: &str = "Org2MSP";
/// Whose peer stays.
const WITNESS: &str = "Org1MSP";
const LAST: &str = "the last";

/// What readers of one peer are given, until the last event and its block.
pub struct Readers {
    events: JoinHandle<Result<Vec<ChaincodeEvent>>>,
    blocks: JoinHandle<Result<Vec<u64>>>,
    checkpoint: tempfile::TempDir,
}

impl Readers {
    /// Begins to read with the channel's first block.
    pub fn begin(stage: &Stage) -> Result<Self> {
        let gateway = stage.gateway(READER, READER)?;
        let checkpoint = tempfile::tempdir()?;
        let checkpointer = FileCheckpointer::open(checkpoint.path().join("events"))?;
        let source = gateway.chaincode_events(CHANNEL, &chaincode()).start(Start::Block(0));
        let mut source = source.resuming(checkpointer).backoff(QUICK);
        let events = tokio::spawn(async move {
            let mut heard: Vec<ChaincodeEvent> = Vec::new();
            while heard.last().is_none_or(|event| event.name != LAST) {
                heard.push(source.next().await?.context("the events ended")?);
                source.acknowledge()?;
            }
            ensure!(source.failures() == 0, "an event did not end the row of failures");
            Ok(heard)
        });
        let source = gateway.filtered_blocks(CHANNEL).start(Start::Block(0));
        let mut source = source.resuming(MemoryCheckpointer::new()).backoff(QUICK);
        let blocks = tokio::spawn(async move {
            let mut numbers = Vec::new();
            loop {
                let block = source.next().await?.context("the blocks ended")?;
                numbers.push(block.number);
                source.acknowledge()?;
                if block.filtered_transactions.iter().any(is_last) {
                    return Ok(numbers);
                }
            }
        });
        Ok(Self { events, blocks, checkpoint })
    }

    /// Ends the reading with one more event, and compares with what a peer gives that was there all the time.
    pub async fn agree_with_a_witness(self, stage: &Stage) -> Result<()> {
        tell(stage, LAST).await?;
        let gateway = stage.gateway(WITNESS, WITNESS)?;
        let mut witness = gateway.chaincode_events(CHANNEL, &chaincode()).start(Start::Block(0)).open()?;
        let mut told = Vec::new();
        let read = async {
            while told.last().is_none_or(|event: &ChaincodeEvent| event.name != LAST) {
                told.push(witness.next().await.context("the witness ended")??);
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(PATIENCE, read).await.context("the witness hears nothing")??;
        let heard = tokio::time::timeout(PATIENCE, self.events).await.context("events are missing")???;
        let ids = |events: &[ChaincodeEvent]| -> Vec<_> {
            events.iter().map(|event| (event.block_number, event.transaction_id.clone())).collect()
        };
        ensure!(ids(&heard) == ids(&told), "heard {:?}, told {:?}", ids(&heard), ids(&told));
        let last = told.last().context("nothing was told")?;
        let kept = FileCheckpointer::open(self.checkpoint.path().join("events"))?.load()?;
        let expected = Position::after_transaction(last.block_number, &last.transaction_id);
        ensure!(kept.as_ref() == Some(&expected), "the checkpoint stands at {kept:?}");
        let numbers = tokio::time::timeout(PATIENCE, self.blocks).await.context("blocks are missing")???;
        ensure!(numbers == (0..=last.block_number).collect::<Vec<_>>(), "the blocks are {numbers:?}");
        Ok(())
    }
}

/// Writes an event that the readers hear.
pub async fn tell(stage: &Stage, name: &str) -> Result<()> {
    let contract = stage.gateway(WITNESS, WITNESS)?.contract(CHANNEL, &chaincode());
    let argument = json!({ "name": name, "payload": "" }).to_string();
    Retries::default().submit(|| contract.transaction("event").argument(argument.clone())).await?;
    Ok(())
}

/// One that needs no endorsement by the peer that ends.
fn chaincode() -> String {
    Flavour::Ours.definition("two")
}

fn is_last(transaction: &FilteredTransaction) -> bool {
    let Some(Data::TransactionActions(actions)) = &transaction.data else { return false };
    let events = actions.chaincode_actions.iter().filter_map(|action| action.chaincode_event.as_ref());
    events.into_iter().any(|event| event.event_name == LAST)
}
