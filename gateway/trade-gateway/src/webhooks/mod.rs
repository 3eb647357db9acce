//! Webhooks: events of the ledger as CloudEvents 1.0 (structured JSON), signed by Standard Webhooks 1.0.0.
//!
//! Each webhook gets its events in the order of the ledger, the next one when the one before was taken, at least once.
//! How far it has got stands in the index's database (see `trade_index`), so that a gateway that was killed goes on,
//! and of several gateways with one database one sends.

mod answer;
mod cloud_event;
mod courier;
mod guard;
mod schedule;
mod secret;
mod sender;
mod target;

pub use self::{
    answer::{DeliveriesAnswer, DeliveryRow, ReplayBody, WebhookBody, WebhookState, WebhookView, WebhooksAnswer},
    courier::WebhookError,
};
pub(crate) use self::{
    courier::Courier,
    guard::Guard,
    secret::new_secret,
    sender::Sender,
    target::{Target, TargetError},
};
