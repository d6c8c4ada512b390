//! A checked vector in canonical spelling, and its scores.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::error::VectorError;
use super::metrics::{Group, Spelling, Version};
use super::score::{Band, Score, Scores};

/// Longest vector looked at, in bytes; the longest that is valid has about 250.
const BYTES_MAX: usize = 512;

/// Canonical: the specification's order, without metrics that are "not defined".
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(into = "String")]
pub struct Vector {
    text: String,
    version: Version,
    scores: Scores,
}

/// Values by the place of their metric in the version's table.
type Values = Vec<Option<&'static str>>;

impl Vector {
    /// # Errors
    /// Which metric is wrong, missing or misplaced, and where.
    pub fn parse(text: &str) -> Result<Self, VectorError> {
        let text = text.trim_matches(' ');
        if text.is_empty() {
            return Err(VectorError::Empty);
        }
        if text.len() > BYTES_MAX {
            return Err(VectorError::TooLong);
        }
        if let Some(at) = text.chars().position(|c| !c.is_ascii_graphic()) {
            return Err(VectorError::Character { at: at + 1 });
        }
        let (version, start) = version(text)?;
        let end = if version == Version::V2 {
            text.trim_end_matches(')').len()
        } else {
            text.len()
        };
        let values = values(version, text.get(..end).unwrap_or(text), start)?;
        let canonical = spelled(version, &values, |_| true);
        let scores = scores(version, &values, &canonical).ok_or(VectorError::Unscorable)?;
        Ok(Self {
            text: canonical,
            version,
            scores,
        })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn version(&self) -> Version {
        self.version
    }

    pub fn scores(&self) -> Scores {
        self.scores
    }

    /// The band of the overall score.
    pub fn band(&self) -> Band {
        Band::of(self.scores.overall(), self.version)
    }

    /// The metrics in which two vectors differ: name, this one's value, the other's.
    pub fn differing(&self, other: &Self) -> Vec<(String, String, String)> {
        if self.version != other.version {
            let (mine, theirs) = (self.version.to_string(), other.version.to_string());
            return vec![("version".to_owned(), mine, theirs)];
        }
        let value = |vector: &Self, name: &str| {
            let pieces = vector
                .text
                .split('/')
                .filter_map(|piece| piece.split_once(':'));
            pieces
                .filter(|(found, _)| *found == name)
                .map(|(_, value)| value.to_owned())
                .next()
        };
        let differs = |spelling: &Spelling| {
            let (mine, theirs) = (value(self, spelling.name), value(other, spelling.name));
            let shown = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            (mine != theirs).then(|| (spelling.name.to_owned(), shown(mine), shown(theirs)))
        };
        self.version
            .spellings()
            .iter()
            .filter_map(differs)
            .collect()
    }
}

/// The version, and where the metrics begin.
fn version(text: &str) -> Result<(Version, usize), VectorError> {
    for (prefix, version) in [
        ("CVSS:3.1/", Version::V31),
        ("CVSS:4.0/", Version::V40),
        ("CVSS:3.0/", Version::V30),
    ] {
        if text.starts_with(prefix) {
            return Ok((version, prefix.len()));
        }
    }
    let prefix = text.split('/').next().unwrap_or_default();
    if prefix.len() >= 4
        && prefix
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("CVSS"))
    {
        return Err(VectorError::Version(clip(prefix)));
    }
    // NVD writes 2.0 in parentheses.
    Ok((Version::V2, text.len() - text.trim_start_matches('(').len()))
}

