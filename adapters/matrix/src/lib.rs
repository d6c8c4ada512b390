//! Underrose on Matrix: encrypted rooms on a real homeserver, through matrix-sdk. This crate keeps
//! to itself everything that is of Matrix: outside it there are the contract's words only.
//!
//! `setup` makes a device once, `Matrix::open` takes it up again, `listen` hands on what happens
//! and `deliver` says things. It decides nothing: who may do what is the core's.

// The futures of a sync are nested deeper than the compiler looks by itself.
#![recursion_limit = "256"]

mod adapter;
mod answer;
mod archive;
mod check;
mod choices;
mod client;
mod conversation;
mod deliver;
mod direct;
mod doubt;
mod failure;
mod handled;
mod history;
mod inbound;
mod invitations;
mod listen;
mod login;
mod missed;
mod named;
mod offers;
mod opening;
mod people;
mod pills;
mod posting;
mod private;
mod quiet;
mod reactions;
mod render;
mod replay;
mod room_work;
mod seal;
mod seen;
mod settings;
mod setup;
mod state;
mod surroundings;
mod time;
mod trust;
mod understand;
mod understood;
mod verify;

pub use adapter::Matrix;
pub use client::OpenError;
pub use settings::{Credentials, Federation, Key, Settings, Trust};
pub use setup::{Done, SetupError, recover, setup};
pub use verify::{Comparison, Match, Operator, Verified, VerifyError};
