//! Alarms: raising them, answering them, deciding about them, and what is told of them.
//!
//! An alarm is written by the transaction that finds it and never changed. What became of it is read from what stands
//! beside it: whether a record on which it rests was declared erroneous, what members answered, what an authority
//! decided. So nobody that moves goods waits for a key that others write.

mod addressees;
mod answer;
mod conflict;
mod decide;
mod group;
mod judgement;
mod raise;
mod report;
mod standing;

pub use answer::answer;
pub(crate) use conflict::Conflict;
pub use decide::decide;
pub(super) use group::find_group;
pub(super) use raise::{raise, raise_again};
pub(super) use report::{Reader, answers_to, decision_on, report};
pub(crate) use standing::{standing_alarm, standing_alarms};
