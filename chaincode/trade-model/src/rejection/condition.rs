//! Rules about what is said beside a request.

use crate::{
    common::{Digest256, TransactionId},
    rejection::rejections,
};

rejections! {
    /// Rules about what is said beside a request.
    ConditionRejection;

    /// The record is another one than the sender has seen.
    Changed { current: Digest256 } = 412, "condition.changed", "The record was changed",
        "the record is not what the sender has seen: reading it now answers what has the digest {current}";
    /// The request has been done, by the transaction that is named where the peer knows it.
    AlreadyDone { transaction_id: Option<TransactionId> } = 409, "condition.already_done", "The request has been done",
        "a transaction with this client reference is in a block";
    /// The transaction changes no record that others can change.
    NotTaken = 400, "condition.not_taken", "The transaction takes no condition",
        "the transaction changes nothing that others can change, so there is no answer to compare";
}
