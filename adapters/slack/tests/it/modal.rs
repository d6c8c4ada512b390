//! Forms as modals: each documented bound, and what a person put in comes back as it was.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use underrose_chat::{Block, Field, FieldKind, Form, Message, Network, Opt, Place, RoomId};
use underrose_slack::modal::{self, Carried};

use crate::bounds;

pub fn network() -> Network {
    Network("slack".into())
}

pub fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.into(),
        label: format!("The {name}"),
        hint: String::new(),
        kind,
        value: None,
        required: false,
        live: false,
    }
}

fn options(count: usize) -> Vec<Opt> {
    (0..count)
        .map(|n| Opt {
            value: format!("v{n}"),
            label: format!("Value {n}"),
        })
        .collect()
}

pub fn form(fields: Vec<Field>) -> Form {
    Form {
        id: "score/2026-0007".into(),
        title: "Score".into(),
        body: Message::text("so far"),
        fields,
        submit: "Score".into(),
        errors: BTreeMap::new(),
    }
}

pub fn view(form: &Form) -> Value {
    let view = modal::view(form, &Place::Direct, &network()).unwrap();
    bounds::view(&view);
    view
}

/// What Slack sends of a view in which a person left everything as it was shown.
pub fn untouched(view: &Value) -> Value {
    let mut values = serde_json::Map::new();
    for block in view["blocks"].as_array().unwrap() {
        if block["type"] != "input" {
            continue;
        }
        let element = &block["element"];
        let state = match element["type"].as_str().unwrap() {
            "static_select" => {
                json!({"type": "static_select", "selected_option": element.get("initial_option")})
            }
            kind => json!({"type": kind, "value": element.get("initial_value")}),
        };
        let id = element["action_id"].as_str().unwrap();
        values.insert(
            block["block_id"].as_str().unwrap().into(),
            json!({id: state}),
        );
    }
    json!({"blocks": view["blocks"], "state": {"values": values}})
}

#[test]
fn what_was_put_in_comes_back() {
    let mut all = form(vec![
        field("title", FieldKind::Line { bytes_max: 200 }),
        field("text", FieldKind::Paragraphs { bytes_max: 30_000 }),
        field("plans", FieldKind::Paragraphs { bytes_max: 2_000 }),
        field(
            "AV",
            FieldKind::Select {
                options: options(4),
            },
        ),
        field(
            "AC",
            FieldKind::Select {
                options: options(4),
            },
        ),
    ]);
    let long: String = (0..900).map(|n| format!("{n} ")).collect();
    let given = [
        ("title", "a <title> & more"),
        ("text", long.as_str()),
        ("AV", "v2"),
    ];
    for (name, value) in given {
        all.fields
            .iter_mut()
            .find(|field| field.name == name)
            .unwrap()
            .value = Some(value.into());
    }
    let values = modal::values(&untouched(&view(&all)));
    for (name, value) in given {
        assert_eq!(values[name], value);
    }
    assert_eq!(values["plans"], "");
    assert!(!values.contains_key("AC"), "nothing was chosen");
    assert!(!values.keys().any(|name| name.contains('#')));
}

