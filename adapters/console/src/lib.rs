//! The console: a chat network for one terminal. Its small language is the transcripts' language
//! too, so that every transcript can be typed, and everything typed can become a transcript.

mod adapter;
mod line;
mod render;
mod stage;

pub use adapter::{Console, Prompt};
pub use line::{Line, ParseError, parse};
pub use render::{escaped, lines};
pub use stage::Stage;
