//! What an organization does with its webhooks.

use serde::de::DeserializeOwned;
use serde_json::Value;
use trade_index::{DELIVERIES_MAX, EventId, EventNames, Put, WEBHOOKS_MAX, Wish};
use trade_model::{common::DeclarationId, rejection};

use super::{
    core::{Service, path},
    indexed::{Place, in_time, named, number, refused},
};
use crate::{
    answer::Answer,
    index::Open,
    members::Principal,
    problem::{Problem, ProblemCode},
    request::{self, Parts},
    time::now,
    webhooks::{
        DeliveriesAnswer, DeliveryRow, ReplayBody, Target, TargetError, WebhookBody, WebhookView, WebhooksAnswer,
        new_secret,
    },
};

/// How long a former secret signs as well, in seconds: a day.
const FORMER_SECONDS: u64 = 24 * 3_600;

/// Most events that are counted as waiting.
const BACKLOG_MAX: u32 = 1_000;

/// What stands for the place before all events.
const BEGINNING: &str = "beginning";

/// How long the question for a host's name may take.
const RESOLVE: std::time::Duration = std::time::Duration::from_secs(5);

impl Service {
    /// Makes a webhook or changes it.
    pub(super) async fn put_webhook(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let id = webhook_id(parts)?;
        let body: WebhookBody = self.body(parts)?;
        let names = EventNames::parse(body.events).map_err(|error| wrong("/events", &error.to_string()))?;
        self.check_target(&body.url).await?;
        let after = place("/after", body.after.as_deref().unwrap_or("latest"))?;
        let open = self.readable(caller).await?;
        let after = event("/after", &after, open).await?;
        let secret = fresh_secret()?;
        let wish = Wish { url: body.url, names, secret: secret.clone(), after };
        match in_time(open.store.put_webhook(open.reader, &caller.msp_id, id, wish)).await? {
            Put::Made(webhook) => {
                Ok(Answer::json(201, &WebhookView { secret: Some(secret), ..WebhookView::of(&webhook) }))
            }
            Put::Changed(webhook) => Ok(Answer::json(200, &WebhookView::of(&webhook))),
            Put::TooMany => {
                Err(Problem::of(ProblemCode::WebhooksFull)
                    .with_detail(format!("An organization may have {WEBHOOKS_MAX}.")))
            }
        }
    }

    /// The webhooks of the caller's organization.
    pub(super) async fn webhooks(&self, caller: &Principal) -> Result<Answer, Problem> {
        let open = self.readable(caller).await?;
        let webhooks = in_time(open.store.webhooks(open.reader, &caller.msp_id)).await?;
        Ok(Answer::json(200, &WebhooksAnswer { webhooks: webhooks.iter().map(WebhookView::of).collect() }))
    }

    /// One of them, with what waits.
    pub(super) async fn webhook(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let open = self.readable(caller).await?;
        let webhook = in_time(open.store.webhook(open.reader, &caller.msp_id, webhook_id(parts)?)).await?;
        let webhook = webhook.ok_or_else(unknown)?;
        let backlog = in_time(open.store.webhook_backlog(open.reader, &webhook, BACKLOG_MAX)).await?;
        Ok(self.tagged(Answer::json(200, &WebhookView { backlog: Some(backlog), ..WebhookView::of(&webhook) })))
    }

    /// Forgets one.
    pub(super) async fn remove_webhook(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let open = self.readable(caller).await?;
        let id = webhook_id(parts)?;
        match in_time(open.store.remove_webhook(open.reader, &caller.msp_id, id)).await? {
            true => Ok(Answer::empty(204)),
            false => Err(unknown()),
        }
    }

    /// Gives one another secret.
    pub(super) async fn change_webhook_secret(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let open = self.readable(caller).await?;
        let (id, secret) = (webhook_id(parts)?, fresh_secret()?);
        let until = i64::try_from((now() + FORMER_SECONDS) * 1_000).unwrap_or(i64::MAX);
        let changing = open.store.change_webhook_secret(open.reader, &caller.msp_id, id, &secret, until);
        if !in_time(changing).await? {
            return Err(unknown());
        }
        let webhook = in_time(open.store.webhook(open.reader, &caller.msp_id, id)).await?.ok_or_else(unknown)?;
        Ok(Answer::json(200, &WebhookView { secret: Some(secret), ..WebhookView::of(&webhook) }))
    }

