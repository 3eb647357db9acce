#![doc = include_str!("../README.md")]

mod causes;
mod cli;
mod commands;
pub mod demo;
pub mod roles;

use std::process::ExitCode;

use clap::Parser;
use fabric_operator::fabric::builder;

/// Runs the program with the arguments of this process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let result = match builder::called_as(&arguments) {
        Some(program) => builder::run(program, &arguments[1..]),
        None => cli::Cli::parse().run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("entrepot: {}", causes::in_one_line(&error));
            ExitCode::FAILURE
        }
    }
}
