//! The integration tests, one binary. What a person would notice comes first.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod bad_input;
mod forms;
mod golden;
#[cfg(feature = "sim")]
mod kills;
#[path = "../shared/rules.rs"]
mod rules;
#[cfg(feature = "sim")]
mod scene;
mod store;
mod threads;
mod tidy;
mod transcripts;
mod trouble;
mod under_way;
