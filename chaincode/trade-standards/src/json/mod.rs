//! JSON as the sender wrote it: numbers stay text, members keep their order, names may not repeat.
//!
//! The common JSON value turns `12.10` into a binary fraction and forgets repeated names; neither may happen to
//! something that is hashed or decided on. Bytes, nesting and the number of values are bounded while reading, so that
//! no text can exhaust stack or memory. Errors name positions and never quote the text.
//!
//! Not done: schemas. To get a type of its own from a [`Json`], print it and let `serde_json` read that: it has no
//! repeated names any more, and its nesting is bounded.

mod error;
mod field;
mod limits;
mod reader;
mod value;

pub use error::{JsonError, line_and_column};
pub use limits::JsonLimits;
pub use value::Json;

#[cfg(test)]
mod tests;
