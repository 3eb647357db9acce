//! The statements, one file each.

mod close;
mod equal;
mod open;
mod range;
mod sum;

pub use close::Close;
pub use equal::Equal;
pub use open::Open;
pub use range::Range;
pub use sum::{SUM_LINES_MAX, Sum};