    /// Lets one go on, from where it is or from elsewhere.
    pub(super) async fn replay_webhook(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let id = webhook_id(parts)?;
        let body: ReplayBody = self.body(parts)?;
        let after = body.after.map(|after| place("/after", &after)).transpose()?;
        let open = self.readable(caller).await?;
        let after = match after {
            Some(place) => Some(event("/after", &place, open).await?),
            None => None,
        };
        if !in_time(open.store.resume_webhook(open.reader, &caller.msp_id, id, after)).await? {
            return Err(unknown());
        }
        self.webhook(caller, parts).await
    }

    /// What became of the last deliveries.
    pub(super) async fn webhook_deliveries(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let [before, limit] = named(parts, ["before", "limit"])?;
        let limit = self.limit(limit.as_deref(), DELIVERIES_MAX)?;
        let before = match before {
            Some(text) => Some(u64::from(number("before", Some(&text), 0, 0, u32::MAX)?)),
            None => None,
        };
        let open = self.readable(caller).await?;
        let id = webhook_id(parts)?;
        in_time(open.store.webhook(open.reader, &caller.msp_id, id)).await?.ok_or_else(unknown)?;
        let asked = open.store.deliveries(open.reader, &caller.msp_id, id, before, limit);
        let deliveries: Vec<DeliveryRow> = in_time(asked).await?.into_iter().map(DeliveryRow::from).collect();
        let is_full = u32::try_from(deliveries.len()).is_ok_and(|count| count == limit);
        let next = deliveries.last().map(|last| last.number).filter(|number| is_full && *number > 0);
        Ok(Answer::json(200, &DeliveriesAnswer { deliveries, next }))
    }

    /// A body of the gateway's own form.
    fn body<T: DeserializeOwned>(&self, parts: &Parts) -> Result<T, Problem> {
        let body = request::body_object(&parts.body, &self.limits())?;
        rejection::read(Value::Object(body).to_string().as_bytes())
            .map_err(|rejection| Problem::refused(&rejection.into()))
    }

    /// Whether events may be sent there, as far as it can be known now. It is asked again for each delivery.
    async fn check_target(&self, url: &str) -> Result<(), Problem> {
        let refuse = |error: TargetError| {
            Problem::of(ProblemCode::WebhookUrlRefused)
                .with_detail(error.to_string())
                .with_field("/url", error.to_string())
        };
        let target = Target::parse(url).map_err(refuse)?;
        let resolving = tokio::time::timeout(RESOLVE, target.resolve(self.webhook_guard()));
        resolving.await.unwrap_or(Err(TargetError::Unresolved)).map(drop).map_err(refuse)
    }
}

/// An id that a caller chose: as ids of declarations.
fn webhook_id(parts: &Parts) -> Result<&str, Problem> {
    let id = path(parts, "id");
    match DeclarationId::parse(id) {
        Ok(_) => Ok(id),
        Err(error) => Err(refused("id", &error.to_string())),
    }
}

fn place(pointer: &str, text: &str) -> Result<Place, Problem> {
    match text {
        BEGINNING => Ok(Place::Beginning),
        text => {
            Place::parse(Some(text)).map_err(|_| wrong(pointer, "is neither `beginning`, `latest` nor an event's id"))
        }
    }
}

/// The event at a place. One whose block is not read yet is refused: by that block's header it is told later whether
/// the chain is the same.
async fn event(pointer: &str, place: &Place, open: &Open) -> Result<Option<EventId>, Problem> {
    let event = place.event(open).await?;
    let next = in_time(open.store.next_block(open.reader)).await?;
    match event {
        Some(id) if id.block >= next => {
            Err(wrong(pointer, &format!("names an event of block {}, which the index has not read yet", id.block)))
        }
        _ => Ok(event),
    }
}

fn fresh_secret() -> Result<String, Problem> {
    new_secret().map_err(|error| {
        tracing::error!("no secret can be made: {error}");
        Problem::of(ProblemCode::GatewayFailure)
    })
}

fn wrong(pointer: &str, reason: &str) -> Problem {
    Problem::of(ProblemCode::ParameterInvalid).with_detail(format!("`{pointer}` {reason}")).with_field(pointer, reason)
}

fn unknown() -> Problem {
    Problem::of(ProblemCode::WebhookUnknown)
}
