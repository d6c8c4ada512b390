//! Keeps the promises: who goes first, how fast, how often, and giving up loudly. [`Queue`] decides
//! and does no I/O; [`run`] delivers.

mod driver;
mod outcome;
mod pace;
mod queue;

pub use driver::{Stopping, run};
pub use queue::Queue;
