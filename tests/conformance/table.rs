//! All cases. A case is listed here once; tests and the printed table are made from the list.

use crate::{Case, cases};

/// Calls a macro with the list of cases: `chapter: c001_what_holds, …;` and so on, with `alone` before a case that must
/// have the network for itself.
#[macro_export]
macro_rules! every_case {
    ($with:ident) => {
        $with! {
            evaluate: c001_an_evaluate_gives_the_chaincodes_answer;
        }
    };
}

/// The list as values.
#[must_use]
pub fn all() -> Vec<Case> {
    macro_rules! listed {
        ($($chapter:ident: $($name:ident),*;)*) => {
            vec![$($(Case {
                name: stringify!($name),
                run: |net| Box::pin(cases::$chapter::$name(net)),
                alone: ALONE.contains(&stringify!($name)),
            }),*),*]
        };
    }
    every_case!(listed)
}

/// Cases that must know of every block.
const ALONE: &[&str] = &[];
