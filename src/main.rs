//! The command line: the only place where the core and the adapters meet.

mod cli;

use std::process::ExitCode;

/// What the deciding thread makes, the committing one and the outbox let go: glibc's allocator
/// takes a third of the time of both.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The networks' clients bring different ones; rustls panics where it has to choose.
    #[cfg(feature = "matrix")]
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    cli::main()
}
