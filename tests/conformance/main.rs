//! Prints which cases hold on which network. With `FABRIC_BIN` (a folder of Fabric's programs, or several) it has a
//! column for each; arguments choose cases by number, such as `C077`.

use std::process::ExitCode;

use trade_tests::{run, table};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let called = arguments.first().and_then(|program| program.rsplit('/').next()).unwrap_or_default();
    let role = arguments.get(1).map(String::as_str).unwrap_or_default();
    // The processes of a network are this program again.
    if ["detect", "build", "release"].contains(&called) || ["child", "network"].contains(&role) {
        return entrepot::run();
    }
    let chosen: Vec<String> = arguments.iter().skip(1).map(|number| number.to_uppercase()).collect();
    let cases = table::all().into_iter().filter(|case| chosen.is_empty() || chosen.contains(&case.number()));
    let cases: Vec<_> = cases.collect();
    let outcome = std::env::current_exe().map_err(anyhow::Error::from);
    match outcome.and_then(|program| run::print_table(&program, &cases)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::FAILURE
        }
    }
}
