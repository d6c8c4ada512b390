//! `underrose cvss`: vectors in, one tab-separated line each out.

use std::io::{self, Write};

use crate::domain::cvss::Vector;

/// A longer line is no vector.
pub const LINE_BYTES_MAX: usize = 512;

/// Canonical vector, version, base, temporal (v4: threat), environmental, overall score, band; `-`
/// where the vector gives no such metrics. A bad vector prints `error`, a tab and why. Returns
/// whether all were good.
///
/// # Errors
/// If reading or writing fails.
pub fn run(
    lines: impl Iterator<Item = io::Result<Vec<u8>>>,
    out: &mut impl Write,
) -> io::Result<bool> {
    let mut good = true;
    for line in lines {
        let line = line?;
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        let parsed = match std::str::from_utf8(line) {
            Ok(text) => Vector::parse(text).map_err(|error| error.to_string()),
            Err(_) => Err("it is not UTF-8 text".to_owned()),
        };
        match parsed {
            Ok(vector) => {
                let scores = vector.scores();
                write!(out, "{vector}\t{}\t{}\t", vector.version(), scores.base)?;
                for score in [scores.temporal, scores.environmental] {
                    match score {
                        Some(score) => write!(out, "{score}\t")?,
                        None => write!(out, "-\t")?,
                    }
                }
                writeln!(out, "{}\t{}", scores.overall(), vector.band())?;
            }
            Err(why) => {
                good = false;
                writeln!(out, "error\t{why}")?;
            }
        }
    }
    Ok(good)
}
