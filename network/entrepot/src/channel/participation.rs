//! The orderers' channel participation API, as far as joining a channel needs it: one multipart form with the first block.

use std::{net::ToSocketAddrs, path::Path};

use anyhow::{Context, Result, bail};
use trade_gateway::client::Client;

use crate::{
    consortium::Consortium,
    endpoint::Endpoint,
    layout::{Addresses, Layout, OrdererAddresses},
};

const BOUNDARY: &str = "entrepot-channel-participation";

/// Joins all orderers to the channel of this first block, as far as they have not joined before.
///
/// # Errors
/// An orderer cannot be reached, or refuses.
pub fn join_orderers(layout: &Layout, consortium: &Consortium, addresses: &Addresses, block: &[u8]) -> Result<()> {
    std::thread::scope(|threads| {
        let joins: Vec<_> = addresses
            .orderers
            .iter()
            .map(|node| threads.spawn(|| join_orderer(layout, consortium, node, block)))
            .collect();
        joins.into_iter().try_for_each(|join| join.join().unwrap_or_else(|_| bail!("joining an orderer panicked")))
    })
}

fn join_orderer(layout: &Layout, consortium: &Consortium, node: &OrdererAddresses, block: &[u8]) -> Result<()> {
    let keys = layout.orderer(&consortium.orderer.domain, &node.node).join("tls");
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let (certificate, key) = (read(&keys.join("server.crt"))?, read(&keys.join("server.key"))?);
    let authority = read(&keys.join("ca.crt"))?;
    let joined = || -> Result<(u16, String)> {
        let client = client(&node.admin, &authority, (&certificate, &key))?;
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let headers = [("Content-Type", content_type.as_str())];
        let response = client.send("POST", "/participation/v1/channels", &headers, &form(block))?;
        Ok((response.status, String::from_utf8_lossy(&response.body).trim().to_owned()))
    };
    match joined().with_context(|| format!("joining the orderer at {}", node.admin))? {
        (201, _) => Ok(()),
        (405, body) if body.contains("already exists") => Ok(()),
        (status, body) => bail!("the orderer at {} refused to join the channel: {status} {body}", node.admin),
    }
}

fn client(admin: &Endpoint, authority: &[u8], identity: (&[u8], &[u8])) -> Result<Client> {
    let mut addresses = (admin.host(), admin.port()).to_socket_addrs()?;
    let address = addresses.next().with_context(|| format!("{admin} has no address"))?;
    Ok(Client::new(address, admin.host(), authority, Some(identity))?)
}

fn form(block: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"config-block\"; filename=\"config.block\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), block, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}
