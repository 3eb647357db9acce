//! Items and their events: capture, the four timelines, tracing, scanning and alarms.
//!
//! EPCIS documents themselves are parsed in `epcis`; here stand the requests and answers of the contract `item`.

mod alarm;
mod capture;
mod event;
mod events;
mod records;
mod rejections;
mod requests;
mod scan;
mod tables;
mod trace;

pub use alarm::{Alarm, AlarmClosure, AlarmKind, AlarmPage, AlarmState};
pub use capture::{CaptureReceipt, CaptureStatus, CapturedEvent, RaisedAlarm};
pub use event::{Change, DeclaredError, Effect, EventPage, RecordedEvent};
pub use events::ItemEvent;
pub use records::{AlarmCounts, EntryCounts, Item, ItemKind, Life, Origin};
pub use rejections::ItemRejection;
pub use requests::{Capture, CloseAlarm, ReadAlarm, ReadAlarms, ReadEvents, ReadItem, ScanItem, TraceItem};
pub use scan::{ScanAnswer, Statement};
pub(crate) use tables::tables;
pub use tables::*;
pub use trace::{Basis, TimelineEntry, Trace, TraceDirection, TraceStep};

/// Most events one captured document may hold.
pub const EVENTS_MAX: usize = 200;
/// Most item mentions one captured document may hold.
pub const ITEM_MENTIONS_MAX: usize = 2_000;
/// Most children one logistic unit may hold directly.
pub const CHILDREN_MAX: usize = 1_000;
/// Deepest nesting of logistic units that is followed.
pub const NESTING_MAX: usize = 8;
