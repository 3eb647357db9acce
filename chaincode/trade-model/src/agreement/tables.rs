//! Where agreements stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use super::{Agreement, AgreementAnswer, AgreementEnd, AgreementName};
use crate::authorship::{Authored, Said};
use crate::tables::Tables;

/// Two parties, in the order of their MSP ids, and a currency.
pub type PairAndCurrency = (Part<MspId>, Part<MspId>, Part<CurrencyCode>);

/// Offers by their name.
pub const AGREEMENTS: Authored<AgreementName, Agreement> =
    Authored::new("agreement", |_, it| vec![Said::by(it.offerer(), &it.offered, it)]);
/// What the other member said, by the agreement's name.
pub const AGREEMENT_ANSWERS: Authored<AgreementName, AgreementAnswer> =
    Authored::new("agreement-answer", |_, it| vec![Said::by_signer(&it.answered, it)]);
/// Notices, by the agreement's name.
pub const AGREEMENT_ENDS: Authored<AgreementName, AgreementEnd> =
    Authored::new("agreement-end", |_, it| vec![Said::by_signer(&it.noticed, it)]);
/// The agreements that two members, the lesser MSP id first, have accepted in a currency and that are not over.
pub const AGREEMENTS_OF_PAIR: Table<PairAndCurrency, Vec<AgreementName>> = Table::new("agreement-pair");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.authored(&AGREEMENTS);
    all.authored(&AGREEMENT_ANSWERS);
    all.authored(&AGREEMENT_ENDS);
    all.public(&AGREEMENTS_OF_PAIR);
}
