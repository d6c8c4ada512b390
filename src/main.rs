//! The command line: the only place where the core and the adapters meet.

fn main() {}
