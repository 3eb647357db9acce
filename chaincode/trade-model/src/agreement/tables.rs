//! Where agreements stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use super::{Agreement, AgreementAnswer, AgreementEnd, AgreementName};
use crate::tables::Tables;

/// Two parties, in the order of their MSP ids, and a currency.
pub type PairAndCurrency = (Part<MspId>, Part<MspId>, Part<CurrencyCode>);

/// Offers by their name.
pub const AGREEMENTS: Table<AgreementName, Agreement> = Table::new("agreement");
/// What the other member said, by the agreement's name.
pub const AGREEMENT_ANSWERS: Table<AgreementName, AgreementAnswer> = Table::new("agreement-answer");
/// Notices, by the agreement's name.
pub const AGREEMENT_ENDS: Table<AgreementName, AgreementEnd> = Table::new("agreement-end");
/// The agreements that two members, the lesser MSP id first, have accepted in a currency and that are not over.
pub const AGREEMENTS_OF_PAIR: Table<PairAndCurrency, Vec<AgreementName>> = Table::new("agreement-pair");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&AGREEMENTS);
    all.public(&AGREEMENT_ANSWERS);
    all.public(&AGREEMENT_ENDS);
    all.public(&AGREEMENTS_OF_PAIR);
}
