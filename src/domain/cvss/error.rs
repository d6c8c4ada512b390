//! What is wrong with a vector, and where.

/// Positions count characters from 1. What was typed is repeated only in short pieces.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VectorError {
    #[error("the vector is empty; one looks like CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")]
    Empty,
    #[error("that is longer than any vector (512 bytes)")]
    TooLong,
    #[error("character {at} is not one that a vector has")]
    Character { at: usize },
    #[error(
        "`{0}` is not a version; a vector begins with CVSS:3.1/ or CVSS:4.0/ (or CVSS:3.0/, or nothing for 2.0)"
    )]
    Version(String),
    #[error("character {at}: `{piece}` is not a metric and its value, such as AV:N")]
    Piece { at: usize, piece: String },
    #[error("character {at}: {version} has no metric `{name}`{hint}")]
    Metric {
        at: usize,
        version: String,
        name: String,
        hint: String,
    },
    #[error("character {at}: {name} cannot be `{value}`; it is one of {choices}")]
    Value {
        at: usize,
        name: &'static str,
        value: String,
        choices: String,
    },
    #[error("character {at}: {name} stands there twice")]
    Twice { at: usize, name: &'static str },
    #[error(
        "character {at}: {name} stands after {after}; 4.0 has a fixed order, and {name} comes before it"
    )]
    Order {
        at: usize,
        name: &'static str,
        after: &'static str,
    },
    #[error("the mandatory metric {name} ({long}) is missing; it is one of {choices}")]
    Missing {
        name: &'static str,
        long: &'static str,
        choices: String,
    },
    #[error("this vector cannot be scored")]
    Unscorable,
}
