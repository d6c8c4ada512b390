//! Underrose: a chat-ops bot for the security response committee of an open-source project.
//!
//! ```text
//!  console ─┐                                                            ┌─> console
//!  slack ───┼─ Inbound ─> inbox ─> ENGINE (one thread) ─> OUTBOX (lanes) ─┼─> slack
//!  matrix ──┘              decide, then commit whole, then answer         └─> matrix
//! ```
//!
//! - [`domain`]: the rules, pure. - [`engine`]: the one writer. - [`store`]: the sealed journal.
//! - [`outbox`]: keeps the promises. - [`config`]: what the committee decided once.

pub mod clock;
pub mod config;
pub mod cvss_lines;
pub mod domain;
pub mod engine;
pub mod kill;
pub mod outbox;
pub mod store;
