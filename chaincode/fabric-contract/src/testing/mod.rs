//! An in-memory ledger with Fabric's semantics, for the tests of contracts.
//!
//! [`MemoryLedger`] stands below the same seam as the peer's stream, so checks, caches, buffers and paging are those of
//! production. It knows versions, history, private collections with membership and hashes, implicit collections, key
//! policies, and at commit the conflict and phantom checks. **Each transaction runs twice**, and response, event and
//! read/write set must agree byte for byte; otherwise the test stops with the difference.
//!
//! What it leaves out: signatures, endorsement policies (those of keys are stored, not enforced), rich queries,
//! block-to-live, and other channels.

mod call;
mod collection;
mod commit;
mod endorsed;
mod identity;
mod ledger;
mod replay;
mod rwset;
mod simulation;

pub use call::Call;
pub use collection::Collection;
pub use commit::Validation;
pub use endorsed::{Committed, Endorsed};
pub use identity::{CreatorBuilder, creator};
pub use ledger::{CommittedEvent, MemoryLedger};
pub use rwset::{HashedWrite, RangeRead, ReadWriteSet, Version};
