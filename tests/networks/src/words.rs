//! What counts as the same words on two networks. The whole of the normalization stands here:
//!
//! - marks of emphasis and code (`*`, `` ` ``) are dropped on both sides, and so are empty lines;
//! - a command reads the same with `/`, `!` or nothing before it;
//! - accounts and rooms read as the script names them ([`crate::Network::spellings`]);
//! - a row of choices is its labels, one a line, however they are pressed;
//! - a text's hash (it covers the ids of the rooms) is whatever the network's is, but the same one
//!   from then on.

use std::collections::BTreeMap;

/// The script's words and the network's.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// What stands on the network, and what the script writes for it; the longest first.
    spellings: Vec<(String, String)>,
    /// By the script's hash the network's.
    hashes: BTreeMap<String, String>,
}

impl Words {
    pub fn set_spellings(&mut self, mut spellings: Vec<(String, String)>) {
        spellings.sort_by_key(|(there, _)| std::cmp::Reverse(there.len()));
        self.spellings = spellings;
    }

    /// A command of the script with the network's own hashes.
    pub fn typed(&self, text: &str) -> String {
        segments(text)
            .into_iter()
            .map(|segment| {
                let known = self.hashes.get(segment);
                known.map_or(segment, String::as_str).to_owned()
            })
            .collect()
    }

    /// The lines of a message of the script, as they are compared.
    pub fn of_script(&self, lines: &[String]) -> Vec<String> {
        lines.iter().flat_map(|line| plain(line)).collect()
    }

    /// The lines of a message on the network, as they are compared.
    pub fn of_network(&self, lines: &[String]) -> Vec<String> {
        let spelled = lines.iter().map(|line| {
            self.spellings
                .iter()
                .fold(line.clone(), |line, (there, here)| {
                    line.replace(there, here)
                })
        });
        spelled.flat_map(|line| plain(&line)).collect()
    }

    /// Whether two compared lines are the same; learns hashes that it did not know.
    pub fn are_same(&mut self, script: &str, network: &str) -> bool {
        let (a, b) = (segments(script), segments(network));
        let mut learned = Vec::new();
        let same = a.len() == b.len()
            && a.iter().zip(&b).all(|(a, b)| {
                if !(is_hash(a) && is_hash(b)) {
                    return a == b;
                }
                match self.hashes.get(*a) {
                    Some(known) => known == b,
                    None => {
                        learned.push(((*a).to_owned(), (*b).to_owned()));
                        true
                    }
                }
            });
        if same {
            self.hashes.extend(learned);
        }
        same
    }
}

/// A line without what differs by network; none, or several, may be left of it.
fn plain(line: &str) -> Vec<String> {
    let line: String = line
        .chars()
        .filter(|c| !matches!(c, '*' | '`' | '\u{200b}' | '\u{fe0f}'))
        .collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.starts_with('[') && line.ends_with(']') {
        let labels = line.trim_start_matches('[').trim_end_matches(']');
        return labels
            .split("] [")
            .map(|label| format!("[{label}]"))
            .collect();
    }
    let mut line = line;
    for word in ["vuln", "oncall"] {
        for mark in ['!', '/'] {
            line = line.replace(&format!("{mark}{word} "), &format!("{word} "));
        }
    }
    match line.trim() {
        "" | "|" | "-" => Vec::new(),
        line => vec![line.to_owned()],
    }
}

fn is_hash(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Words and what stands between them; together they are the text.
fn segments(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = first.is_alphanumeric();
        let end = rest
            .find(|c: char| c.is_alphanumeric() != word)
            .unwrap_or(rest.len());
        let (head, tail) = rest.split_at(end);
        found.push(head);
        rest = tail;
    }
    found
}
