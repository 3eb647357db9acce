//! Why a transaction writes nothing: a broken rule, or a ledger that could not answer.

use fabric_contract::{Failure, Fault, KeyError};
use trade_model::rejection::Rejection;

/// What every contract function returns instead of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The caller broke a rule.
    Rejected(Rejection),
    /// Something around the contract broke.
    Fault(Fault),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<KeyError> for Refusal {
    /// Keys are built from what callers send and from nothing else, so the caller is told.
    fn from(_: KeyError) -> Self {
        Self::Rejected(Rejection::IdMalformed { field: "id" })
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(fault) => fault.into(),
            Refusal::Rejected(rejection) => {
                let failure = Failure::new(rejection.status(), rejection.code(), rejection.title())
                    .with_detail(rejection.detail());
                match rejection.field() {
                    Some(field) => failure.with_field(field, rejection.detail()),
                    None => failure,
                }
            }
        }
    }
}