fn values(version: Version, text: &str, start: usize) -> Result<Values, VectorError> {
    let table = version.spellings();
    let mut values: Values = vec![None; table.len()];
    let mut given = vec![false; table.len()];
    let mut last: Option<usize> = None;
    let mut at = start;
    for piece in text.get(start..).unwrap_or_default().split('/') {
        let here = at + 1;
        at += piece.len() + 1;
        let Some((name, value)) = piece
            .split_once(':')
            .filter(|(n, v)| !n.is_empty() && !v.is_empty())
        else {
            return Err(VectorError::Piece {
                at: here,
                piece: clip(piece),
            });
        };
        let index = metric(version, name, here)?;
        let Some(spelling) = table.get(index) else {
            continue;
        };
        let known = spelling.values.iter().find(|known| **known == value);
        let Some(known) = known else {
            let (value, choices) = (clip(value), spelling.values.join(", "));
            return Err(VectorError::Value {
                at: here,
                name: spelling.name,
                value,
                choices,
            });
        };
        if std::mem::replace(&mut given[index], true) {
            return Err(VectorError::Twice {
                at: here,
                name: spelling.name,
            });
        }
        if let Some(last) = last
            && version == Version::V40
            && last > index
        {
            let after = table.get(last).map_or("", |spelling| spelling.name);
            return Err(VectorError::Order {
                at: here,
                name: spelling.name,
                after,
            });
        }
        last = Some(index);
        values[index] = (*known != version.undefined()).then_some(*known);
    }
    for (spelling, value) in table.iter().zip(&values) {
        if spelling.group == Group::Base && value.is_none() {
            let (name, long) = (spelling.name, spelling.long);
            return Err(VectorError::Missing {
                name,
                long,
                choices: spelling.values.join(", "),
            });
        }
    }
    Ok(values)
}

fn metric(version: Version, name: &str, at: usize) -> Result<usize, VectorError> {
    let table = version.spellings();
    if let Some(index) = table.iter().position(|spelling| spelling.name == name) {
        return Ok(index);
    }
    let near = table
        .iter()
        .find(|spelling| spelling.name.eq_ignore_ascii_case(name));
    let hint = near.map_or(String::new(), |near| format!("; write {}", near.name));
    Err(VectorError::Metric {
        at,
        version: version.to_string(),
        name: clip(name),
        hint,
    })
}

