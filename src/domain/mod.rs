//! The pure core: values in, values out. No async, no I/O, no clock, no randomness.

pub mod calendar;
pub mod cvss;
pub mod ids;
