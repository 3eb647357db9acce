//! Events of chaincodes. They are asked of a chaincode that nothing else uses, but several cases use it at a time, so
//! that each looks for its own transactions only.

use std::time::Duration;

use fabric_protos::{
    gateway::{ChaincodeEventsRequest, ChaincodeEventsResponse, SignedChaincodeEventsRequest},
    orderer::SeekPosition,
};
use tonic::Streaming;

use super::tools::*;
use crate::{ask::Refusal, deliver};

/// How long a stream is listened to that should stay silent.
const SILENCE: Duration = Duration::from_millis(1500);

/// Where to listen, and as whom.
pub(super) struct Listener {
    net: N,
    channel: String,
    chaincode: String,
    who: Who,
    start: Option<SeekPosition>,
    after: String,
}

/// What an event says: block, transaction, name, payload.
type Event = (u64, String, String, String);

impl Listener {
    pub(super) fn new(net: N) -> Self {
        Self { net, channel: "conf".into(), chaincode: "ev".into(), who: net.u(1), start: None, after: String::new() }
    }

    /// On another channel.
    pub(super) fn channel(self, channel: &str) -> Self {
        Self { channel: channel.into(), ..self }
    }

    /// Of another chaincode.
    pub(super) fn chaincode(self, chaincode: &str) -> Self {
        Self { chaincode: chaincode.into(), ..self }
    }

    pub(super) fn from(self, block: u64) -> Self {
        Self { start: deliver::number(block), ..self }
    }

    fn after(self, txid: &str) -> Self {
        Self { after: txid.into(), ..self }
    }

    pub(super) fn by(self, who: Who) -> Self {
        Self { who, ..self }
    }

    /// Opens the stream. A peer answers with the first event, not before.
    async fn open(&self) -> Result<Streaming<ChaincodeEventsResponse>, Refusal> {
        let request = ChaincodeEventsRequest {
            channel_id: self.channel.clone(),
            chaincode_id: self.chaincode.clone(),
            identity: self.who.creator().to_vec(),
            start_position: self.start,
            after_transaction_id: self.after.clone(),
        }
        .encode_to_vec();
        let signature = self.who.sign(&request).unwrap_or_default();
        Ok(self
            .net
            .gateway(1)
            .chaincode_events(SignedChaincodeEventsRequest { request, signature })
            .await?
            .into_inner())
    }

    /// So many events of these transactions.
    pub(super) async fn events(&self, count: usize, txids: &[&str]) -> Result<Vec<Event>> {
        let listening = async {
            let mut stream = self.open().await?;
            let mut events = Vec::new();
            while events.len() < count {
                let message = stream.message().await.map_err(Refusal::from)?.context("the stream ended")?;
                for event in message.events.iter().filter(|event| txids.contains(&event.tx_id.as_str())) {
                    let payload = text(&event.payload);
                    events.push((message.block_number, event.tx_id.clone(), event.event_name.clone(), payload));
                }
            }
            anyhow::Ok(events)
        };
        tokio::time::timeout(Duration::from_secs(20), listening).await.context("no events within 20 s")?
    }

    /// Fails when there is an event of these transactions.
    pub(super) async fn silent(&self, txids: &[&str]) -> Result<()> {
        match tokio::time::timeout(SILENCE, self.events(1, txids)).await {
            Err(_) => Ok(()),
            Ok(Ok(events)) => bail!("there are events: {events:?}"),
            Ok(Err(error)) => Err(error),
        }
    }
}

/// A transaction with an event.
async fn emitted(net: N, name: &str) -> Result<Outcome> {
    net.on("ev", &[put(&net.name("ev"), "v"), event(name, "payload")]).done().await
}

fn said(outcome: &Outcome, name: &str) -> Event {
    (outcome.block, outcome.txid.clone(), name.into(), "payload".into())
}

pub async fn c118_events_come_in_order_with_their_block_and_payload(net: N) -> Result<()> {
    let first = emitted(net, "E1").await?;
    let none = net.on("ev", &[put(&net.name("ev"), "v")]).done().await?;
    let second = emitted(net, "E2").await?;
    let events = Listener::new(net).from(0).events(2, &[&first.txid, &none.txid, &second.txid]).await?;
    same(events, vec![said(&first, "E1"), said(&second, "E2")])
}

pub async fn c119_after_a_transaction_its_own_event_is_left_out(net: N) -> Result<()> {
    let first = emitted(net, "E1").await?;
    let second = emitted(net, "E2").await?;
    let events = Listener::new(net).after(&first.txid).events(1, &[&first.txid, &second.txid]).await?;
    same(events, vec![said(&second, "E2")])
}

pub async fn c120_after_a_transaction_without_event_nothing_comes(net: N) -> Result<()> {
    let none = net.on("ev", &[put(&net.name("ev"), "v")]).done().await?;
    let later = emitted(net, "E2").await?;
    Listener::new(net).after(&none.txid).silent(&[&later.txid]).await?;
    Listener::new(net).from(none.block).after(&"0".repeat(64)).silent(&[&later.txid]).await
}

pub async fn c121_events_cannot_begin_at_the_oldest_or_newest_block(net: N) -> Result<()> {
    for start in [deliver::oldest(), deliver::newest()] {
        let listener = Listener { start, ..Listener::new(net) };
        // The refusal may come with the stream or instead of it.
        let refusal = match listener.open().await {
            Ok(mut stream) => stream.message().await.map_err(Refusal::from),
            Err(refusal) => Err(refusal),
        };
        refusal.refused(Code::InvalidArgument, "invalid start position type")?;
    }
    Ok(())
}

pub async fn c122_without_a_start_only_later_events_come(net: N) -> Result<()> {
    let old = emitted(net, "old").await?;
    let listener = Listener::new(net);
    let listening = tokio::spawn(async move {
        let mut stream = listener.open().await?;
        stream.message().await.map_err(Refusal::from)
    });
    // When the peer has begun to listen cannot be seen, so events are made until one is heard.
    while !listening.is_finished() {
        emitted(net, "new").await?;
    }
    let first = listening.await??.context("the stream ended")?;
    ensure!(first.block_number > old.block, "an event of block {} came", first.block_number);
    Ok(())
}

pub async fn c123_of_two_events_of_a_transaction_the_last_one_stays(net: N) -> Result<()> {
    let twice = net.on("ev", &[event("first", "payload"), event("last", "payload")]).done().await?;
    let events = Listener::new(net).from(twice.block).events(1, &[&twice.txid]).await?;
    same(events, vec![said(&twice, "last")])
}

pub async fn c124_invalid_transactions_have_no_events(net: N) -> Result<()> {
    let key = net.name("ev");
    let stale = net.on("ev", &[get(&key), put(&key, "late"), event("E", "payload")]).endorse().await?;
    net.on("ev", &[put(&key, "early")]).done().await?;
    let stale = stale.ends(MvccReadConflict).await?;
    let later = emitted(net, "E2").await?;
    let events = Listener::new(net).from(stale.block).events(1, &[&stale.txid, &later.txid]).await?;
    same(events, vec![said(&later, "E2")])
}

pub async fn c125_readers_may_listen_even_expired_ones_and_others_may_not(net: N) -> Result<()> {
    let first = emitted(net, "E1").await?;
    for who in [net.u(3), net.user(1, "expired")] {
        Listener::new(net).from(first.block).by(who).events(1, &[&first.txid]).await?;
    }
    let denied = Listener::new(net).from(first.block).by(net.orderer_admin());
    let refusal = match denied.open().await {
        Ok(mut stream) => stream.message().await.map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    };
    refusal.refused(Code::PermissionDenied, "").map(drop)
}
