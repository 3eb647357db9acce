//! Sending an update of a channel's configuration, and waiting until all nodes have it.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    time::{Instant, SystemTime},
};

use anyhow::{Context, Result, bail};
use fabric_client::{OrdererClient, orderer::BroadcastError};
use fabric_config::{ChannelConfig, update_envelope};
use fabric_protos::common::{ConfigUpdate, Envelope, Status};
use prost::Message;

use super::{Administrators, peers};
use crate::network::{Network, PATIENCE, PAUSE};

/// What became of an update that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// How often the configuration has been changed, this change included.
    pub sequence: u64,
}

/// The signed message that asks for an update.
///
/// # Errors
/// A signer does not sign, or none of them may send.
pub fn envelope(config: &ChannelConfig, update: &ConfigUpdate, signers: &Administrators) -> Result<Envelope> {
    let sender = signers.sender(config)?;
    update_envelope(update, &signers.signers(), sender, SystemTime::now().into()).context("the update cannot be signed")
}

/// Hands an envelope to the orderers of the network.
///
/// # Errors
/// [`BroadcastError`] inside, when the orderers refuse; a word of having no leader is waited out.
pub async fn broadcast(network: &Network<'_>, envelope: &Envelope) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut last = None;
        for node in &network.addresses.orderers {
            let orderer = match network.orderer(node).await {
                Ok(connection) => OrdererClient::new(connection),
                Err(error) => {
                    last = Some(error);
                    continue;
                }
            };
            match orderer.broadcast(envelope.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) => match error.status() {
                    // It may pass, or another node may take it.
                    None | Some(Status::ServiceUnavailable) => last = Some(error.into()),
                    Some(_) => return Err(error.into()),
                },
            }
        }
        if Instant::now() > deadline {
            return Err(last.unwrap_or_else(|| anyhow::anyhow!("there are no orderers")));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Signs an update, sends it, and waits until the orderers and the peers in this folder have it.
///
/// # Errors
/// The signatures do not suffice or the update does not fit any more, which is seen before it is sent where that is
/// possible; or as [`send`].
pub async fn apply(
    network: &Network<'_>,
    config: &ChannelConfig,
    update: &ConfigUpdate,
    signers: &Administrators,
) -> Result<Sent> {
    let envelope = envelope(config, update, signers)?;
    if let Err(error) = config.propose_update(&envelope) {
        bail!("the administrators of {} sign, and the channel would refuse: {error}", signers.msp_ids().join(", "));
    }
    send(network, config, &envelope).await
}

/// Sends an update, and waits until the orderers and the peers in this folder have it.
///
/// # Errors
/// The orderers refuse; or a node does not follow within half a minute.
pub async fn send(network: &Network<'_>, config: &ChannelConfig, envelope: &Envelope) -> Result<Sent> {
    if let Err(error) = broadcast(network, envelope).await {
        return Err(match error.downcast::<BroadcastError>() {
            Ok(refused) => anyhow::Error::from(refused).context("the configuration was not changed"),
            Err(error) => error,
        });
    }
    let channel = config.channel_id();
    let deadline = Instant::now() + PATIENCE;
    let next = loop {
        let next = network.config(channel).await?;
        if next.sequence() > config.sequence() {
            break next;
        }
        if Instant::now() > deadline {
            bail!("the orderers took the update and did not put it into a block within {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(PAUSE).await;
    };
    peers::follow(network, config, &next).await?;
    Ok(Sent { sequence: next.sequence() })
}

/// Writes an update into a new file, in the form of `peer channel signconfigtx`.
///
/// # Errors
/// It cannot be written, or there is such a file: it may hold signatures that have been collected.
pub fn write_update(file: &Path, envelope: &Envelope) -> Result<()> {
    let new = OpenOptions::new().write(true).create_new(true).open(file);
    let written = new.and_then(|mut new| new.write_all(&envelope.encode_to_vec()));
    written.with_context(|| format!("cannot write {}", file.display()))
}

/// Reads an update out of a file as [`write_update`] and `peer channel signconfigtx` write it.
///
/// # Errors
/// The file cannot be read or holds no message.
pub fn read_update(file: &Path) -> Result<Envelope> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Envelope::decode(bytes.as_slice()).with_context(|| format!("{} holds no update of a channel", file.display()))
}
