//! How a domain declares its events.

/// Declares the events of one domain.
macro_rules! ledger_events {
    ($(#[$meta:meta])* $events:ident {
        $($(#[$doc:meta])* $name:literal $event:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),+ $(,)? })+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(tag = "name", content = "ids")]
        pub enum $events {
            $($(#[$doc])* #[serde(rename = $name)] $event { $($(#[$field_doc])* $field: $type),+ },)+
        }

        impl $events {
            /// The names of the events.
            pub const NAMES: &'static [&'static str] = &[$($name),+];
        }
    };
}

pub(crate) use ledger_events;
