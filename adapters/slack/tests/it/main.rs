//! Everything about Slack that is tested from outside the crate, in one binary.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod bounds;
mod check;
mod contract;
mod conversation;
mod deliver;
mod homes;
mod http;
mod inbound;
mod long_texts;
mod modal;
mod render;
mod rooms;
mod sockets;
mod stage;
mod trouble;
mod unopened;
