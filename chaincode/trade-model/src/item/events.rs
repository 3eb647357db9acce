//! What the contract `item` announces.

use trade_standards::epcis::EventHash;

use crate::common::AlarmId;
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
            /// The alarms.
            alarms: Vec<AlarmId>,
        }
        /// A customs authority closed an alarm.
        "item.alarm_closed" AlarmClosed {
            /// The alarm.
            alarm_id: AlarmId,
        }
    }
}
