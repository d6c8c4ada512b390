//! The architecture, kept: who may import whom, what every file says first, the README's table.

use std::path::{Path, PathBuf};

fn files(dir: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(dir)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Without tests at the end of a file.
fn code(path: &Path) -> String {
    read(path)
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn nowhere(dir: &str, words: &[&str], but: &[&str]) {
    for path in files(dir) {
        if but.iter().any(|allowed| path.ends_with(allowed)) {
            continue;
        }
        for (index, line) in code(&path).lines().enumerate() {
            let text = line.split("//").next().unwrap_or_default();
            for word in words {
                assert!(
                    !text.contains(word),
                    "{}:{}: {word}",
                    path.display(),
                    index + 1
                );
            }
        }
    }
}

#[test]
fn the_domain_is_pure() {
    let words = [
        "tokio",
        "redb",
        "std::time",
        "std::fs",
        "std::net",
        "async ",
        "HashMap",
        "HashSet",
        "Utc::now",
        "rand",
        ".unwrap()",
        "tracing",
        "crate::store",
        "crate::engine",
    ];
    nowhere("src/domain", &words, &[]);
}

#[test]
fn only_the_command_line_names_an_adapter() {
    for dir in [
        "src/domain",
        "src/engine",
        "src/store",
        "src/outbox",
        "src/config",
    ] {
        nowhere(
            dir,
            &["underrose_console", "underrose_slack", "underrose_matrix"],
            &[],
        );
    }
}

#[test]
fn adapters_know_no_case() {
    nowhere(
        "adapters",
        &["underrose::", "CaseId", "use underrose;"],
        &[],
    );
}

#[test]
fn every_file_says_first_what_it_is_for() {
    for dir in ["src", "adapters", "tests/it", "tests/networks", "benches"] {
        if !Path::new(dir).exists() {
            continue;
        }
        for path in files(dir) {
            assert!(
                read(&path).starts_with("//!"),
                "{} does not open with //!",
                path.display()
            );
        }
    }
}

#[test]
fn nothing_sleeps_is_ignored_or_left_to_do() {
    let words = [
        "thread::sleep",
        concat!("#[ign", "ore"),
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
    ];
    for dir in ["src", "adapters", "tests/it", "tests/networks"] {
        nowhere(dir, &words, &[]);
    }
}

#[test]
fn the_readme_has_the_grammar_s_table() {
    let table = underrose::domain::grammar::markdown_table();
    assert!(
        read(Path::new("README.md")).contains(table.trim_end()),
        "write the output of `underrose commands` into README.md"
    );
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let text = read(Path::new("ARCHITECTURE.md"));
    let all: String = ["src", "adapters", "tests"]
        .iter()
        .flat_map(|dir| files(dir))
        .map(|path| read(&path))
        .collect();
    let mut named = 0;
    let invariants = text
        .lines()
        .skip_while(|line| !line.starts_with("## Invariants"))
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    for line in invariants.filter(|line| line.starts_with("- **")) {
        let Some((_, test)) = line.rsplit_once("(test: `") else {
            panic!("no test: {line}")
        };
        let test = test.split('`').next().unwrap_or_default();
        assert!(
            all.contains(&format!("fn {test}")),
            "there is no test {test}"
        );
        named += 1;
    }
    assert!(named >= 10, "only {named} invariants");
}
