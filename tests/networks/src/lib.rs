//! The whole bot in one process, on real networks and on the virtual clock, and people who live
//! through the console's transcripts there: [`play`] reads a script, has people do its lines on a
//! [`Network`], and compares what each of them gets to read with what the script says.
//!
//! [`bot`] is the real engine, store and adapters; only the clock is the script's. [`script`] and
//! [`words`] are pure. What one network is to people stands in [`slack`] and [`matrix`].
// The futures of a sync are nested deeper than the compiler looks by itself.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

pub mod bot;
pub mod compare;
pub mod config;
pub mod matrix;
pub mod network;
pub mod play;
pub mod script;
pub mod slack;
pub mod words;

pub use bot::Bot;
pub use network::{Cannot, Heard, Network, Spot};
pub use play::Player;
