#![doc = include_str!("../README.md")]

pub mod causes;
pub mod channel;
pub mod cli;
pub mod commands;
pub mod consortium;
pub mod demo;
pub mod deploy;
pub mod endpoint;
pub mod export;
pub mod fabric;
pub mod generate;
pub mod layout;
pub mod member;
pub mod package;
pub mod process;
pub mod roles;
pub mod supervisor;

use std::process::ExitCode;

use clap::Parser;

/// Runs the program with the arguments of this process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let result = match fabric::builder::called_as(&arguments) {
        Some(program) => fabric::builder::run(program, &arguments[1..]),
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
