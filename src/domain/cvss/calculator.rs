//! The step-by-step calculator, without a face: what has been chosen, what is asked next, and
//! which scores are still possible.

use std::collections::BTreeMap;

use super::metrics::{Metric, Version};
use super::score::{Band, Score};
use super::vector::Vector;

/// For 3.1 and 4.0; any other version counts as 3.1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calculator {
    version: Version,
    chosen: BTreeMap<&'static str, &'static str>,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChooseError {
    #[error("there is no such metric in this version")]
    Metric,
    #[error("{name} is one of {choices}")]
    Value { name: &'static str, choices: String },
}

impl Calculator {
    pub fn new(version: Version) -> Self {
        let version = if version == Version::V40 {
            Version::V40
        } else {
            Version::V31
        };
        Self {
            version,
            chosen: BTreeMap::new(),
        }
    }

    pub fn version(&self) -> Version {
        self.version
    }

    pub fn steps(&self) -> &'static [Metric] {
        self.version.steps()
    }

    /// The first metric that is not chosen yet.
    pub fn current(&self) -> Option<&'static Metric> {
        self.steps()
            .iter()
            .find(|metric| !self.chosen.contains_key(metric.abbreviation))
    }

    /// Takes the letter or the full name of metric and value, in any case.
    ///
    /// # Errors
    /// Lists what can be chosen.
    pub fn choose(&mut self, metric: &str, value: &str) -> Result<(), ChooseError> {
        let fits = |known: &&Metric| {
            known.abbreviation.eq_ignore_ascii_case(metric)
                || known.name.eq_ignore_ascii_case(metric)
        };
        let metric = self.steps().iter().find(fits).ok_or(ChooseError::Metric)?;
        let value = metric.values.iter().find(|known| {
            known.letter.eq_ignore_ascii_case(value) || known.name.eq_ignore_ascii_case(value)
        });
        let Some(value) = value else {
            let choices: Vec<String> = metric
                .values
                .iter()
                .map(|value| format!("{} ({})", value.letter, value.name))
                .collect();
            return Err(ChooseError::Value {
                name: metric.name,
                choices: choices.join(", "),
            });
        };
        self.chosen.insert(metric.abbreviation, value.letter);
        Ok(())
    }

    /// Takes the last choice before the first open metric back; `false` if there is none.
    pub fn back(&mut self) -> bool {
        let last = self
            .steps()
            .iter()
            .take_while(|metric| self.chosen.contains_key(metric.abbreviation))
            .last();
        last.is_some_and(|metric| self.chosen.remove(metric.abbreviation).is_some())
    }

    /// The vector as far as it is chosen.
    pub fn so_far(&self) -> String {
        let mut text = format!("CVSS:{}", self.version);
        for metric in self.steps() {
            let value = self.chosen.get(metric.abbreviation).copied().unwrap_or("?");
            text.push_str(&format!("/{}:{value}", metric.abbreviation));
        }
        text
    }

    /// The lowest and the highest base score that are still possible: every open metric at its
    /// least, and at its most severe.
    pub fn range(&self) -> (Score, Score) {
        let with = |open: fn(&Metric) -> Option<&'static str>| {
            let mut text = format!("CVSS:{}", self.version);
            for metric in self.steps() {
                let chosen = self.chosen.get(metric.abbreviation).copied();
                let value = chosen.or_else(|| open(metric)).unwrap_or_default();
                text.push_str(&format!("/{}:{value}", metric.abbreviation));
            }
            Vector::parse(&text).map_or(Score(0), |vector| vector.scores().base)
        };
        let least = with(|metric| metric.values.last().map(|value| value.letter));
        let most = with(|metric| metric.values.first().map(|value| value.letter));
        (least, most)
    }

    /// FIRST's band of a score.
    pub fn band(&self, score: Score) -> Band {
        Band::of(score, self.version)
    }

    /// The vector, once everything is chosen.
    pub fn vector(&self) -> Option<Vector> {
        if self.current().is_some() {
            return None;
        }
        Vector::parse(&self.so_far()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_score_grows_as_one_chooses() {
        let mut calculator = Calculator::new(Version::V31);
        assert_eq!(calculator.range(), (Score(0), Score(100)));
        for (metric, value) in [
            ("AV", "n"),
            ("Attack Complexity", "low"),
            ("PR", "N"),
            ("UI", "N"),
            ("S", "U"),
            ("C", "High"),
            ("I", "H"),
        ] {
            calculator.choose(metric, value).unwrap();
        }
        assert_eq!(calculator.range(), (Score(91), Score(98)));
        assert!(calculator.back());
        assert_eq!(calculator.current().unwrap().abbreviation, "I");
        assert!(
            calculator
                .choose("I", "X")
                .unwrap_err()
                .to_string()
                .contains("H (High), L (Low), N (None)")
        );
        calculator.choose("I", "N").unwrap();
        calculator.choose("A", "N").unwrap();
        assert_eq!(
            calculator.vector().unwrap().to_string(),
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
        );
    }

    proptest! {
        /// Whatever is chosen in the end, the score was within the range all along.
        #[test]
        fn the_range_holds(v4 in any::<bool>(), picks in proptest::collection::vec(0_usize..4, 11), shown in 0_usize..11) {
            let version = if v4 { Version::V40 } else { Version::V31 };
            let (mut calculator, mut range) = (Calculator::new(version), None);
            for (step, metric) in calculator.clone().steps().iter().enumerate() {
                if step == shown { range = Some(calculator.range()); }
                let value = metric.values[picks[step] % metric.values.len()].letter;
                calculator.choose(metric.abbreviation, value).unwrap();
            }
            let score = calculator.vector().unwrap().scores().base;
            let (low, high) = range.unwrap_or((score, score));
            prop_assert!(low <= score && score <= high, "{} not in {}..{}", score, low, high);
        }
    }
}