fn clip(text: &str) -> String {
    let mut shown: String = text.chars().take(20).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// The canonical spelling of the metrics of some groups.
fn spelled(version: Version, values: &Values, wanted: impl Fn(Group) -> bool) -> String {
    let mut text = match version {
        Version::V2 => String::new(),
        Version::V30 | Version::V31 | Version::V40 => format!("CVSS:{version}"),
    };
    for (spelling, value) in version.spellings().iter().zip(values) {
        let Some(value) = value.filter(|_| wanted(spelling.group)) else {
            continue;
        };
        if !text.is_empty() {
            text.push('/');
        }
        text.push_str(spelling.name);
        text.push(':');
        text.push_str(value);
    }
    text
}

fn scores(version: Version, values: &Values, canonical: &str) -> Option<Scores> {
    let given = |group: Group| {
        version
            .spellings()
            .iter()
            .zip(values)
            .any(|(spelling, value)| spelling.group == group && value.is_some())
    };
    let (temporal, environmental) = (given(Group::Temporal), given(Group::Environmental));
    match version {
        Version::V2 => {
            let vector: cvss::v2::Vector = canonical.parse().ok()?;
            let score = |score: cvss::v2::Score| Score::from_float(score.value());
            Some(Scores {
                base: score(vector.score()),
                temporal: temporal.then(|| score(vector.temporal_score())),
                environmental: environmental.then(|| score(vector.environmental_score())),
            })
        }
        Version::V30 | Version::V31 => {
            let vector: cvss::v3::Vector = canonical.parse().ok()?;
            let base = Score::from_float(vector.base_score().value());
            let weight = weight(values);
            let environmental = match (environmental, version) {
                (false, _) => None,
                (true, Version::V30) => {
                    // The crate multiplies and rounds up in floating point, which is 0.1 too high
                    // on one vector in a thousand: the product is taken exactly here.
                    let plain = spelled(version, values, |group| group != Group::Temporal);
                    let plain: cvss::v3::Vector = plain.parse().ok()?;
                    let inner = Score::from_float(plain.environmental_score().value());
                    Some(weighted(inner, weight, version))
                }
                (true, _) => Some(Score::from_float(vector.environmental_score().value())),
            };
            let temporal = temporal.then(|| weighted(base, weight, version));
            Some(Scores {
                base,
                temporal,
                environmental,
            })
        }
        Version::V40 => {
            let score = |wanted: fn(Group) -> bool| {
                let vector: cvss::v4::Vector = spelled(version, values, wanted).parse().ok()?;
                Some(Score::from_float(vector.score().value()))
            };
            let base = score(|group| group == Group::Base)?;
            let with_threat = |group| matches!(group, Group::Base | Group::Temporal);
            let all = |group| group != Group::Supplemental;
            Some(Scores {
                base,
                temporal: if temporal {
                    Some(score(with_threat)?)
                } else {
                    None
                },
                environmental: if environmental {
                    Some(score(all)?)
                } else {
                    None
                },
            })
        }
    }
}

/// The product of the temporal weights of 3.x, in millionths.
fn weight(values: &Values) -> u64 {
    let value = |name: &str| {
        let at = Version::V31
            .spellings()
            .iter()
            .position(|spelling| spelling.name == name);
        at.and_then(|at| values.get(at).copied().flatten())
    };
    let exploit = match value("E") {
        Some("U") => 91,
        Some("P") => 94,
        Some("F") => 97,
        _ => 100,
    };
    let remediation = match value("RL") {
        Some("O") => 95,
        Some("T") => 96,
        Some("W") => 97,
        _ => 100,
    };
    let confidence = match value("RC") {
        Some("U") => 92,
        Some("R") => 96,
        _ => 100,
    };
    exploit * remediation * confidence
}

/// A score times the weights, rounded up as the version says: 3.0 exactly, 3.1 by its appendix A,
/// which looks at five decimals.
fn weighted(score: Score, weight: u64, version: Version) -> Score {
    let millionths = u64::from(score.0) * weight;
    let tenths = if version == Version::V30 {
        millionths.div_ceil(1_000_000)
    } else {
        let five_decimals = (millionths + 50) / 100;
        five_decimals.div_ceil(10_000)
    };
    Score(u8::try_from(tenths).unwrap_or(100))
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Vector> for String {
    fn from(vector: Vector) -> Self {
        vector.text
    }
}

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match Vector::parse(text) {
            Ok(vector) => format!("{vector} {} {}", vector.scores().overall(), vector.band()),
            Err(error) => error.to_string(),
        };
        assert!(found.starts_with(expected), "{text}: {found}");
    }

    #[test]
    fn vectors() {
        check(
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H 9.8 Critical",
        );
        check(
            "CVSS:3.1/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H 9.8",
        );
        check(
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N 0.0 None",
        );
        check(
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H 10.0 Critical",
        );
        check(
            "(AV:N/AC:L/Au:N/C:N/I:N/A:N)",
            "AV:N/AC:L/Au:N/C:N/I:N/A:N 0.0 Low",
        );
        check(
            "AV:N/AC:L/Au:N/C:C/I:C/A:C",
            "AV:N/AC:L/Au:N/C:C/I:C/A:C 10.0 High",
        );
        check(
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:X",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H 9.8",
        );
    }

    #[test]
    fn what_is_wrong_and_where() {
        check("", "the vector is empty");
        check(
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
            "the mandatory metric A (Availability) is missing",
        );
        check(
            "CVSS:3.1/AV:N",
            "the mandatory metric AC (Attack Complexity) is missing",
        );
        check(
            "CVSS:3.1/av:N/AC:L",
            "character 10: 3.1 has no metric `av`; write AV",
        );
        check(
            "CVSS:3.1/AV:n/AC:L",
            "character 10: AV cannot be `n`; it is one of N, A, L, P",
        );
        check("CVSS:3.1/AV:N/AV:N", "character 15: AV stands there twice");
        check("CVSS:3.1/AV:N/AC:L/", "character 20: `` is not a metric");
        check("CVSS:3.7/AV:N", "`CVSS:3.7` is not a version");
        check("cvss:3.1/AV:N", "`cvss:3.1` is not a version");
        check("CVSS:4.0/AC:L/AV:N", "character 15: AV stands after AC");
        check("CVSS:3.1/AV:N\u{7}", "character 14 is not one");
        check(&"A".repeat(5_000_000), "that is longer");
    }

    #[test]
    fn the_crate_is_too_high_on_this_one() {
        // FIRST 3.0: 4.0 × 1 × 1 × 0.92 … any product that is a whole tenth must stay one.
        let vector = Vector::parse("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/RC:R").unwrap();
        assert_eq!(vector.scores().temporal, Some(Score(95)));
    }

    #[test]
    fn side_by_side() {
        let one = Vector::parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H").unwrap();
        let two = Vector::parse("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N").unwrap();
        let differing = one.differing(&two);
        let row = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(differing, vec![row("AC", "L", "H"), row("A", "H", "N")]);
    }
}
