//! No text, of sense or none, brings the reader down.

use chrono::{TimeZone, Utc};
use proptest::prelude::*;

use super::{BUILT_WITH_SIM, EXAMPLE, mistakes};
use crate::config::{check_report, parse};

#[test]
fn deep_and_wide_texts_are_refused() {
    let texts = [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{ a = ".repeat(50_000)),
        format!("[{}a]", "a.".repeat(50_000)),
        "a".repeat(2 << 20),
        (0..60_000).map(|i| format!("key{i} = 1\n")).collect(),
    ];
    for text in texts {
        let told = mistakes(&text);
        assert!((1..=200).contains(&told.len()));
        assert!(told.iter().all(|one| one.len() < 500), "{:?}", told.first());
    }
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("= [[".to_owned()),
        Just("]]\n[[people]]\n".to_owned()),
        Just("\"".to_owned()),
        Just("/".to_owned()),
        Just("9999-12-31..9999-12-31".to_owned()),
        Just("-9223372036854775808".to_owned()),
        "\\PC{0,6}",
        "[0-9a-z*/,.-]{0,8}",
    ]
}

proptest! {
    #[test]
    fn no_text_brings_it_down(text in "(?s).{0,300}") {
        if let Err(told) = parse(&text, BUILT_WITH_SIM) {
            prop_assert!(!told.is_empty());
        }
    }

    #[test]
    fn no_change_of_the_example_brings_it_down(
        changes in prop::collection::vec((0..EXAMPLE.len(), 0_usize..20, piece()), 1..4),
    ) {
        let mut text = EXAMPLE.to_owned();
        for (at, drop, piece) in changes {
            let at = text.floor_char_boundary(at);
            let end = text.floor_char_boundary((at + drop).min(text.len()));
            text.replace_range(at..end.max(at), &piece);
        }
        match parse(&text, BUILT_WITH_SIM) {
            Ok(config) => {
                let now = Utc.with_ymd_and_hms(2026, 3, 4, 12, 0, 0).unwrap();
                prop_assert!(!check_report(&config, now).is_empty());
            }
            Err(told) => prop_assert!(!told.is_empty()),
        }
    }

    #[test]
    fn no_value_hides_another(
        number in 0_usize..EXAMPLE.len(),
        value in prop_oneof![Just("7"), Just("true"), Just("[]"), Just("[[7]]"), Just("{ a = 1 }")],
    ) {
        // Whatever single value is wrong, a mistake elsewhere is still told.
        let options: Vec<&str> =
            EXAMPLE.lines().filter(|line| !line.starts_with('#') && line.contains(" = ")).collect();
        let line = options[number % options.len()];
        let key = line.split(' ').next().unwrap();
        prop_assume!(key != "text" && key != "zone");
        let text = EXAMPLE.replacen(line, &format!("{key} = {value}"), 1);
        let text = text.replacen("zone = \"Asia/Tokyo\"", "zone = \"Asia/Tokio\"", 1);
        let told = mistakes(&text);
        let expected = "people[2].zone: unknown time zone \"Asia/Tokio\"; did you mean Asia/Tokyo?";
        prop_assert!(told.iter().any(|one| one == expected), "{told:#?}");
    }
}
