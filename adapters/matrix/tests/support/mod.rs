//! A real homeserver, and people with clients of their own: the other side of every test here.
#![allow(dead_code, reason = "each test binary uses some of it")]

pub mod bot;
pub mod emoji;
pub mod life;
pub mod person;
pub mod proxy;
pub mod synapse;
pub mod threads;
