//! The sealed store.
