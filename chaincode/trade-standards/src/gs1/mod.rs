//! EPC URNs and GS1 Digital Link URIs, brought to one canonical form: `https://id.gs1.org/01/…/21/…`.
//!
//! The same pallet may be written as `urn:epc:id:sscc:4012345.0000000333`, as
//! `https://id.gs1.org/00/040123450000003338`, in capitals, percent-encoded or with a company's own domain in front;
//! all of them must be one object on the ledger. What names a key and breaks its rules is refused by name: taken as it
//! stands, it would be a second object beside the true one. URIs that name no key are not judged here; [`ObjectUri`]
//! keeps them, in the normal form of RFC 3986.
//!
//! Not done: looking up prefixes, resolving links, compressed Digital Links, and attributes in the query string (they
//! are cut off, as the canonical form demands).

mod digital_link;
mod epc_urn;
mod error;
mod object;
mod parse;
mod percent;
mod table;
mod uri;

pub use error::{DigitalLinkError, URI_BYTES_MAX};
pub use object::ObjectUri;
pub use table::Gs1Key;
pub use uri::Gs1Uri;

pub(crate) use object::is_uri;

#[cfg(test)]
mod prop;
#[cfg(test)]
mod tests;
