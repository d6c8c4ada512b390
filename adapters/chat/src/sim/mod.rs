//! A chat universe in memory: several networks, their rooms, people and messages. It remembers
//! every effect by its key, as a real network would, and fails as it is told to. The console, the
//! contract suite and the simulation stand on it.

mod adapter;
#[cfg(feature = "sim-remote")]
pub mod remote;
mod world;

pub use adapter::{Sim, TrueTime};
pub use world::{Effect, Fault, Room, Said, World};
