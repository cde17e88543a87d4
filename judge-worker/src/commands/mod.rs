//! What the binary can be asked to do, one room a command.

pub mod dead;
pub mod doctor;
pub mod history;
pub mod judge;
pub mod serve;
pub mod verify;

mod gate;
mod remedies;
mod scope;
mod table;

use clap::{Parser, Subcommand};

use crate::scratch::Scratch;

/// Judges programs in sandboxes against problem packages.
#[derive(Debug, Parser)]
#[command(name = "judge-worker", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all well (judge: accepted; verify: all as expected; serve: \
                          drained). 1 not so (judge: another verdict; verify: a deviation; doctor: \
                          something is missing). 2 a wrong flag, setting, file or package. 3 a \
                          failure of the judge itself, about which nothing follows. 4 serve: the \
                          drain deadline passed, and submissions were given back.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge one submission against a package, and print a table.
    Judge(judge::Args),
    /// Run every reference submission of packages, and say which did not behave as its folder says.
    Verify(verify::Args),
    #[expect(clippy::doc_markdown, reason = "the text is shown as help")]
    /// Take submissions from RabbitMQ or stdin, until stopped.
    Serve(serve::Args),
    /// Say what this host offers, and what to do about what is missing.
    Doctor(doctor::Args),
    /// List, show, replay or drop what no worker could judge.
    Dead(dead::Args),
    /// Print the newest history rows.
    History(history::Args),
}

/// How a command ended; the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All well.
    Well = 0,
    /// It worked, and the answer is no.
    No = 1,
    /// A wrong flag, setting, file or package.
    Wrong = 2,
    /// A failure of ours.
    Failed = 3,
    /// Submissions were given back.
    GaveBack = 4,
}

/// Runs the command.
pub fn run(cli: Cli) -> Exit {
    let _scratch = match &cli.command {
        Command::Dead(_) | Command::History(_) => None,
        Command::Judge(_) | Command::Verify(_) | Command::Serve(_) | Command::Doctor(_) => {
            match Scratch::enter(&std::env::temp_dir()) {
                Ok(scratch) => Some(scratch),
                Err(error) => return complain(Exit::Wrong, &error),
            }
        }
    };
    match cli.command {
        Command::Judge(args) => judge::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Dead(args) => dead::run(&args),
        Command::History(args) => history::run(&args),
    }
}

/// Says on standard error what went wrong, with all causes.
fn complain(exit: Exit, error: &dyn std::error::Error) -> Exit {
    eprintln!("judge-worker: {}", crate::problems::chain(error));
    exit
}

/// Sets up logging as the settings say.
fn start_logging(settings: &crate::config::Settings) {
    crate::logging::start(&settings.log, settings.log_format);
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn flags_of_commands_and_settings_do_not_collide() {
        Cli::command().debug_assert();
    }
}
