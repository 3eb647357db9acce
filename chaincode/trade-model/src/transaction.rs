//! What one transaction is, said once: its name and kind, request, answer and private input, roles, duty and endorsers.
//!
//! The declaration stands with the request type. The router, the gateway's routes and roles, the OpenAPI document and
//! the typed clients read it from there, so that no two of them can differ.

pub use fabric_contract::Kind;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use trade_standards::identifier::MspId;

use crate::common::{Duty, Role};

/// The transient field that carries the private input of a transaction.
pub const PRIVATE: &str = "private";

/// A transaction of the chaincode, by its request.
pub trait Transaction: Serialize + DeserializeOwned + JsonSchema + 'static {
    /// Its name on the wire, `contract:Function`.
    const NAME: &'static str;
    /// Whether it may write.
    const KIND: Kind;
    /// Who may send it: members with one of these roles. Empty: for a submit every member but regulators, for an
    /// evaluate everybody.
    const ROLES: &'static [Role] = &[];
    /// Which duties let a person send it, any of them; none for what only reads.
    const DUTIES: &'static [Duty];
    /// The transaction that reads the record which this one changes, where others can change that record as well: its
    /// sender may name the answer that it has seen, and is refused when it would be another one by now.
    const QUESTION: Option<&'static str> = None;
    /// What it answers.
    type Answer: Serialize + DeserializeOwned + JsonSchema + 'static;
    /// What it takes beside the request, in transient data.
    type Private: PrivateInput;

    /// Where on the ledger the other member stands whose collection receives the private input. The caller's
    /// organization and this member's endorse, and nobody else: a peer that endorses sees it. `caller` is whose records
    /// the request may name by their id alone.
    fn receiver(&self, _caller: &MspId) -> Option<Lookup> {
        None
    }

    /// The function's name, the part after the colon.
    fn function() -> &'static str {
        Self::NAME.split_once(':').map_or(Self::NAME, |(_, function)| function)
    }
}

/// A transaction that changes a record which others can change as well. What it is to find there is named by the digest
/// of the answer to a question.
pub trait Conditional: Transaction {
    /// The question that reads the record. Its answer holds nothing private: its digest becomes part of the
    /// transaction.
    type Question: Transaction;

    /// What to ask.
    fn question(&self) -> Self::Question;
}

/// A question to the ledger whose answer names a member.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// The evaluate transaction that answers it.
    pub transaction: &'static str,
    /// Its request.
    pub request: Value,
    /// Where in the answer the MSP id stands: a JSON pointer.
    pub pointer: &'static str,
}

impl Lookup {
    /// The lookup that `question` makes; `pointer` leads to the MSP id in its answer.
    pub fn new<T: Transaction>(question: &T, pointer: &'static str) -> Self {
        let request = serde_json::to_value(question).expect("requests are texts, numbers and lists, which JSON takes");
        Self { transaction: T::NAME, request, pointer }
    }
}

/// What a transaction takes in transient data.
pub trait PrivateInput: 'static {
    /// The type of the transient field [`PRIVATE`].
    type Value: Serialize + DeserializeOwned + JsonSchema + 'static;
    /// Whether it is taken, and whether it must be given.
    const PRESENCE: Presence;
}

/// Whether a private input is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The transaction takes none.
    Never,
    /// It must be given.
    Required,
}

/// No private input.
pub enum Nothing {}

impl PrivateInput for Nothing {
    type Value = ();
    const PRESENCE: Presence = Presence::Never;
}

/// A private input that must be given.
pub struct Required<T>(std::marker::PhantomData<T>);

impl<T: Serialize + DeserializeOwned + JsonSchema + 'static> PrivateInput for Required<T> {
    type Value = T;
    const PRESENCE: Presence = Presence::Required;
}

/// Declares transactions, one a line:
/// `transactions! { submit(Clerk) "custody:Offer" by Role::HANDLERS, Offer => CustodyTransfer; }`. What submits names
/// the duties of which it needs one: `submit(Clerk, Officer)`. Private input stands behind the request, with the
/// function that tells its receiver: `…, ShareInvoiceOpening, private DocumentedOpening, to buyer => Shared;`. What
/// changes a record that others can change names the question that reads it, with the fields that both have:
/// `…, AcceptInvoice, seen by ReadInvoice { invoice_id } => InvoiceAnswer;`.
macro_rules! transactions {
    ($(
        $kind:ident $(($($duty:ident),+))? $name:literal $(by $roles:expr)?,
        $request:ty $(, private $private:ty, to $receiver:expr)?
            $(, seen by $question:ident { $($field:ident),+ $(; $($rest:ident),+)? })? => $answer:ty;
    )+) => {
        $(impl crate::transaction::Transaction for $request {
            const NAME: &'static str = $name;
            const KIND: crate::transaction::Kind = crate::transaction::transactions!(@kind $kind);
            const DUTIES: &'static [crate::common::Duty] = &[$($(crate::common::Duty::$duty),+)?];
            $(const ROLES: &'static [crate::common::Role] = $roles;)?
            $(const QUESTION: Option<&'static str> = Some(<$question as crate::transaction::Transaction>::NAME);)?
            type Answer = $answer;
            type Private = crate::transaction::transactions!(@private $($private)?);

            $(fn receiver(&self, caller: &MspId) -> Option<crate::transaction::Lookup> {
                Some($receiver(self, caller))
            })?
        }

        $(impl crate::transaction::Conditional for $request {
            type Question = $question;

            fn question(&self) -> $question {
                $question { $($field: self.$field.to_owned(),)+ $($($rest: None),+)? }
            }
        })?)+
    };
    (@private) => { crate::transaction::Nothing };
    (@private $private:ty) => { crate::transaction::Required<$private> };
    (@kind submit) => { crate::transaction::Kind::Submit };
    (@kind evaluate) => { crate::transaction::Kind::Evaluate };
}

pub(crate) use transactions;
