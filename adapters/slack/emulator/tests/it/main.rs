//! The emulator's tests: that it is strict, and that it is honest.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod bolt;
mod gestures;
mod honest;
mod peer;
mod posts;
mod said;
mod sockets;
mod strict;
mod wire;
