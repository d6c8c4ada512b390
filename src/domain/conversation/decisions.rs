//! Forms for what an owner decides: the vector that counts, the band, the announcement's text.
//! Where no form can be opened, the same is typed.

use underrose_chat::{Field, FieldKind, Form, Immediate, Surface};

use super::{Values, allowed, field, line, open, option, select};
use crate::domain::announcement::TextHash;
use crate::domain::ask::Ask;
use crate::domain::case::Case;
use crate::domain::cvss::{Band, Vector};
use crate::domain::grammar::{Args, Verb, missing_of, spec_of};
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::{announce, say, scoring};

const WHY_BYTES_MAX: usize = 2_000;

/// What is said where a reason is missing: as the grammar says it.
const SAY_WHY: &str = "Say why: the reason is part of the record.";

const CHANGED: &str = "That score changed after this was opened; open it anew and look at it.";
const REDRAFTED: &str =
    "Somebody changed the draft after you opened this: copy your text, and open it anew.";

/// Whether a form must ask for what was not typed; where none can be opened, says what is missing.
fn asks(ask: &mut Ask<'_>, case: &Case, verb: Verb, args: &Args) -> bool {
    let missing = spec_of(verb).and_then(|spec| missing_of(spec, args));
    let Some(missing) = missing else { return false };
    match ask.surface {
        Surface::Modal => true,
        Surface::Stepwise | Surface::Threaded => {
            ask.refuse(Some(case.id), &missing);
            false
        }
    }
}

/// Opens the form for the vector that counts.
pub fn begin_settle(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    if asks(ask, case, Verb::ScoreSettle, args) {
        let form = settle_form(ask, case);
        open(ask, form);
    }
}

/// Opens the form for the band.
pub fn begin_severity(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    if asks(ask, case, Verb::Severity, args) {
        let chosen = args.band("band").map(|band| band.to_string());
        open(ask, severity_form(case, chosen));
    }
}

/// Opens the announcement's text, with how the public will read it.
pub fn begin_edit(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    if asks(ask, case, Verb::AnnounceEdit, args) {
        let text = ask.room_pass(case).and_then(|pass| pass.draft().cloned());
        let form = edit_form(ask, case, (text.unwrap_or_default(), draft_of(case)));
        open(ask, form);
    }
}

/// The text changed: how it reads now.
pub(super) fn edited(ask: &mut Ask<'_>, (id, opened): (CaseId, &str), values: &Values) {
    let Some(case) = allowed(ask, id, Verb::AnnounceEdit) else {
        return;
    };
    let form = edit_form(ask, case, (given(values, "text"), opened));
    open(ask, form);
}

pub(super) fn submitted_settle(ask: &mut Ask<'_>, id: CaseId, values: &Values) {
    let Some(case) = allowed(ask, id, Verb::ScoreSettle) else {
        return;
    };
    let (typed, whose) = (given(values, "vector"), given(values, "whose"));
    let theirs = case
        .vectors
        .iter()
        .find(|(who, vector)| scoring::sees_vectors(ask, case) && choice(who, vector) == whose);
    let vector = match (typed.is_empty(), theirs) {
        (false, _) => Vector::parse(&typed).map_err(|error| ("vector", format!("{error}."))),
        (true, Some((_, vector))) => Ok(vector.clone()),
        (true, None) if !whose.is_empty() => Err(("whose", CHANGED.to_owned())),
        (true, None) => Err(("vector", "Choose one above, or type one here.".to_owned())),
    };
    let because = given(values, "why");
    match vector {
        Err((field, what)) => wrong(ask, field, &what),
        Ok(vector) if because.is_empty() && scoring::needs_reason(case, &vector) => {
            wrong(ask, "why", scoring::NOBODY_SCORED);
        }
        Ok(vector) => scoring::settled(ask, case, vector, because),
    }
}

pub(super) fn submitted_severity(ask: &mut Ask<'_>, id: CaseId, values: &Values) {
    let Some(case) = allowed(ask, id, Verb::Severity) else {
        return;
    };
    let because = given(values, "why");
    match given(values, "band").parse::<Band>() {
        Err(_) => wrong(ask, "band", "Please choose one."),
        Ok(_) if because.is_empty() => wrong(ask, "why", SAY_WHY),
        Ok(band) => scoring::overridden(ask, case, band, because),
    }
}

