//! help, status, list, next, timeline, why; and news about the bot itself.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use underrose_chat::Network;

use crate::domain::grammar::{Spec, Topic};
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::tell::{Strong, Text, ToCase, ToCommittee, ToPerson, Typed, When};

pub fn help(rows: &[&'static Spec]) -> Text<ToPerson> {
    if rows.is_empty() {
        return Text::line(&[
            &"Nothing of that is for you here and now. Type ",
            &Typed("vuln help".into()),
            &".",
        ]);
    }
    let text = Text::line(&[&"What you can do here:"]);
    rows.iter()
        .fold(text, |text, spec| {
            text.item(&[&Typed(spec.usage()), &" ", &spec.effect])
        })
        .and(&[&"More on one: ", &Typed("vuln help <command>".into()), &"."])
}

/// The same by topic, with the commands' words alone.
pub fn topics(rows: &[&'static Spec]) -> Text<ToPerson> {
    let words = |topic| {
        let of_it = rows.iter().filter(|spec| spec.topic == topic);
        let words: Vec<String> = of_it.map(|spec| spec.words.join(" ")).collect();
        words.join(", ")
    };
    let shown = Topic::ALL.map(|topic| (topic, words(topic)));
    let text = Text::line(&[&"What you can do here:"]);
    shown
        .iter()
        .filter(|(_, words)| !words.is_empty())
        .fold(text, |text, (topic, words)| {
            text.item(&[&Strong(topic.word()), &": ", &Typed(words.clone())])
        })
        .and(&[
            &"More on a topic or a command: ",
            &Typed("vuln help <topic or command>".into()),
            &"; on all: ",
            &Typed("vuln help all".into()),
            &".",
        ])
}

pub fn help_on(spec: &Spec) -> Text<ToPerson> {
    let stages = spec.stages().unwrap_or_else(|| "any".to_owned());
    Text::line(&[&Typed(spec.usage())])
        .and(&[&spec.effect])
        .field("Who", &[&spec.who.words()])
        .field("Where", &[&spec.place.words()])
        .field("Stage", &[&stages])
}

pub fn no_cases() -> Text<ToPerson> {
    Text::line(&[
        &"No open case that you may see. Report one with ",
        &Typed("vuln report <title>".into()),
        &".",
    ])
}

pub fn cases_heading(count: usize) -> Text<ToPerson> {
    Text::line(&[&Strong("Open cases that you may see:"), &" ", &count])
}

pub fn your_report(case: CaseId, waiting: bool) -> Text<ToPerson> {
    let text = Text::line(&[
        &"Your report, case ",
        &Strong(case),
        &", is being worked on.",
    ]);
    if waiting {
        text.and(&[&"The committee waits for your answer; write it to me."])
    } else {
        text
    }
}

pub fn nothing_waits() -> Text<ToPerson> {
    Text::line(&[&"Nothing waits for you."])
}

pub fn waits_heading() -> Text<ToPerson> {
    Text::line(&[&Strong("What waits for you:")])
}

pub fn never_refused() -> Text<ToPerson> {
    Text::line(&[&"I have not refused you anything lately."])
}

pub fn refused(at: DateTime<Utc>, zone: Option<Tz>, rule: &str, command: &str) -> Text<ToPerson> {
    let command = if command.is_empty() {
        "what you typed".to_owned()
    } else {
        format!("`{command}`")
    };
    Text::line(&[
        &"At ",
        &When(at, zone),
        &" I refused ",
        &command,
        &" by the rule ",
        &Strong(rule.to_owned()),
        &".",
    ])
}

pub fn paged_because(
    case: CaseId,
    to: &[PersonId],
    step: u32,
    next: Option<DateTime<Utc>>,
    zone: Option<Tz>,
) -> Text<ToPerson> {
    let names = to
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let why = match step {
        0 => "the schedule names them now",
        1 => "the duty did not answer, and they are next in turn",
        _ => "nobody before them answered",
    };
    let text = Text::line(&[
        &"The page of case ",
        &case,
        &" is with ",
        &names,
        &": ",
        &why,
        &".",
    ]);
    match next {
        Some(next) => text.and(&[
            &"If nobody answers, something happens at ",
            &When(next, zone),
            &" (working hours of who holds it).",
        ]),
        None => text,
    }
}

pub fn timeline(case: CaseId, lines: &[String]) -> (Text<ToCase>, Text<ToPerson>) {
    let to_case = Text::default().heading(&[&"Timeline of case ", &case]);
    let to_person = Text::default().heading(&[&"Timeline of case ", &case]);
    (
        lines.iter().fold(to_case, |text, line| text.item(&[line])),
        lines
            .iter()
            .fold(to_person, |text, line| text.item(&[line])),
    )
}

pub fn undelivered(network: &Network, reason: &str, case: Option<CaseId>) -> Text<ToPerson> {
    let what = match case {
        Some(case) => format!("Something for case {case}"),
        None => "A message".to_owned(),
    };
    Text::line(&[
        &what,
        &" could not be delivered on ",
        &network.0,
        &": ",
        &reason.to_owned(),
        &".",
    ])
    .and(&[&"Look at that network; I tell you of the same at most once an hour."])
}

pub fn network_lost(network: &Network, reason: &str) -> Text<ToPerson> {
    Text::line(&[
        &"I hear nothing on ",
        network,
        &" any more: ",
        &reason.to_owned(),
        &".",
    ])
    .and(&[
        &"Mend it and start me again; until then nobody there can report, approve or answer a page.",
    ])
}

pub fn undelivered_here(network: &Network, reason: &str) -> Text<ToCase> {
    Text::line(&[
        &"Something for this case could not be delivered on ",
        &network.0,
        &": ",
        &reason.to_owned(),
        &".",
    ])
}

pub fn head(seq: u64, hash: &str) -> Text<ToCommittee> {
    Text::line(&[
        &"The journal stands at entry ",
        &seq,
        &", hash ",
        &crate::domain::tell::Digest(hash.to_owned()),
        &". Keep this message: it proves that nothing is cut off later.",
    ])
}

pub fn policy_changed(hash: &str) -> Text<ToCommittee> {
    Text::line(&[
        &"The configuration changed (",
        &crate::domain::tell::Digest(hash.chars().take(12).collect()),
        &"). What runs already keeps its deadlines.",
    ])
}
