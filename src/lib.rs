//! Underrose: a chat-ops bot for the security response committee of an open-source project.

pub mod domain;
pub mod store;
