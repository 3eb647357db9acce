//! Sends what there is to send, for as long as the gateway runs.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::{sync::watch, task::JoinSet, time::sleep};
use trade_index::{EventNames, Failed, IndexedEvent, StoreError, Tried, Webhook, Work};

use super::{
    cloud_event::{MEDIA_TYPE, cloud_event},
    courier::{Courier, Kept, Letter, PATIENCE},
    schedule::pause_ms,
    secret::signatures,
    target::Target,
};
use crate::{
    index::{Index, Open},
    settings::Settings,
};

/// How long at most until it is looked for work again: another gateway may have taken a block, or a try is due.
const LOOK: Duration = Duration::from_secs(1);

/// Events that are read at once.
const BATCH: u32 = 100;

/// How long work is this process's alone after its last sign of life; longer than one delivery takes.
const LEASE_MS: i64 = 60_000;

/// Longest text about a failure.
const FAILURE_CHARACTERS_MAX: usize = 300;

/// Sends events to webhooks.
pub(crate) struct Sender {
    index: Arc<Index>,
    courier: Courier,
    channel: String,
    chaincode: String,
    retry_seconds: Vec<u32>,
    /// Names this gateway in the database: its processes follow one another, since they lock its data directory.
    process: String,
    busy: Busy,
}

/// Organization and id of a webhook.
type Name = (String, String);

/// The webhooks that are worked on now.
#[derive(Clone, Default)]
struct Busy(Arc<Mutex<BTreeSet<Name>>>);

/// A webhook that is worked on, until this is dropped: also when the work panics.
struct Held {
    busy: Busy,
    name: Name,
}

impl Sender {
    /// A sender of the events in `index`. `process` must be another text for each gateway, and the same for its
    /// processes that follow one another.
    pub(crate) fn new(index: Arc<Index>, courier: Courier, settings: &Settings, process: String) -> Self {
        Self {
            index,
            courier,
            channel: settings.channel.clone(),
            chaincode: settings.chaincode.clone(),
            retry_seconds: settings.webhooks.retry_seconds.clone(),
            process,
            busy: Busy::default(),
        }
    }

    /// Sends until the gateway stops; what is being sent then is sent again later.
    pub(crate) async fn keep(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        let (mut works, mut moves) = (JoinSet::new(), self.index.moves());
        while !*stopping.borrow_and_update() {
            if let Some(open) = self.index.opened()
                && let Err(error) = self.look(open, &mut works).await
            {
                tracing::warn!("webhooks cannot be looked after: {error}");
            }
            while let Some(ended) = works.try_join_next() {
                if let Err(error) = ended {
                    tracing::error!("the work on a webhook stopped: {error}");
                }
            }
            tokio::select! {
                () = moves.next() => {}
                () = sleep(LOOK) => {}
                _ = stopping.changed() => {}
            }
        }
        works.shutdown().await;
    }

    /// Begins the work on webhooks that have something to send.
    async fn look(self: &Arc<Self>, open: &Open, works: &mut JoinSet<()>) -> Result<(), StoreError> {
        for webhook in open.store.webhooks_due(open.reader, &self.process, milliseconds()).await? {
            let name = (webhook.organization.clone(), webhook.id.clone());
            let Some(held) = self.busy.hold(name) else { continue };
            if !self.may_send(open, &webhook).await? {
                continue;
            }
            let now = milliseconds();
            let taken = open.store.take_webhook(open.reader, webhook, &self.process, now, now + LEASE_MS).await?;
            let Some(work) = taken else { continue };
            let (sender, open) = (Arc::clone(self), open.clone());
            works.spawn(async move {
                if let Err(error) = sender.send_all(&open, work).await {
                    let (organization, webhook) = &held.name;
                    tracing::warn!(organization, webhook, "the work on a webhook ended: {error}");
                }
            });
        }
        Ok(())
    }

    /// Whether there is an event, and its organization may still read it.
    async fn may_send(&self, open: &Open, webhook: &Webhook) -> Result<bool, StoreError> {
        let next = open.store.events(open.reader, webhook.after, &EventNames::default(), 1).await?;
        Ok(!next.events.is_empty() && open.store.is_on_channel(open.reader, &webhook.organization).await?)
    }

