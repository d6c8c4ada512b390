//! The command line: the only place where the core and the adapters meet.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The networks' clients bring different ones; rustls panics where it has to choose.
    #[cfg(feature = "matrix")]
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    cli::main()
}
