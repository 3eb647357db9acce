#![doc = include_str!("../README.md")]
// These macros panic when nobody reads any more.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod causes;
mod cli;
mod commands;
pub mod demo;
mod exit;
mod output;
pub mod roles;

use std::process::ExitCode;

use clap::Parser;
use fabric_contract::Router;
use fabric_operator::fabric::builder;

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
    let result = match builder::called_as(&arguments) {
        Some(program) => roles::builder::run(program, &arguments[1..]).map(|()| ExitCode::SUCCESS),
        None => cli::Cli::parse().run(contracts),
    };
    match result {
        Ok(status) => status,
        Err(error) => {
            output::complain(&error);
            exit::Exit::of(&error).into()
        }
    }
}
