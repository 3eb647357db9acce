//! Transactions that must share a block.

use anyhow::{Result, bail};
use fabric_protos::protos::TxValidationCode;
use futures_util::future::try_join_all;

use crate::ask::{Endorsed, Outcome, same};

/// How often transactions are made anew until they share a block.
const ATTEMPTS: usize = 10;

/// Endorses transactions with `prepare`, submits them one right after another, and does so again until all of them stand
/// in one block. `prepare` is told the number of the attempt and must use new keys for each.
pub async fn in_one_block(prepare: impl AsyncFn(usize) -> Result<Vec<Endorsed>>) -> Result<Vec<Outcome>> {
    for attempt in 0..ATTEMPTS {
        let transactions = prepare(attempt).await?;
        for transaction in &transactions {
            transaction.send().await?;
        }
        let outcomes = try_join_all(transactions.iter().map(Endorsed::status)).await?;
        if outcomes.iter().all(|outcome| outcome.block == outcomes[0].block) {
            return Ok(outcomes);
        }
    }
    bail!("the transactions did not come into one block in {ATTEMPTS} attempts")
}

/// Fails unless the verdicts are these, in order.
pub fn verdicts(outcomes: &[Outcome], expected: &[TxValidationCode]) -> Result<()> {
    let found: Vec<&str> = outcomes.iter().map(|outcome| outcome.code.as_str_name()).collect();
    same(found, expected.iter().map(|code| code.as_str_name()).collect())
}
