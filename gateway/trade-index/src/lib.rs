#![doc = include_str!("../README.md")]

mod block;
mod event;
mod follow;
mod history;
mod list;
mod place;
mod resource;
mod search;
mod sqlx;
mod store;
mod webhook;
mod words;

pub use self::{
    block::{BlockError, BlockFacts, Event, HashedWrite, TransactionFacts, Write, key_parts, read_block},
    event::{EVENT_NAMES_MAX, EVENTS_MAX, EventId, EventIdError, EventNames, EventNamesError, EventPage, IndexedEvent},
    follow::{FollowError, Follower, Progress, newest_block},
    history::{History, VERSIONS_MAX, Version},
    list::{ListPage, ListQuery, ListRow, PAGE_DEFAULT, PAGE_MAX, QueryError},
    place::Place,
    resource::{Cell, Column, Kind, Part, Resource, Shared, Withheld, resources},
    search::{FOUND_MAX, Found, FoundPage, Search},
    store::{Applied, Dialect, Reader, ReaderId, Store, StoreError},
    webhook::{DELIVERIES_MAX, Delivery, Failed, Put, Tried, WEBHOOKS_MAX, Webhook, WebhooksStand, Wish, Work},
};
