#![doc = include_str!("../README.md")]

mod backend;
mod codec;
mod context;
mod contract;
mod creator;
mod endorsers;
mod failure;
mod fault;
mod invocation;
mod key;
mod kind;
mod metadata;
mod objects;
mod organization;
mod origin;
mod places;
mod private;
mod query;
mod router;
mod state;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod timestamp;
mod values;

pub use backend::{Backend, Change, Modification, PageRequest, Reply, Request, Response, Row, Write};
pub use codec::{ArgumentError, from_json};
pub use context::{Context, TransientError};
pub use contract::Contract;
pub use creator::Creator;
pub use endorsers::EndorserPolicy;
pub use failure::{Failure, Field};
pub use fault::Fault;
pub use invocation::{Event, Invocation, Outcome};
pub use key::{CompositeKey, KeyError, LedgerKey};
pub use kind::Kind;
pub use organization::organization_collection;
pub use origin::Origin;
pub use private::Private;
pub use query::{MAX_ROWS, Page, Rows};
pub use router::{Router, TransactionInfo};
pub use table::{Entries, KeyPart, Part, PrefixOf, Table, TableKey, TablePage};
pub use timestamp::Timestamp;