#[test]
fn a_form_of_any_size_is_within_bounds_or_refused() {
    view(&form(vec![field(
        "a",
        FieldKind::Select {
            options: options(100),
        },
    )]));
    view(&form(vec![field(
        "a",
        FieldKind::Select {
            options: options(101),
        },
    )]));
    view(&form(
        (0..40)
            .map(|n| field(&format!("f{n}"), FieldKind::Line { bytes_max: 9_000 }))
            .collect(),
    ));
    view(&form(Vec::new()));
    let mut long = form(vec![field("a", FieldKind::Line { bytes_max: 10 })]);
    long.title = "A title that is much longer than Slack takes".into();
    long.submit = long.title.clone();
    long.fields[0].label = "l".repeat(3_000);
    long.fields[0].hint = "h".repeat(3_000);
    long.body.blocks = (0..150)
        .map(|n| Block::Heading {
            text: format!("h{n};"),
        })
        .collect();
    let said = bounds::texts(view(&long)["blocks"].as_array().unwrap());
    assert!(said.contains("much longer than Slack takes") && said.contains("h149;"));

    let refused = |form: &Form| modal::view(form, &Place::Direct, &network()).is_err();
    assert!(refused(&form(
        (0..101)
            .map(|n| field(&format!("f{n}"), FieldKind::Line { bytes_max: 9 }))
            .collect()
    )));
    assert!(refused(&form(vec![field(
        "",
        FieldKind::Line { bytes_max: 9 }
    )])));
    assert!(refused(&form(vec![field(
        &"n".repeat(256),
        FieldKind::Line { bytes_max: 9 }
    )])));
    assert!(refused(&form(vec![field(
        "a",
        FieldKind::Select {
            options: Vec::new()
        }
    )])));
    let wide = vec![Opt {
        value: "v".repeat(151),
        label: "v".into(),
    }];
    assert!(refused(&form(vec![field(
        "a",
        FieldKind::Select { options: wide }
    )])));
    let mut much = form(vec![field(
        "a",
        FieldKind::Paragraphs { bytes_max: 30_000 },
    )]);
    much.fields[0].value = Some("x".repeat(30_001));
    assert!(refused(&much), "rather than cut it");
    let mut id = form(Vec::new());
    id.id = "i".repeat(3_000);
    assert!(refused(&id));
}

#[test]
fn errors_stand_beside_their_fields() {
    let mut wrong = form(vec![
        field("title", FieldKind::Line { bytes_max: 200 }),
        field(
            "AV",
            FieldKind::Select {
                options: options(2),
            },
        ),
    ]);
    let shown = view(&wrong);
    let errors = BTreeMap::from([
        ("AV".to_owned(), "Please choose one.".to_owned()),
        ("gone".to_owned(), "No such field.".to_owned()),
    ]);
    let by_block = modal::errors(&shown, &errors);
    assert_eq!(
        by_block[shown["blocks"][2]["block_id"].as_str().unwrap()],
        "Please choose one."
    );
    assert_eq!(by_block["field-0-"], "gone: No such field.");
    wrong.errors.insert("title".into(), "Too long.".into());
    assert!(bounds::texts(view(&wrong)["blocks"].as_array().unwrap()).contains("⚠ Too long."));
}

#[test]
fn other_options_are_another_block() {
    let block = |count| {
        let form = form(vec![field(
            "UI",
            FieldKind::Select {
                options: options(count),
            },
        )]);
        view(&form)["blocks"][1]["block_id"].clone()
    };
    assert_eq!(
        block(2),
        block(2),
        "the same in every process: {}",
        block(2)
    );
    assert_ne!(block(2), block(3));
    assert_eq!(block(2), "field-0-afa88219730e0984");
}

#[test]
fn a_live_field_tells_of_its_changes_and_a_required_one_is_required() {
    let mut live = field(
        "AV",
        FieldKind::Select {
            options: options(2),
        },
    );
    (live.live, live.required) = (true, true);
    let shown = view(&form(vec![live]));
    assert_eq!(shown["blocks"][1]["dispatch_action"], true);
    assert_eq!(shown["blocks"][1]["optional"], false);
    assert_eq!(shown["notify_on_close"], true);
}

#[test]
fn a_view_carries_what_it_is_for_and_where() {
    let room = RoomId {
        network: network(),
        id: "C1".into(),
    };
    let place = Place::Room { room };
    let shown = modal::view(&form(Vec::new()), &place, &network()).unwrap();
    let carried = Carried::read(shown["private_metadata"].as_str().unwrap());
    assert_eq!(carried.form, "score/2026-0007");
    assert_eq!(carried.place(&network()), place);
    assert_eq!(Carried::read("of another app"), Carried::default());
}

#[test]
fn an_answer_and_a_home_are_views() {
    let text = Message::text("Thank you.");
    bounds::view(&modal::answer(&text, &Place::Direct, &network()));
    bounds::view(&modal::answer(
        &Message::default(),
        &Place::Direct,
        &network(),
    ));
    bounds::view(&modal::home(&text, &network()));
}
