//! Votes through the gateway, as the tests about governance cast them.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use trade_model::governance::{Change, Choice, Propose, Vote};

use crate::harness::System;

/// A member proposes a change; answers the proposal.
pub async fn propose(system: &System, by: &str, change: Change) -> Result<Value> {
    let request = Propose { change, reason: "a test".parse()?, holds_from: None };
    Ok(system.caller(by)?.call(&request, None).await?.accepted()?["result"].clone())
}

/// Members say yes to a proposal, one after the other; answers how far it is in the end.
pub async fn agree(system: &System, proposal: &Value, members: &[&str]) -> Result<Value> {
    let proposal_id = proposal["proposal_id"].as_str().context("an answer without a proposal")?;
    let mut state = json!(null);
    for msp_id in members {
        let vote = Vote { proposal_id: proposal_id.parse()?, choice: Choice::Yes };
        let answer = system.caller(msp_id)?.call(&vote, None).await?.accepted();
        state = answer.with_context(|| format!("the vote of {msp_id}"))?["result"]["state"].clone();
    }
    Ok(state)
}
