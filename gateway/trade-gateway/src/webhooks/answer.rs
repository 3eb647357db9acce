//! What callers say and are told about webhooks, as JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_index::{Delivery, Webhook};

use crate::time::rfc3339;

/// The body of `PUT /v1/webhooks/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookBody {
    /// Where events are sent: `https://host[:port]/path`, reachable in the public Internet unless the gateway's
    /// settings permit other networks.
    #[schemars(length(min = 9, max = 2_000), regex(pattern = "^https://"), example = "https://erp.example/hooks")]
    pub url: String,
    /// Only events of these names; `item.*` stands for all that begin with `item.`. Default: every event.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub events: Vec<String>,
    /// Behind which event a new webhook begins: an event's id, `beginning` or `latest`. Default: `latest`. One that is
    /// there goes on where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(beginning|latest|[0-9]{1,20}-[0-9]{1,10})$"), example = &"12-0")]
    pub after: Option<String>,
}

/// The body of `POST /v1/webhooks/{id}/replay`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayBody {
    /// Behind which event it goes on: an event's id, `beginning` or `latest`. Default: where it is, which lets one that
    /// was stopped go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(beginning|latest|[0-9]{1,20}-[0-9]{1,10})$"), example = &"12-0")]
    pub after: Option<String>,
}

/// How a webhook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookState {
    /// Its events are taken.
    Active,
    /// The next event was not taken yet, and is tried again.
    Failing,
    /// Nothing is sent any more.
    Stopped,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookView {
    /// Its id.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// The names of events that are sent; empty: all.
    pub events: Vec<String>,
    /// How it stands.
    pub state: WebhookState,
    /// Why nothing is sent any more: `gone` (the receiver answered 410) or `given_up` (no try was successful).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// The id of the last event that was delivered or is not wanted; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How often the next event was tried in vain.
    pub failures: u32,
    /// Since when, RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    /// When it is tried again, RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<String>,
    /// How many events wait; at most 1,000 are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u32>,
    /// The secret that signs (Standard Webhooks, `whsec_…`). Told once, when it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// The webhooks of the caller's organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhooksAnswer {
    /// By their ids.
    pub webhooks: Vec<WebhookView>,
}

/// One try to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryRow {
    /// Its number, from 0.
    pub number: u64,
    /// The event's id, which is the header `webhook-id`.
    pub event: String,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// How long it took.
    pub milliseconds: u32,
    /// The status that was answered; absent when there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it failed; absent when it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A page of what became of deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveriesAnswer {
    /// The tries, newest first.
    pub deliveries: Vec<DeliveryRow>,
    /// Give it as `before` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

impl WebhookView {
    pub(crate) fn of(webhook: &Webhook) -> Self {
        let state = match (&webhook.stopped, webhook.failures) {
            (Some(_), _) => WebhookState::Stopped,
            (None, 0) => WebhookState::Active,
            (None, _) => WebhookState::Failing,
        };
        let failing = webhook.failures > 0;
        Self {
            id: webhook.id.clone(),
            url: webhook.url.clone(),
            events: webhook.names.as_slice().to_vec(),
            state,
            stopped: webhook.stopped.clone(),
            after: webhook.after.map(|id| id.to_string()),
            failures: webhook.failures,
            failing_since: failing.then(|| moment(webhook.failing_since)),
            retry_at: (state == WebhookState::Failing).then(|| moment(webhook.due)),
            backlog: None,
            secret: None,
        }
    }
}

impl From<Delivery> for DeliveryRow {
    fn from(delivery: Delivery) -> Self {
        let tried = delivery.tried;
        Self {
            number: delivery.number,
            event: tried.event.to_string(),
            at: moment(tried.at),
            milliseconds: tried.milliseconds,
            status: tried.status,
            failure: tried.failure,
        }
    }
}

/// Milliseconds since 1970 as RFC 3339, to the second.
fn moment(milliseconds: i64) -> String {
    rfc3339(u64::try_from(milliseconds / 1_000).unwrap_or_default())
}
