//! What the contract `customs` announces.

use crate::common::{DeclarationId, TariffId};
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `customs`.
    CustomsEvent {
        /// A version of a tariff was published.
        "customs.tariff_published" TariffPublished {
            /// The tariff.
            tariff_id: TariffId,
            /// Its version.
            version: u32,
        }
        /// A declaration was filed.
        "customs.declaration_filed" DeclarationFiled {
            /// The declaration.
            declaration_id: DeclarationId,
        }
        /// The importer shared the opening of the declared value with the authority.
        "customs.value_opening_shared" ValueOpeningShared {
            /// The declaration.
            declaration_id: DeclarationId,
        }
        /// One person of the authority would clear a consignment; it is not released.
        "customs.clearance_proposed" ClearanceProposed {
            /// The declaration.
            declaration_id: DeclarationId,
            /// The decision's number, from 1.
            number: u32,
        }
        /// A consignment was cleared: a second person approved the decision.
        "customs.cleared" Cleared {
            /// The declaration.
            declaration_id: DeclarationId,
            /// The decision's number, from 1.
            number: u32,
        }
        /// Documents were asked for.
        "customs.documents_requested" DocumentsRequested {
            /// The declaration.
            declaration_id: DeclarationId,
            /// The decision's number, from 1.
            number: u32,
        }
        /// A consignment was intercepted.
        "customs.intercepted" Intercepted {
            /// The declaration.
            declaration_id: DeclarationId,
            /// The decision's number, from 1.
            number: u32,
        }
    }
}
