//! The words that every domain shares: ids, texts with bounds, sets, stamps, openings, and how a wrong one is named.
//!
//! A value of these types is well formed. The rule is checked where the value is made: when JSON is read or a text is
//! parsed. So no contract checks a form, and gateway and chaincode refuse the same text by the same code.

mod attested;
mod beside;
mod bounded;
mod cursor;
mod document;
mod duty;
mod ids;
mod invisible;
mod item_id;
mod malformed;
mod newest_first;
mod nice_class;
mod opening;
mod operator;
mod proof;
mod role;
mod scoped;
mod set;
mod stamp;
mod tables;
mod text;

pub use attested::{Attested, Committed, Shared};
pub use beside::Beside;
pub use bounded::Bounded;
pub use cursor::{Cursor, PageSize};
pub use document::{Salt, SaltedDigest, SaltedDocument};
pub use duty::{DUTIES_ATTRIBUTE, Duties, DutiesError, Duty, GATEWAY_ATTRIBUTE, parse_duties};
pub use ids::{
    AgreementId, AlarmGroupId, AlarmId, BandId, DeclarationId, EntryId, EventRecordId, HoldId, InvoiceId, LicenceId,
    MandateId, OrderId, ProposalId, RecoveryId, RightId, RuleId, TariffId, TitleTransferId, TransactionId, TransferId,
};
pub use invisible::Invisible;
pub use item_id::ItemId;
pub use malformed::Malformed;
pub use newest_first::NewestFirst;
pub use nice_class::NiceClass;
pub use opening::{AMOUNT_MAX, DocumentedOpening, Opening};
pub use operator::{Operator, Person, Told, Vouched};
pub use proof::{Commitment, Proof};
pub use role::Role;
pub use scoped::{Scoped, ScopedRef};
pub use set::Set;
pub use stamp::{Moment, Newest, Stamp};
pub use tables::{CLIENT_REFERENCES, COMMITMENTS};
pub use text::{CompanyPrefix, Foreign, MediaType, OfficeCode, RegistrationNumber, Remark, Text};

pub use fabric_contract::organization_collection;
pub use trade_standards::customs::{TariffCode, TariffPrefix, UnitCode};
pub use trade_standards::digest::Digest256;
pub use trade_standards::money::MinorUnits;
pub use trade_standards::quantity::Quantity;

pub(crate) use tables::tables;
pub(crate) use text::text_type;