pub(super) fn submitted_edit(ask: &mut Ask<'_>, (id, opened): (CaseId, &str), values: &Values) {
    let Some(case) = allowed(ask, id, Verb::AnnounceEdit) else {
        return;
    };
    let text = given(values, "text");
    if text.is_empty() {
        return wrong(ask, "text", "Please fill this in.");
    }
    if text.len() > announce::TEXT_BYTES_MAX {
        return wrong(ask, "text", announce::TEXT_TOO_LONG);
    }
    if draft_of(case) != opened {
        return wrong(ask, "text", REDRAFTED);
    }
    announce::edited(ask, case, text);
}

/// What a choice of whose vector counts answers: the vector too, as it was shown.
fn choice(person: &PersonId, vector: &Vector) -> String {
    let shown = TextHash::of(&vector.to_string(), &[]);
    format!("{person}/{}", shown.short())
}

/// The draft that an editor of now begins with, by its hash; empty if there is none.
fn draft_of(case: &Case) -> &str {
    let draft = case.announcement.draft.as_ref();
    draft.map_or("", |draft| draft.hash.short())
}

fn given(values: &Values, name: &str) -> String {
    values
        .get(name)
        .map(|value| value.trim().to_owned())
        .unwrap_or_default()
}

fn wrong(ask: &mut Ask<'_>, field: &str, what: &str) {
    let errors = Values::from([(field.to_owned(), what.to_owned())]);
    ask.fx.out.immediate = Immediate::Errors { errors };
}

fn why(required: bool) -> Field {
    let kind = FieldKind::Paragraphs {
        bytes_max: WHY_BYTES_MAX,
    };
    let mut why = field("why", "Because", kind);
    why.hint = "Written into the record, and said in the case's room.".to_owned();
    why.required = required;
    why
}

fn settle_form(ask: &Ask<'_>, case: &Case) -> Form {
    let shown = scoring::sees_vectors(ask, case);
    let mut fields = Vec::new();
    if shown && !case.vectors.is_empty() {
        let options = case.vectors.iter().map(|(person, vector)| {
            let scored = format!("{person}: {} {}", vector.scores().overall(), vector.band());
            option(&choice(person, vector), &scored)
        });
        let mut whose = select("whose", "Whose vector counts?", options.collect(), None);
        whose.live = false;
        fields.push(whose);
    }
    let mut vector = field("vector", "Or type another vector", line(512));
    vector.hint = "Then it counts, and a reason is needed.".to_owned();
    fields.push(vector);
    fields.push(why(false));
    Form {
        id: format!("settle/{}", case.id),
        title: format!("Settle case {}", case.id),
        body: say::settle_intro(case, shown).into_message(),
        fields,
        submit: "Settle".to_owned(),
        errors: Values::new(),
    }
}

fn severity_form(case: &Case, chosen: Option<String>) -> Form {
    let bands = [
        Band::None,
        Band::Low,
        Band::Medium,
        Band::High,
        Band::Critical,
    ];
    let options = bands.map(|band| option(&band.to_string(), &band.to_string()));
    let mut band = select("band", "Severity", options.to_vec(), chosen);
    band.required = true;
    band.live = false;
    Form {
        id: format!("severity/{}", case.id),
        title: format!("Severity {}", case.id),
        body: say::severity_intro(case).into_message(),
        fields: vec![band, why(true)],
        submit: "Override".to_owned(),
        errors: Values::new(),
    }
}

fn edit_form(ask: &Ask<'_>, case: &Case, (text, opened): (String, &str)) -> Form {
    let kind = FieldKind::Paragraphs {
        bytes_max: announce::TEXT_BYTES_MAX,
    };
    let voids = !case.announcement.approvals.is_empty();
    let body = say::editor(&text, &ask.policy.announce, voids).into_message();
    let mut words = field("text", "Text", kind);
    words.value = Some(text);
    words.required = true;
    words.live = true;
    Form {
        id: format!("announce/{}/{opened}", case.id),
        title: format!("Announce {}", case.id),
        body,
        fields: vec![words],
        submit: "Save the draft".to_owned(),
        errors: Values::new(),
    }
}
