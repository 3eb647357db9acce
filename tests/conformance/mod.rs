//! The conformance cases as tests: each runs on the embedded network, and on Fabric when `FABRIC_BIN` says where it is.

use anyhow::{Context, Result};
use trade_tests::{every_case, run, table};

use crate::harness::PROGRAM;

macro_rules! tests {
    ($($chapter:ident: $($name:ident),*;)*) => {
        $($(
            #[test]
            fn $name() -> Result<()> {
                check(stringify!($name))
            }
        )*)*
    };
}

every_case!(tests);

#[test]
fn the_table_has_each_number_once() {
    let mut numbers: Vec<String> = table::all().iter().map(trade_tests::Case::number).collect();
    numbers.sort();
    let all = numbers.len();
    numbers.dedup();
    assert_eq!(numbers.len(), all);
}

fn check(name: &str) -> Result<()> {
    let cases = table::all();
    let case = cases.iter().find(|case| case.name == name).context("the table has lost a case")?;
    if std::env::var_os("FABRIC_BIN").is_none_or(|folders| folders.is_empty()) {
        eprintln!("skipped on Fabric: FABRIC_BIN is not set");
    }
    run::check(std::path::Path::new(PROGRAM), &cases, *case)
}
