//! `underrose demo`: one whole disclosure, with explanations.

use std::io::IsTerminal;
use std::process::ExitCode;

use underrose_console::{Line, parse};

use super::rehearsal::Rehearsal;

/// The demo is a transcript like the others, and tested as one.
const SCRIPT: &str = include_str!("../../tests/transcripts/demo.txt");

pub fn demo(interactive: bool) -> anyhow::Result<ExitCode> {
    let mut rehearsal = Rehearsal::new(super::parse(super::EXAMPLE)?)?;
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let paint = |code: &str, text: &str| {
        if colours {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    };
    for text in SCRIPT.lines() {
        let line = parse(text).map_err(|error| anyhow::anyhow!("{}", error.0))?;
        match &line {
            Line::Expected(_) => continue,
            Line::Comment(comment) => println!("{}", paint("1", comment)),
            Line::Blank => println!(),
            _ => println!("{}", paint("32", &format!("  > {text}"))),
        }
        for said in rehearsal.play(&line)? {
            println!("{}", paint("36", &said));
        }
    }
    if interactive {
        println!();
        return super::replay::prompt(&mut rehearsal);
    }
    Ok(ExitCode::SUCCESS)
}
