//! The `entrepot` program, built for the tests.

fn main() -> std::process::ExitCode {
    entrepot::run()
}
