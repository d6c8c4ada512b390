//! The integration tests, one binary. What a person would notice comes first.

mod bad_input;
mod compile_fail;
mod golden;
mod store;
mod tidy;
mod transcripts;
