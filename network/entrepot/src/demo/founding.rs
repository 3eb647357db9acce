//! The founding of the channel's registry: one organization proposes the members, each confirms with its own key.

use anyhow::{Context, Result, ensure};
use fabric_operator::{
    consortium::Consortium,
    layout::{Addresses, Layout},
};
use serde_json::Value;

use super::rest::Caller;

/// Founds with the list of members, as the user `User1` of each organization on it that writes: the first one proposes,
/// all confirm. Answers the last confirmation, with which the list is in force.
///
/// # Errors
/// The list names an organization that the consortium does not have, the gateway refuses, or the list is not in force
/// in the end.
pub async fn found(layout: &Layout, addresses: &Addresses, consortium: &Consortium, list: &Value) -> Result<Value> {
    let first = consortium.organizations.first().context("a consortium without organizations")?;
    let authority = layout.tls_authority(&first.domain);
    let mut founders = Vec::new();
    for msp_id in writers(list) {
        let domain = &consortium.organization(msp_id)?.domain;
        let msp = layout.user(domain, "User1").join("msp");
        founders.push(Caller::with_identity(addresses.gateway, &authority, &msp)?);
    }
    let proposer = founders.first().context("a list without members that write")?;
    let mut state = proposer.post("/v1/foundings", list).await?.accepted()?["result"].clone();
    let path = confirmation_path(&state);
    for founder in &founders {
        state = founder.post(&path, &Value::Object(serde_json::Map::new())).await?.accepted()?["result"].clone();
    }
    ensure!(state["in_force"] == true, "all have confirmed, and the list is not in force: {state}");
    Ok(state)
}

/// Where the list that an answer shows is confirmed.
#[must_use]
pub fn confirmation_path(state: &Value) -> String {
    let part = |field: &str| state["name"][field].as_str().unwrap_or_default();
    format!("/v1/foundings/{}/{}/confirm", part("proposer"), part("list_sha256"))
}

/// The listed organizations that write.
fn writers(list: &Value) -> impl Iterator<Item = &str> {
    let members = list["members"].as_array().into_iter().flatten();
    let writes =
        |member: &&Value| member["roles"].as_array().is_none_or(|roles| !roles.iter().any(|r| r == "regulator"));
    members.filter(writes).filter_map(|member| member["msp_id"].as_str())
}
