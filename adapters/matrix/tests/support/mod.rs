//! A real homeserver, and people with clients of their own: the other side of every test here.

pub mod person;
pub mod synapse;
