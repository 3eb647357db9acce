//! How a domain declares its rules.

/// Declares the rules of one domain and their table in one place, so that no variant can lack a code, a title, a status
/// or a sentence.
macro_rules! rejections {
    ($(#[$meta:meta])* $name:ident;
     $($(#[$doc:meta])* $variant:ident $({ $($field:ident : $type:ty),+ $(,)? })? = $status:literal, $code:literal,
       $title:literal, $detail:literal;)+) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the fields are named after what they hold")]
        pub enum $name {
            $($(#[$doc])* #[doc = ""] #[doc = concat!("Code `", $code, "`, status ", stringify!($status), ".")]
              $variant $({ $($field: $type),+ })?,)+
        }

        impl $name {
            /// The rules in order: stable code, status, title.
            pub const RULES: &'static [crate::rejection::rule::Rule] =
                &[$(crate::rejection::rule::Rule { code: $code, status: $status, title: $title }),+];

            /// The stable code, `<domain>.<rule>`.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$variant $({ $($field: _),+ })? => $code,)+ }
            }

            /// A short title that never varies.
            pub fn title(&self) -> &'static str {
                match self { $(Self::$variant $({ $($field: _),+ })? => $title,)+ }
            }

            /// The HTTP-like status, 400 to 499.
            pub fn status(&self) -> u16 {
                match self { $(Self::$variant $({ $($field: _),+ })? => $status,)+ }
            }

            /// One sentence with the facts of this case.
            pub fn detail(&self) -> String {
                #[allow(unused_variables, reason = "not every sentence quotes every field")]
                match self { $(Self::$variant $({ $($field),+ })? => format!($detail),)+ }
            }
        }
    };
}

pub(crate) use rejections;
