//! What the contract `item` announces.

use trade_standards::epcis::EventHash;
use trade_standards::identifier::Gtin;

use super::SerialNumber;
use crate::common::{AlarmGroupId, EventRecordId};
use crate::ledger_events::ledger_events;

ledger_events! {
    /// Events of the contract `item`.
    ItemEvent {
        /// Events were recorded, and nothing contradicts them.
        "item.captured" Captured {
            /// Hashes of the events, in document order.
            events: Vec<EventHash>,
        }
        /// Events were recorded, and alarms with them.
        "item.alarm_raised" AlarmRaised {
            /// Hashes of the events, in document order.
            events: Vec<EventHash>,
            /// The groups of alarms, one for each event that raised any.
            groups: Vec<AlarmGroupId>,
        }
        /// A member answered alarms.
        "item.alarm_answered" AlarmAnswered {
            /// The group of alarms.
            group_id: AlarmGroupId,
        }
        /// A customs authority decided about alarms.
        "item.alarm_decided" AlarmDecided {
            /// The group of alarms.
            group_id: AlarmGroupId,
        }
        /// A company issued serial numbers of a trade item.
        "item.serials_issued" SerialsIssued {
            /// The trade item number.
            gtin: Gtin,
            /// The first of them.
            from: SerialNumber,
        }
        /// A member agreed to a correction of an event.
        "item.correction_consented" CorrectionConsented {
            /// The record that was declared erroneous.
            record_id: EventRecordId,
        }
        /// A correction that needed the consent of others was carried out.
        "item.correction_applied" CorrectionApplied {
            /// The record that was declared erroneous.
            record_id: EventRecordId,
        }
    }
}
