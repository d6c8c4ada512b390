//! Underrose on Slack.
//!
//! ```text
//! socket or signed HTTP ─> listen ─> inbound (pure) ─> Inbox … then acknowledge, then answer
//! Action ─> deliver ─> render / modal (pure) ─> budget ─> api ─> Slack
//! ```
//!
//! Of slack-morphism this uses the transport (pooled TLS, errors, rate-limit answers) and the
//! signature check. Its typed events lose fields that we need (the state of a modal whose field
//! changed, a chosen user), and its socket notices a silent death after 75 s: so payloads are read
//! as JSON and the socket is our own.

mod adapter;
mod api;
mod budget;
mod check;
mod deliver;
pub mod inbound;
mod limits;
mod listen;
pub mod modal;
pub mod render;
mod settings;
mod words;
mod workspace;

pub use adapter::Slack;
pub use check::SCOPES;
pub use listen::{PATH, Reason, Refused};
pub use settings::{Now, SLACK_API, Secret, Settings, WayIn};
