//! Evaluating, and what is checked of a proposal.

use anyhow::Result;
use crate::{net::N, ask::same, script::*};

pub async fn c001_an_evaluate_gives_the_chaincodes_answer(net: N) -> Result<()> {
    let response = net.conf(&[echo("hi")]).evaluate().await?;
    same((response.status, response.payload.as_slice()), (200, br#"["hi"]"#.as_slice()))
}
