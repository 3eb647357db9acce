//! What the contract `item` announces.

use trade_standards::epcis::EventHash;

use crate::common::AlarmGroupId;
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
    }
}
