//! The bounds on what may come in. An adapter cuts nothing silently: what is over a bound is
//! handed on marked as such ([`crate::Inbound::oversized`]) and the core says so.

/// Longest text taken from one message, in bytes. A report with a long proof of concept fits;
/// a pasted core dump does not.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Longest id of a network's (rooms, users, events, messages), in bytes. Matrix allows 255.
pub const ID_BYTES_MAX: usize = 512;

/// Most fields of one form, and most values in one change of it.
pub const FORM_FIELDS_MAX: usize = 40;

/// Most members named by one membership snapshot. A case's room has tens.
pub const MEMBERS_MAX: usize = 1_000;
