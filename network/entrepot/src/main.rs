//! The `entrepot` program. All it does stands in the library, so that tests can build the same program.

fn main() -> std::process::ExitCode {
    entrepot::run()
}
