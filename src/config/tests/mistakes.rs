//! Each mistake is told with its key, and none hides another.

use super::{BUILT, BUILT_WITH_SIM, EXAMPLE, mistakes};
use crate::config::parse;

/// The example with pieces of it replaced, each of which must be there.
fn example_with(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(EXAMPLE.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "the example does not hold {old}");
        text.replacen(old, new, 1)
    })
}

#[test]
fn ten_mistakes_are_told_at_once() {
    let text = example_with(&[
        (
            "project = \"Example\"",
            "project = 7\nprojekt = \"Example\"",
        ),
        ("log = \"info\"", "log = \"loud\""),
        ("preset_hour = \"16:00\"", "preset_hour = \"25:00\""),
        (
            "rooms = [\"console/security\"]",
            "rooms = [\"slak/security\", \"console/general\"]",
        ),
        ("reports_per_day = 10", "reports_per_day = 0"),
        (
            "schedule = \"0 0 9 * * Mon\"",
            "schedule = \"every Monday\"",
        ),
        ("\"carol\", \"dave\"]", "\"carrol\", \"erin\"]"),
        ("blind = true", "blind = \"yes\""),
        ("zone = \"Europe/Berlin\"", "zone = \"Europe/Berlim\""),
        ("hours = \"09:00-17:00\"", "hours = \"17:00-09:00\""),
        (
            "handles = { console = \"bob\" }",
            "handles = { console = \"alice\" }",
        ),
        ("id = \"dave\"", "id = \"Dave/1\""),
    ]);
    let told = mistakes(&text);
    let expected = [
        "project: expected a text in quotes, found the number 7",
        "projekt: unknown key; did you mean project?",
        "log: unknown level \"loud\"; there is error, warn, info, debug, trace",
        "committee.preset_hour: \"25:00\" is no time of day; one looks like 16:00",
        "committee.rooms[0]: no network \"slak\"; there is console",
        "committee.announce[1][0]: is also committee.rooms[1]; what is announced is public, and \
         the committee's room is not",
        "committee.reports_per_day: must be 1 to 1000, found 0",
        "oncall.schedule: ",
        "oncall.rotation[2]: no person has the id \"carrol\"; did you mean carol?",
        "oncall.rotation[3]: erin is no member; give erin the role \"member\"",
        "scoring.blind: expected true or false, found the text \"yes\"",
        "people[0].zone: unknown time zone \"Europe/Berlim\"; did you mean Europe/Berlin?",
        "people[0].hours: must end after they begin, found 17:00-09:00",
        "people[1].handles.console: console/alice is also people[0]'s account",
        "people[3].id: \"Dave/1\" is no id; an id is at most 64 of a-z, 0-9, -, _ and .",
    ];
    for expected in expected {
        assert!(
            told.iter().any(|one| one.starts_with(expected)),
            "{expected} in {told:#?}"
        );
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
}

#[test]
fn who_can_approve_and_be_paged_is_checked() {
    let alone = example_with(&[
        ("roles = [\"member\"]", "roles = []"),
        ("roles = [\"member\"]", "roles = [\"lead\"]"),
        ("roles = [\"member\"]", "roles = [\"membr\"]"),
        (
            "days = [\"Mon\", \"Tue\", \"Wed\", \"Thu\", \"Fri\"]\n# Days off, written",
            "days = []\n#",
        ),
    ]);
    let told = mistakes(&alone);
    for expected in [
        "people: 1 of 5 are members; two members must approve what is published",
        "people: no member has working hours, so nobody can be paged",
        "people[2].roles: a lead is a member too; write roles = [\"member\", \"lead\"]",
        "people[3].roles[0]: unknown role \"membr\"; did you mean member?",
    ] {
        assert!(
            told.iter().any(|one| one == expected),
            "{expected} in {told:#?}"
        );
    }
}

#[test]
fn an_empty_text_says_what_is_needed() {
    let told = mistakes("");
    for key in [
        "project",
        "committee.rooms",
        "committee.announce",
        "people",
        "oncall.rotation",
    ] {
        assert!(
            told.iter().any(|one| one.starts_with(&format!("{key}: "))),
            "{key} in {told:#?}"
        );
    }
}

#[test]
fn every_place_that_is_not_toml_is_told() {
    let told = mistakes("project = \ndata = \"./data\"\nlog == \"info\"\n");
    assert!(
        told.iter().any(|one| one.starts_with("line 1: ")),
        "{told:#?}"
    );
    assert!(
        told.iter().any(|one| one.starts_with("line 3: ")),
        "{told:#?}"
    );
}

#[test]
fn beside_another_network_the_console_is_one_person_and_cannot_approve() {
    let sim = "[[sim]]\nname = \"sim\"\naddress = \"127.0.0.1:7000\"\n";
    let told = mistakes(&format!("{EXAMPLE}\n{sim}"));
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].starts_with("console.operator: missing"),
        "{told:#?}"
    );

    let text = format!("{}\n{sim}", example_with(&[("#operator", "operator")]));
    let config = parse(&text, BUILT_WITH_SIM).unwrap();
    let binding = config
        .policy
        .networks
        .iter()
        .map(|(name, rules)| (name.0.as_str(), rules.binding));
    assert_eq!(
        binding.collect::<Vec<_>>(),
        [("console", false), ("sim", true)]
    );

    let told = parse(&text, BUILT).unwrap_err();
    let expected = "sim[0]: this program was built without the network \"sim\"";
    assert_eq!(told[0].to_string(), expected);
}

#[test]
fn a_workspace_says_where_its_secrets_are() {
    let with = |section: &str| format!("{EXAMPLE}\n[[slack]]\n{section}\n");
    let told = |section: &str| {
        parse(&with(section), &["console", "slack"])
            .err()
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .filter(|mistake| mistake.starts_with("slack"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let tokens = "bot_token = \"env:A\"\napp_token = \"file:/run/secrets/b\"";
    assert_eq!(told(tokens), "");
    // A secret that was pasted is not said back.
    let pasted = told("bot_token = \"xoxb-1-secret\"\napp_token = \"env:B\"");
    assert!(
        pasted.contains("slack[0].bot_token") && !pasted.contains("secret\""),
        "{pasted}"
    );
    assert!(!pasted.contains("xoxb-1"), "{pasted}");
    assert!(told("bot_token = \"env:A\"").contains("slack[0].app_token"));
    let both = told(&format!(
        "{tokens}\nlisten = \"127.0.0.1:1\"\nsigning_secret = \"env:C\""
    ));
    assert!(both.contains("leave one of the two out"), "{both}");
    assert!(told("bot_token = \"env:A\"\nlisten = \"here\"").contains("is no address"));
    let plain = told(&format!("{tokens}\napi_url = \"http://slack.example\""));
    assert!(plain.contains("https://"), "{plain}");
    assert_eq!(
        told(&format!("{tokens}\napi_url = \"http://127.0.0.1:1/api\"")),
        ""
    );
}
