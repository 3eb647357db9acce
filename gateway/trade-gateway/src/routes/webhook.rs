//! Routes of webhooks: an organization's own, kept by the gateway and not by the ledger.

use super::build::{EVERY_ROLE, own, plain_id};
use super::{Action, Method, Parameter, ParameterIn, ParameterKind, Route};

const ID: Parameter = plain_id("id", "The webhook's id, which your organization has chosen");

const BEFORE: Parameter = Parameter {
    name: "before",
    place: ParameterIn::Query,
    field: None,
    kind: ParameterKind::Number,
    summary: "The `next` of the page before",
};

const LIMIT: Parameter = Parameter {
    name: "limit",
    place: ParameterIn::Query,
    field: None,
    kind: ParameterKind::PageSize,
    summary: "How many to answer. Default: 100",
};

pub(super) static ROUTES: &[Route] = &[
    own(
        "webhooks",
        Method::Get,
        "/v1/webhooks",
        "The webhooks of the caller's organization",
        EVERY_ROLE,
        Action::Webhooks,
        &[],
    ),
    own(
        "readWebhook",
        Method::Get,
        "/v1/webhooks/{id}",
        "One webhook, with how many events wait",
        EVERY_ROLE,
        Action::Webhook,
        &[ID],
    ),
    own(
        "putWebhook",
        Method::Put,
        "/v1/webhooks/{id}",
        "Makes a webhook, or changes where its events go and which; one that was stopped goes on",
        EVERY_ROLE,
        Action::PutWebhook,
        &[ID],
    ),
    own(
        "removeWebhook",
        Method::Delete,
        "/v1/webhooks/{id}",
        "Forgets a webhook and what became of its deliveries",
        EVERY_ROLE,
        Action::RemoveWebhook,
        &[ID],
    ),
    own(
        "changeWebhookSecret",
        Method::Post,
        "/v1/webhooks/{id}/secret",
        "Gives a webhook another secret; for a day the former one signs as well",
        EVERY_ROLE,
        Action::ChangeWebhookSecret,
        &[ID],
    ),
    own(
        "replayWebhook",
        Method::Post,
        "/v1/webhooks/{id}/replay",
        "Lets a webhook go on, from where it is or behind another event",
        EVERY_ROLE,
        Action::ReplayWebhook,
        &[ID],
    ),
    own(
        "webhookDeliveries",
        Method::Get,
        "/v1/webhooks/{id}/deliveries",
        "What became of the last 1,000 tries to deliver, newest first",
        EVERY_ROLE,
        Action::WebhookDeliveries,
        &[ID, BEFORE, LIMIT],
    ),
];
