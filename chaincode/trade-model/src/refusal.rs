//! Why a transaction writes nothing: a broken rule, or a ledger that could not answer.

use fabric_contract::{Failure, Fault, KeyError};

use crate::common::Malformed;
use crate::rejection::{ConditionRejection, Rejection, RequestRejection};

/// The field of a failure that holds the digest of the answer as it is now.
pub const CURRENT: &str = "/if_match";

/// The field of a failure that holds the transaction which has done the request.
pub const DONE_BY: &str = "/client_reference";

/// What every contract function returns instead of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The caller broke a rule.
    Rejected(Rejection),
    /// Something around the contract broke.
    Fault(Fault),
}

/// A value that a contract builds itself has the wrong form. It stands in no field of the request.
impl From<Malformed> for Rejection {
    fn from(malformed: Malformed) -> Self {
        RequestRejection::of("", &malformed).into()
    }
}

impl<R: Into<Rejection>> From<R> for Refusal {
    fn from(rejection: R) -> Self {
        Self::Rejected(rejection.into())
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            // The bookmark is what the caller sent, and nothing else can be wrong with it.
            Fault::Bookmark => {
                let malformed = Malformed::new("request.cursor_malformed", "belongs to another list");
                RequestRejection::of("/after", &malformed).into()
            }
            fault => Self::Fault(fault),
        }
    }
}

/// Parts of keys are ids that were read and ids of the ledger's own; none of them holds what a key cannot.
impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self::Fault(Fault::Key(error))
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        let failure =
            Failure::new(rejection.status(), rejection.code(), rejection.title()).with_detail(rejection.detail());
        match (&rejection, rejection.field()) {
            // For programs: they go on from the answer as it is now.
            (Rejection::Condition(ConditionRejection::Changed { current }), _) => {
                failure.with_field(CURRENT, current.as_str())
            }
            (Rejection::Condition(ConditionRejection::AlreadyDone { transaction_id: Some(id) }), _) => {
                failure.with_field(DONE_BY, id.as_str())
            }
            (_, Some(field)) => failure.with_field(field, rejection.detail()),
            (_, None) => failure,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(fault) => fault.into(),
            Refusal::Rejected(rejection) => rejection.into(),
        }
    }
}