    /// Sends one event after the other, until there are no more or one is not taken.
    async fn send_all(&self, open: &Open, mut work: Work) -> Result<(), StoreError> {
        let target = match Target::parse(&work.webhook.url) {
            Ok(target) => target,
            Err(error) => {
                tracing::error!(webhook = work.webhook.id, "the address of a webhook: {error}");
                return open.store.release_webhook(work).await;
            }
        };
        let mut kept = None;
        loop {
            let page = open.store.events(open.reader, work.webhook.after, &EventNames::default(), BATCH).await?;
            let Some(last) = page.events.last().map(|event| event.id) else {
                return open.store.release_webhook(work).await;
            };
            for event in page.events.iter().filter(|event| work.webhook.names.admit(&event.name)).collect::<Vec<_>>() {
                let (tried, asked) = self.try_once(&target, &work.webhook, event, &mut kept).await;
                if tried.failure.is_some() {
                    return self.failed(open, work, &tried, asked).await;
                }
                let until = milliseconds() + LEASE_MS;
                if !open.store.webhook_moved(&mut work, event.id, Some(&tried), until).await? {
                    return open.store.release_webhook(work).await;
                }
            }
            // Over those that are not wanted.
            if work.webhook.after != Some(last)
                && !open.store.webhook_moved(&mut work, last, None, milliseconds() + LEASE_MS).await?
            {
                return open.store.release_webhook(work).await;
            }
        }
    }

    /// One try. Gives back what became of it, and how long the receiver asks to wait, in seconds.
    async fn try_once(
        &self,
        target: &Target,
        webhook: &Webhook,
        event: &IndexedEvent,
        kept: &mut Option<Kept>,
    ) -> (Tried, Option<u64>) {
        let (at, began) = (milliseconds(), Instant::now());
        let former = webhook.former.iter().filter(|(_, until)| *until > at).map(|(secret, _)| secret.as_str());
        let secrets: Vec<&str> = std::iter::once(webhook.secret.as_str()).chain(former).collect();
        let body = cloud_event(event, &self.channel, &self.chaincode).to_string();
        let (id, timestamp) = (event.id.to_string(), at / 1_000);
        let sent = match signatures(&secrets, &id, timestamp, body.as_bytes()) {
            Ok(signature) => {
                let headers = vec![
                    ("webhook-id", id),
                    ("webhook-timestamp", timestamp.to_string()),
                    ("webhook-signature", signature),
                ];
                let letter = Letter { target, media_type: MEDIA_TYPE, headers, body: body.into() };
                self.courier.send(&letter, kept).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(format!("it cannot be signed: {error}")),
        };
        let (status, failure, asked) = match sent {
            Ok(answered) if (200..300).contains(&answered.status) => (Some(answered.status), None, None),
            Ok(answered) => {
                let failure = format!("answered {}", answered.status);
                (Some(answered.status), Some(failure), answered.retry_after)
            }
            Err(failure) => (None, Some(failure.chars().take(FAILURE_CHARACTERS_MAX).collect()), None),
        };
        let milliseconds = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
        (Tried { event: event.id, at, milliseconds, status, failure }, asked)
    }

    async fn failed(&self, open: &Open, work: Work, tried: &Tried, asked: Option<u64>) -> Result<(), StoreError> {
        let pause = pause_ms(&self.retry_seconds, work.webhook.failures, asked);
        let stopped = match (tried.status, pause) {
            // The receiver says that the address is gone for ever.
            (Some(410), _) => Some("gone".to_owned()),
            (_, None) => Some("given_up".to_owned()),
            _ => None,
        };
        if let Some(reason) = &stopped {
            let (organization, webhook) = (&work.webhook.organization, &work.webhook.id);
            tracing::warn!(organization, webhook, reason, "nothing more is sent to a webhook");
        }
        let due = milliseconds() + pause.unwrap_or_default();
        open.store.webhook_failed(work, tried, &Failed { due, stopped }).await
    }
}

impl Busy {
    /// Holds a webhook; none while it is held already.
    fn hold(&self, name: Name) -> Option<Held> {
        self.names().insert(name.clone()).then(|| Held { busy: self.clone(), name })
    }

    fn names(&self) -> MutexGuard<'_, BTreeSet<Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.busy.names().remove(&self.name);
    }
}

/// Now, in milliseconds since 1970.
pub(crate) fn milliseconds() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

const _: () = assert!(PATIENCE.as_millis() < LEASE_MS as u128 / 2, "work must not be lost while something is sent");

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_webhook_whose_work_panics_can_be_worked_on_again() {
        let (busy, name) = (Busy::default(), ("ExporterMSP".to_owned(), "erp".to_owned()));
        let held = busy.hold(name.clone()).expect("nobody works on it");
        assert!(busy.hold(name.clone()).is_none(), "one at a time");
        let ended = tokio::spawn(async move { panic!("while {} is worked on", held.name.1) }).await;
        assert!(ended.is_err_and(|error| error.is_panic()));
        assert!(busy.hold(name).is_some());
    }
}
