//! Items and their events: capture, the four timelines, tracing, scanning and alarms.
//!
//! EPCIS documents themselves are parsed in `epcis`; here stand the requests and answers of the contract `item`.

mod alarm;
mod alarm_group;
mod alarm_kind;
mod capture;
mod correction;
mod event;
mod events;
mod records;
mod rejections;
mod requests;
mod scan;
mod serials;
mod standing;
mod tables;
mod trace;

pub use alarm::{Addressee, Alarm, AlarmPage, AlarmReport, AlarmState, Grade, Stake, Weight};
pub use alarm_group::{
    AlarmAnswer, AlarmDecision, AlarmFinding, AlarmGroup, AlarmGroupPage, AlarmGroupReport, Concern,
};
pub use alarm_kind::AlarmKind;
pub use capture::{CaptureReceipt, CaptureStatus, CapturedEvent, RaisedAlarm};
pub use correction::{Correction, CorrectionConsent, CorrectionReport, ItemReport};
pub use event::{Change, DeclaredError, Effect, EventPage, RecordedEvent, SightingPage};
pub use events::ItemEvent;
pub use records::{Entitlement, EntryCounts, Item, ItemKind, Life, Origin};
pub use rejections::ItemRejection;
pub use requests::{
    AnswerAlarm, Capture, ConsentToCorrection, DecideAlarm, IssueSerials, ReadAlarm, ReadAlarmGroup, ReadAlarms,
    ReadCorrection, ReadEvents, ReadItem, ReadPartyAlarms, ReadSerials, ReadSightings, ScanItem, TraceItem,
};
pub use scan::{ScanAnswer, Statement};
pub use serials::{IssuedSerials, SerialNumber, SerialPage, SerialRange, serial_of};
pub use standing::{Otherwise, Relation, Sighted, Standing, StandingRow, StandingTable, StepEffect, Together};
pub(crate) use tables::tables;
pub use tables::*;
pub use trace::{Basis, Gap, GapKind, HeldBy, TimelineEntry, Trace, TraceDirection, TraceStep};

/// Most events one captured document may hold.
pub const EVENTS_MAX: usize = 200;
/// Most item mentions one captured document may hold.
pub const ITEM_MENTIONS_MAX: usize = 2_000;
/// Most children one logistic unit may hold directly.
pub const CHILDREN_MAX: usize = 1_000;
/// Deepest nesting of logistic units that is followed.
pub const NESTING_MAX: usize = 8;
/// Most ranges of serial numbers that one trade item can have.
pub const SERIAL_RANGES_MAX: usize = 100;
