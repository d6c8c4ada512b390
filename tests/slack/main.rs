//! The whole bot on Slack: the real binary, with its real adapter, against the emulated workspace.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod fan_out;
mod kills;
mod life;
mod looking;
mod random;
mod scene;
mod screens;
mod start;
mod two;
mod workspace;
