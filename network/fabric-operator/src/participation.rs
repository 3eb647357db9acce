//! The orderers' channel participation API, as far as joining a channel needs it: one multipart form with the first
//! block.

use std::path::Path;

use anyhow::{Context, Result, bail};
use fabric_msp::private;
use futures_util::future::try_join_all;
use hyper::{Method, StatusCode};

use crate::{
    consortium::Consortium,
    https::{self, Body, Keys},
    layout::{Addresses, Layout, OrdererAddresses},
};

const BOUNDARY: &str = "entrepot-channel-participation";

/// Joins all orderers to the channel of this first block, as far as they have not joined before.
///
/// # Errors
/// An orderer cannot be reached, or refuses.
pub async fn join_orderers(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    block: &[u8],
) -> Result<()> {
    let joins = addresses.orderers.iter().map(|node| join_orderer(layout, consortium, node, block));
    try_join_all(joins).await.map(drop)
}

async fn join_orderer(layout: &Layout, consortium: &Consortium, node: &OrdererAddresses, block: &[u8]) -> Result<()> {
    let tls = layout.orderer(&consortium.orderer.domain, &node.node).join("tls");
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let keys = Keys {
        authority: read(&tls.join("ca.crt"))?,
        certificate: read(&tls.join("server.crt"))?,
        key: private::read_key(&tls.join("server.key"))?,
    };
    let body = Body { media_type: format!("multipart/form-data; boundary={BOUNDARY}"), bytes: form(block) };
    let answer = https::send(&node.admin, &keys, Method::POST, "/participation/v1/channels", body)
        .await
        .with_context(|| format!("joining the orderer at {}", node.admin))?;
    match (answer.status, answer.text()) {
        (StatusCode::CREATED, _) => Ok(()),
        (StatusCode::METHOD_NOT_ALLOWED, text) if text.contains("already exists") => Ok(()),
        (status, text) => {
            bail!("the orderer at {} refused to join the channel: {} {text}", node.admin, status.as_u16())
        }
    }
}

fn form(block: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"config-block\"; filename=\"config.block\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), block, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}
