//! Transactions that must share a block.

use anyhow::{Result, bail};
use fabric_protos::{common::Block, protos::TxValidationCode};
use futures_util::future::try_join_all;

use crate::{
    ask::{Endorsed, Outcome, same},
    deliver,
};

/// How often transactions are made anew until they share a block.
const ATTEMPTS: usize = 10;

/// Endorses transactions with `prepare`, submits them one right after another, and does so again until all of them
/// stand in one block, in this order: several orderers may take them in another one. `prepare` is told the number of
/// the attempt and must use new keys for each.
pub async fn in_one_block(prepare: impl AsyncFn(usize) -> Result<Vec<Endorsed>>) -> Result<Vec<Outcome>> {
    for attempt in 0..ATTEMPTS {
        let transactions = prepare(attempt).await?;
        for transaction in &transactions {
            transaction.send().await?;
        }
        let outcomes = try_join_all(transactions.iter().map(Endorsed::status)).await?;
        let number = outcomes[0].block;
        if outcomes.iter().all(|outcome| outcome.block == number) {
            let block = deliver::block(transactions[0].net, number).await?;
            if stand_in_order(&block, &outcomes) {
                return Ok(outcomes);
            }
        }
    }
    bail!("the transactions did not come into one block and in order in {ATTEMPTS} attempts")
}

fn stand_in_order(block: &Block, outcomes: &[Outcome]) -> bool {
    let envelopes = block.data.as_ref().map(|data| data.data.as_slice()).unwrap_or_default();
    let places = outcomes.iter().map(|outcome| {
        let id = outcome.txid.as_bytes();
        envelopes.iter().position(|envelope| envelope.windows(id.len()).any(|part| part == id))
    });
    places.collect::<Option<Vec<_>>>().is_some_and(|places| places.is_sorted())
}

/// Fails unless the verdicts are these, in order.
pub fn verdicts(outcomes: &[Outcome], expected: &[TxValidationCode]) -> Result<()> {
    let found: Vec<&str> = outcomes.iter().map(|outcome| outcome.code.as_str_name()).collect();
    same(found, expected.iter().map(|code| code.as_str_name()).collect())
}
