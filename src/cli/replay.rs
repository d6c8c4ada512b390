//! `underrose console --virtual-clock`: replays a script and compares what the bot says with what
//! the script expects; at a terminal, a prompt on a virtual clock.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use underrose_console::{Line, Prompt, parse};

use super::rehearsal::Rehearsal;

pub fn replay(config: Option<&Path>, rewrite: bool, journal: bool) -> anyhow::Result<ExitCode> {
    let text = match config {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("the configuration {} cannot be read", path.display()))?,
        None => super::EXAMPLE.to_owned(),
    };
    if std::io::stdin().is_terminal() {
        let mut rehearsal = Rehearsal::new(super::parse(&text)?)?;
        return prompt(&mut rehearsal);
    }
    let mut script = String::new();
    std::io::stdin()
        .read_to_string(&mut script)
        .context("the script cannot be read")?;
    let (said, rehearsal) = play(&text, &script)?;
    if journal {
        for line in rehearsal.journal()? {
            eprintln!("{line}");
        }
    }
    if rewrite {
        print!("{said}");
        return Ok(ExitCode::SUCCESS);
    }
    if said == script {
        println!(
            "The bot says what the script expects ({} lines).",
            script.lines().count()
        );
        return Ok(ExitCode::SUCCESS);
    }
    differ(&script, &said);
    Ok(ExitCode::FAILURE)
}

/// The script as it reads with what the bot says now, and the rehearsal as it then stands.
pub fn play(config: &str, script: &str) -> anyhow::Result<(String, Rehearsal)> {
    let patched = patched(config, script)?;
    let mut rehearsal = Rehearsal::new(super::parse(&patched)?)?;
    let mut said = String::new();
    for (number, text) in joined(script) {
        let line = parse(&text).map_err(|error| anyhow::anyhow!("line {number}: {}", error.0))?;
        if matches!(line, Line::Expected(_)) {
            continue;
        }
        said.push_str(&text);
        said.push('\n');
        if matches!(&line, Line::Directive { word, .. } if word == "config") {
            continue;
        }
        let output = rehearsal
            .play(&line)
            .with_context(|| format!("line {number}"))?;
        for line in output {
            said.push_str(&line);
            said.push('\n');
        }
    }
    Ok((said, rehearsal))
}

/// The script's lines with their numbers.
fn joined(script: &str) -> impl Iterator<Item = (usize, String)> {
    script
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.to_owned()))
}

/// The configuration with the script's `config key = value` lines over it.
fn patched(config: &str, script: &str) -> anyhow::Result<String> {
    let mut table: toml::Table = config.parse().context("the configuration is not TOML")?;
    let mut any = false;
    for line in script.lines() {
        let Some(patch) = line.strip_prefix("config ") else {
            continue;
        };
        let patch: toml::Table = patch
            .parse()
            .with_context(|| format!("`{line}` is not TOML"))?;
        merge(&mut table, patch);
        any = true;
    }
    Ok(if any {
        table.to_string()
    } else {
        config.to_owned()
    })
}

fn merge(into: &mut toml::Table, patch: toml::Table) {
    for (key, value) in patch {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(known)), toml::Value::Table(patch)) => merge(known, patch),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// The first places where script and bot differ.
fn differ(expected: &str, said: &str) {
    let (expected, said): (Vec<&str>, Vec<&str>) =
        (expected.lines().collect(), said.lines().collect());
    let same = expected
        .iter()
        .zip(&said)
        .take_while(|(a, b)| a == b)
        .count();
    println!("The bot says something else from line {}:", same + 1);
    for line in said.get(same.saturating_sub(3)..same).unwrap_or_default() {
        println!("  {line}");
    }
    for line in expected.iter().skip(same).take(8) {
        println!("- {line}");
    }
    for line in said.iter().skip(same).take(8) {
        println!("+ {line}");
    }
}

/// A prompt on the virtual clock.
pub fn prompt(rehearsal: &mut Rehearsal) -> anyhow::Result<ExitCode> {
    println!("A rehearsal: nothing is kept, and time passes by `+2h`. You are alice; try");
    println!("  alice: vuln report kubelet leaks tokens");
    println!("  alice in #case-2026-0001: vuln help");
    println!("Ctrl-D ends it.");
    let mut editor = Prompt::new().context("the terminal cannot be used")?;
    let (mut person, mut room) = ("alice".to_owned(), None::<String>);
    while let Some(text) = editor.read() {
        if let Some(who) = text.strip_prefix("/as ") {
            who.trim().clone_into(&mut person);
            continue;
        }
        if let Some(name) = text.strip_prefix("/in") {
            let name = name.trim().trim_start_matches('#');
            room = (!name.is_empty()).then(|| name.to_owned());
            continue;
        }
        let line = parse(&text).unwrap_or_else(|_| Line::Says {
            who: person.clone(),
            room: room.clone(),
            text: text.clone(),
            edited: false,
        });
        match rehearsal.play(&line) {
            Ok(said) => said.iter().for_each(|line| println!("{line}")),
            Err(error) => println!("    ? {error:#}"),
        }
    }
    Ok(ExitCode::SUCCESS)
}
