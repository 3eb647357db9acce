//! What the contract `customs` announces.

use trade_standards::identifier::Gtin;

use crate::common::{DeclarationId, HoldId, Scoped};
use crate::customs::TariffName;
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `customs`.
    CustomsEvent {
        /// A version of a tariff was published.
        "customs.tariff_published" TariffPublished {
            /// The tariff.
            tariff_id: TariffName,
            /// Its version.
            version: u32,
        }
        /// A maker stated the HS code of a trade item.
        "customs.product_classified" ProductClassified {
            /// The trade item.
            gtin: Gtin,
        }
        /// A declaration was filed.
        "customs.declaration_filed" DeclarationFiled {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
        }
        /// The importer shared the opening of the declared value with the authority.
        "customs.value_opening_shared" ValueOpeningShared {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
        }
        /// One person of the authority would clear a consignment; it is not released.
        "customs.clearance_proposed" ClearanceProposed {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
            /// The decision's number, from 1.
            number: u32,
        }
        /// A consignment was cleared: a second person approved the decision.
        "customs.cleared" Cleared {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
            /// The decision's number, from 1.
            number: u32,
        }
        /// Documents were asked for.
        "customs.documents_requested" DocumentsRequested {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
            /// The decision's number, from 1.
            number: u32,
        }
        /// A consignment was intercepted.
        "customs.intercepted" Intercepted {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
            /// The decision's number, from 1.
            number: u32,
        }
        /// A consignment was not admitted.
        "customs.refused" Refused {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
            /// The decision's number, from 1.
            number: u32,
        }
        /// A second person approved a decision that is graver than the rules propose.
        "customs.decision_confirmed" DecisionConfirmed {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
            /// The decision's number, from 1.
            number: u32,
        }
        /// Officer or importer did something about a declaration.
        "customs.acted" Acted {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
            /// The act's number, from 1.
            number: u32,
        }
        /// The importer took a declaration back.
        "customs.declaration_withdrawn" DeclarationWithdrawn {
            /// The declaration.
            declaration_id: Scoped<DeclarationId>,
        }
        /// An authority placed a hold, changed it, or proposed to.
        "customs.hold_changed" HoldChanged {
            /// The hold.
            hold_id: HoldId,
            /// The number of its last step, from 1.
            step: u32,
        }
    }
}
