//! `completions` and `man`: what shells and manuals take of the command line.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use clap_complete::{Shell, generate};
use clap_mangen::{Man, generate_to};

use crate::output::print_bytes;

/// For which shell.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Known,
}

/// Shells whose completions are tried.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Known {
    /// `entrepot completions bash > /etc/bash_completion.d/entrepot`
    Bash,
    /// `entrepot completions zsh > "${fpath[1]}/_entrepot"`
    Zsh,
    /// `entrepot completions fish > ~/.config/fish/completions/entrepot.fish`
    Fish,
}

/// Where to.
#[derive(Debug, Args)]
pub struct Manual {
    /// Write a page for each command into this folder. Default: one page, on standard output
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Prints the completions of the command line.
///
/// # Errors
/// Standard output takes nothing.
pub fn completions(options: &Completions, mut command: clap::Command) -> Result<()> {
    let shell = match options.shell {
        Known::Bash => Shell::Bash,
        Known::Zsh => Shell::Zsh,
        Known::Fish => Shell::Fish,
    };
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    print_bytes(&script)
}

/// Prints the manual page of the command line, or writes one for each command.
///
/// # Errors
/// Standard output or the folder takes nothing.
pub fn manual(options: &Manual, command: clap::Command) -> Result<()> {
    match &options.output {
        Some(folder) => pages(folder, command).with_context(|| format!("cannot write pages into {}", folder.display())),
        None => {
            let mut page = Vec::new();
            Man::new(command).render(&mut page)?;
            print_bytes(&page)
        }
    }
}

fn pages(folder: &Path, command: clap::Command) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    Ok(generate_to(command, folder)?)
}
