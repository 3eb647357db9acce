//! Who keeps whose account: named by the holder, accepted by the bank.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use crate::common::{Stamp, TransactionId};

/// An account, as far as the ledger knows it: which bank reports for which holder. The account's number stays between
/// the two. The answer of `payment:NameBank`, `payment:AcceptAccount` and `payment:EndAccount`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Whose account it is.
    pub holder: MspId,
    /// Which bank keeps it.
    pub bank: MspId,
    /// When the holder named the bank.
    pub named: Stamp,
}

/// The bank's word that it keeps a holder's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountAcceptance {
    /// Whose account it is.
    pub holder: MspId,
    /// Which bank keeps it.
    pub bank: MspId,
    /// The transaction in which the holder named the bank: a holder that names it anew asks anew.
    pub naming: TransactionId,
    /// When the bank accepted.
    pub accepted: Stamp,
}

/// The word of one of the two that the bank reports no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountEnd {
    /// Whose account it was.
    pub holder: MspId,
    /// Which bank kept it.
    pub bank: MspId,
    /// The transaction in which the holder had named the bank.
    pub naming: TransactionId,
    /// Who ended it when.
    pub ended: Stamp,
}

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// The holder has named the bank, which has not accepted.
    Named,
    /// The bank reports.
    Open,
    /// One of the two has ended it.
    Ended,
}

/// An account and what became of it: the answer of `payment:ReadAccount`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountStanding {
    /// The holder's word.
    #[serde(flatten)]
    pub account: Account,
    /// Whether all that stands on the ledger about it was endorsed by the peers of holder and bank. What was not may
    /// have been made by others in their names; it is not shown.
    pub authenticated: bool,
    /// Where it stands.
    pub state: AccountState,
    /// The bank's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<AccountAcceptance>,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<AccountEnd>,
}
