//! `[[matrix]]`: what it takes, and what it says of addresses that would be unsafe.

use super::EXAMPLE;
use crate::config::{Federate, Trust, parse};

const BUILT: &[&str] = &["console", "matrix"];

/// The example on Matrix alone, with this section.
fn on_matrix(section: &str) -> String {
    let mut text = EXAMPLE.replace("[console]\n", "").replace(
        "case_networks = [\"console\"]",
        "case_networks = [\"matrix\"]",
    );
    for room in ["security", "announce", "general", "dev"] {
        text = text.replace(
            &format!("console/{room}"),
            &format!("matrix/!{room}:example.org"),
        );
    }
    for person in ["alice", "bob", "carol", "dave", "erin"] {
        text = text.replace(
            &format!("{{ console = \"{person}\" }}"),
            &format!("{{ matrix = \"@{person}:example.org\" }}"),
        );
    }
    format!("{text}\n[[matrix]]\n{section}\n")
}

const WHOLE: &str =
    "homeserver = \"https://matrix.example.org\"\nuser = \"@underrose:example.org\"";

#[test]
fn an_account_needs_an_address_and_a_name_and_the_rest_is_safe_by_itself() {
    let config = parse(&on_matrix(WHOLE), BUILT).unwrap();
    let matrix = &config.matrix[0];
    assert_eq!(
        (matrix.name.0.as_str(), matrix.trust),
        ("matrix", Trust::Signed)
    );
    assert_eq!(matrix.federate, Federate::Yes);
    let rules = &config.policy.networks[&matrix.name];
    assert!(rules.encrypted && rules.binding && rules.tells_time);
    let lax = format!("{WHOLE}\ntrust = \"any-device\"\nfederate = false");
    let config = parse(&on_matrix(&lax), BUILT).unwrap();
    assert_eq!(config.matrix[0].trust, Trust::AnyDevice);
    assert_eq!(config.matrix[0].federate, Federate::No);
}

fn mistaken(text: &str, key: &str, word: &str) {
    let told = parse(text, BUILT).unwrap_err();
    let found = told
        .iter()
        .any(|one| one.key.contains(key) && one.what.contains(word));
    assert!(found, "{key}, {word}: {told:#?}");
}

#[test]
fn what_would_be_unsafe_or_nobody_is_said() {
    let with = |old: &str, new: &str| on_matrix(&WHOLE.replace(old, new));
    mistaken(
        &with("https://", "http://"),
        "homeserver",
        "no safe address",
    );
    for plain in [
        "127.0.0.1.example.org",
        "localhost.evil.net",
        "localhost:1@evil.net",
    ] {
        let address = &with("https://matrix.example.org", &format!("http://{plain}"));
        mistaken(address, "homeserver", "no safe address");
    }
    mistaken(
        &with("@underrose:example.org", "underrose"),
        "user",
        "@name:example.org",
    );
    mistaken(
        &on_matrix(&format!("{WHOLE}\ntrust = \"all\"")),
        "trust",
        "any-device",
    );
    mistaken(
        &on_matrix(&format!("{WHOLE}\nhomesever = \"x\"")),
        "homesever",
        "homeserver",
    );
    let rooms = on_matrix(WHOLE).replace("matrix/!security:", "matrix/#security:");
    mistaken(&rooms, "committee.rooms", "Internal room ID");
    let people = on_matrix(WHOLE).replace("@bob:example.org", "bob");
    mistaken(&people, "handles.matrix", "@name:example.org");
    let told = parse(&on_matrix(WHOLE), &["console"]).unwrap_err();
    assert!(told[0].what.contains("built without"), "{told:#?}");
}
