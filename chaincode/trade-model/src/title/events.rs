//! What the contract `title` announces.

use trade_standards::identifier::MspId;

use super::TitleName;
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `title`.
    TitleEvent {
        /// Items were offered for sale.
        "title.offered" Offered {
            /// The offer.
            title_id: TitleName,
            /// Who is to own the items.
            buyer: MspId,
        }
        /// Title passed.
        "title.accepted" Accepted {
            /// The offer.
            title_id: TitleName,
            /// Who owns the items now.
            buyer: MspId,
        }
        /// The buyer did not take title.
        "title.refused" Refused {
            /// The offer.
            title_id: TitleName,
            /// Who was to own the items.
            buyer: MspId,
        }
        /// The offer was taken back.
        "title.withdrawn" Withdrawn {
            /// The offer.
            title_id: TitleName,
            /// Who was to own the items.
            buyer: MspId,
        }
    }
}
