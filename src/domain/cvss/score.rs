//! Scores in tenths, and FIRST's bands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Tenths: 98 is 9.8.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(pub u8);

impl Score {
    /// From a crate's floating-point score, which is a number of tenths already.
    pub(super) fn from_float(score: f64) -> Self {
        let tenths = (score * 10.0).round().clamp(0.0, 100.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100"
        )]
        Self(tenths as u8)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// All that a vector says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scores {
    pub base: Score,
    /// v4: threat. `None` if the vector gives no such metric.
    pub temporal: Option<Score>,
    pub environmental: Option<Score>,
}

impl Scores {
    /// The most specific score that the vector gives.
    pub fn overall(&self) -> Score {
        self.environmental.or(self.temporal).unwrap_or(self.base)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    None,
    Low,
    Medium,
    High,
    Critical,
}

impl Band {
    /// FIRST's qualitative ratings; 2.0 has NVD's three.
    pub(super) fn of(score: Score, version: super::Version) -> Self {
        if version == super::Version::V2 {
            return match score.0 {
                0..40 => Self::Low,
                40..70 => Self::Medium,
                _ => Self::High,
            };
        }
        match score.0 {
            0 => Self::None,
            1..40 => Self::Low,
            40..70 => Self::Medium,
            70..90 => Self::High,
            _ => Self::Critical,
        }
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        })
    }
}

/// Not one of the five words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a severity; it is one of none, low, medium, high, critical")]
pub struct NotABand;

impl FromStr for Band {
    type Err = NotABand;

    fn from_str(text: &str) -> Result<Self, NotABand> {
        let all = [
            Self::None,
            Self::Low,
            Self::Medium,
            Self::High,
            Self::Critical,
        ];
        all.into_iter()
            .find(|band| band.to_string().eq_ignore_ascii_case(text))
            .ok_or(NotABand)
    }
}
