//! Forms that were opened before something changed: what is sent answers what was shown, or nothing.

use std::collections::BTreeMap;

use underrose_chat::{FieldKind, Form, Happening, Immediate, Place, Surface};

use super::bad_input::Bot;

/// Something typed in the case's room, on a network that opens forms.
fn types(bot: &mut Bot, who: &str, text: &str) -> Immediate {
    let mut inbound = bot.in_case(who, text);
    if let Happening::Text { surface, .. } = &mut inbound.what {
        *surface = Surface::Modal;
    }
    bot.answer(inbound)
}

fn form(answer: Immediate) -> Form {
    match answer {
        Immediate::Form { form } => form,
        other => panic!("{other:?}"),
    }
}

fn sends(bot: &mut Bot, who: &str, form: &Form, values: &[(&str, &str)]) -> Immediate {
    let mut inbound = bot.in_case(who, "");
    let Happening::Text { by, place, .. } = inbound.what else {
        unreachable!()
    };
    assert_ne!(place, Place::Direct);
    let values = values.iter();
    let values: BTreeMap<_, _> = values
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    inbound.what = Happening::FormSubmitted {
        by,
        place,
        form: form.id.clone(),
        values,
    };
    bot.answer(inbound)
}

fn errors(answer: Immediate) -> BTreeMap<String, String> {
    match answer {
        Immediate::Errors { errors } => errors,
        other => panic!("{other:?}"),
    }
}

fn accepted() -> Bot {
    let mut bot = Bot::new();
    bot.load(|policy| policy.scoring.blind = false);
    bot.open_case();
    for text in ["vuln ack", "vuln triage valid because it is so"] {
        types(&mut bot, "alice", text);
    }
    bot
}

const LOW: &str = "vuln score CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N";
const HIGH: &str = "vuln score CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

#[test]
fn a_score_that_changed_meanwhile_is_not_settled() {
    let mut bot = accepted();
    types(&mut bot, "bob", LOW);
    let shown = form(types(&mut bot, "alice", "vuln score settle"));
    let FieldKind::Select { options } = &shown.fields[0].kind else {
        panic!("{shown:?}")
    };
    let bobs = options[0].value.clone();
    types(&mut bot, "bob", HIGH);
    let told = errors(sends(&mut bot, "alice", &shown, &[("whose", &bobs)]));
    assert!(told["whose"].contains("changed"), "{told:?}");
    let case = bot.engine.state().cases.values().next().unwrap();
    assert!(case.settled.is_none());
    // Scored as it was again, it is what was shown.
    types(&mut bot, "bob", LOW);
    sends(&mut bot, "alice", &shown, &[("whose", &bobs)]);
    let case = bot.engine.state().cases.values().next().unwrap();
    assert!(case.settled.is_some());
}

#[test]
fn an_editor_that_was_opened_earlier_takes_no_newer_draft_back() {
    let mut bot = accepted();
    types(&mut bot, "alice", "vuln announce draft the first text");
    let shown = form(types(&mut bot, "alice", "vuln announce edit"));
    types(&mut bot, "bob", "vuln announce draft a better text");
    let draft = |bot: &Bot| {
        let case = bot.engine.state().cases.values().next().unwrap();
        let draft = case.announcement.draft.as_ref().unwrap();
        draft.hash.short().to_owned()
    };
    let better = draft(&bot);
    let told = errors(sends(&mut bot, "alice", &shown, &[("text", "my text")]));
    assert!(told["text"].contains("changed the draft"), "{told:?}");
    assert_eq!(draft(&bot), better);
    let anew = form(types(&mut bot, "alice", "vuln announce edit"));
    sends(&mut bot, "alice", &anew, &[("text", "my text")]);
    assert_ne!(draft(&bot), better);
}
