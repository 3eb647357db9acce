#![doc = include_str!("../README.md")]
// These macros panic when nobody reads any more.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod causes;
mod cli;
mod commands;
pub mod demo;
mod exit;
mod output;
mod progress;
pub mod roles;

use std::process::ExitCode;

use clap::Parser;
use fabric_contract::Router;
use fabric_operator::fabric::builder;

use self::output::Form;

/// Runs the program with the arguments of this process.
#[must_use]
pub fn run() -> ExitCode {
    run_with(trade_chaincode::router())
}

/// As [`run`], where the chaincode serves these contracts: tests let peers run a changed chaincode.
#[must_use]
pub fn run_with(contracts: Router) -> ExitCode {
    fabric_msp::private::by_default();
    let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    // A command line that is not understood does not say in which form to answer, but whether it was asked for.
    let mut form = if arguments.iter().any(|argument| argument == "--json") { Form::Json } else { Form::Text };
    let result = match builder::called_as(&arguments) {
        Some(program) => roles::builder::run(program, &arguments[1..]).map(|()| ExitCode::SUCCESS),
        None => match cli::Cli::try_parse() {
            Ok(cli) => {
                form = cli.form();
                cli.run(contracts)
            }
            Err(error) if form == Form::Json && error.use_stderr() => {
                output::complain_of_usage(&error.to_string());
                Ok(exit::Exit::Usage.into())
            }
            Err(error) => error.exit(),
        },
    };
    match result {
        Ok(status) => status,
        Err(error) => {
            output::complain(&error, form);
            exit::Exit::of(&error).into()
        }
    }
}
