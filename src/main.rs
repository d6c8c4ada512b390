//! The command line: the only place where the core and the adapters meet.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
