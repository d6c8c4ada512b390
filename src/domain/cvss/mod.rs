//! CVSS 2.0, 3.0, 3.1 and 4.0, on the `cvss` crate. The crate scores; what it is lenient about
//! (missing and lower-case metrics) or rounds in floating point (3.0) is done here.

mod calculator;
mod error;
mod metrics;
mod score;
mod vector;

pub use calculator::{Calculator, ChooseError};
pub use error::VectorError;
pub use metrics::{Metric, Value, Version};
pub use score::{Band, NotABand, Score, Scores};
pub use vector::Vector;
