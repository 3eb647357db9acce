//! What the routes do. HTTP is not known here.
//!
//! One [`Service`] answers all: `core` holds its state, `resolving` learns the outcome of operations, `external` serves
//! callers who sign, `indexed` asks the index, `imports`, `importing` and `mappings`
//! serve bulk imports, `reading` and `writing` do the rest, and `dispatch` chooses among them.

mod auditing;
mod backoff;
mod core;
mod dispatch;
mod external;
mod importing;
mod imports;
mod indexed;
mod mappings;
mod measured;
mod operations;
mod proving;
mod reading;
mod resolving;
mod streaming;
mod webhooks;
mod writing;

pub(crate) use self::auditing::away;
pub(crate) use self::core::{Service, evaluate_as};
pub(crate) use self::streaming::{EventStream, Streamed};
