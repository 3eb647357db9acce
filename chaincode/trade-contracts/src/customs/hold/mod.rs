//! Holds: an authority keeps goods, and all that they contain, where they are.
//!
//! The record of a hold rules. An item points to the last hold that was placed on it, and that pointer alone binds
//! nobody: the hold may have lapsed, been lifted, or been made up.

mod apply;
mod binding;
mod custody;
mod interception;
mod place;
mod record;
mod step;

pub(crate) use binding::Holds;
pub(super) use interception::{Interception, follow_decision, intercept};
pub use place::place_hold;
pub use record::read_hold;
pub use step::{approve_hold, confirm, lift, seize};
