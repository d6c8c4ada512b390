//! Each scorer's vector stays theirs; they stand side by side; one is settled with its reasons.

use super::ask::Ask;
use super::case::Case;
use super::confidential::Confidential;
use super::cvss::{Band, Vector};
use super::event::Event;
use super::grammar::Args;
use super::ids::PersonId;
use super::{conversation, say};

pub fn score(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    match args.vector("vector") {
        Some(vector) => record(ask, case, vector),
        None => conversation::begin_score(ask, case),
    }
}

/// The scorer's vector is in: from a command, from the calculator, or from a form.
pub fn record(ask: &mut Ask<'_>, case: &Case, vector: Vector) {
    ask.happen(
        case,
        Event::Scored {
            vector: vector.clone(),
        },
    );
    let by = ask.who.clone();
    let others: Vec<(PersonId, Vector)> = case
        .vectors
        .iter()
        .filter(|(person, _)| **person != by)
        .map(|(person, vector)| (person.clone(), vector.clone()))
        .collect();
    let count = others.len() + 1;
    let blind = ask.policy.scoring.blind && case.settled.is_none();
    if blind {
        // The room hears that a score is in, and not which: who has not scored yet stays unswayed.
        super::ask::tell_case(&mut ask.fx, case, &|| say::scored_blind(&by, count));
        ask.answer(say::your_score(case.id, &vector, &others));
    } else {
        ask.tell_case(case, || say::scored(&by, &vector, &others));
    }
}

pub fn settle(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let Some(vector) = args.vector("vector") else {
        return conversation::begin_settle(ask, case, args);
    };
    let because = args.text("why");
    if because.is_empty() && needs_reason(case, &vector) {
        let usage = "vuln score settle <vector> because <why>";
        return ask.refuse(
            Some(case.id),
            &say::rule("bad-argument", "score", NOBODY_SCORED, usage),
        );
    }
    settled(ask, case, vector, because);
}

pub const NOBODY_SCORED: &str = "Nobody scored exactly this, so say why it is settled.";

/// Whether a vector is nobody's, so that settling it needs a reason.
pub fn needs_reason(case: &Case, vector: &Vector) -> bool {
    !case.vectors.values().any(|scored| scored == vector)
}

/// The vector that counts: from a command, or from a form.
pub fn settled(ask: &mut Ask<'_>, case: &Case, vector: Vector, because: String) {
    let sealed = Confidential::new(because.clone());
    ask.happen(
        case,
        Event::Settled {
            vector: vector.clone(),
            because: sealed,
        },
    );
    let by = ask.who.clone();
    let all: Vec<(PersonId, Vector)> = case
        .vectors
        .iter()
        .map(|(person, vector)| (person.clone(), vector.clone()))
        .collect();
    ask.tell_case(case, || say::settled(&by, &vector, &because, &all));
}

pub fn severity(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let because = args.text("why");
    match args.band("band") {
        Some(band) if !because.is_empty() => overridden(ask, case, band, because),
        Some(_) | None => conversation::begin_severity(ask, case, args),
    }
}

/// The band that counts, whatever the score: from a command, or from a form.
pub fn overridden(ask: &mut Ask<'_>, case: &Case, band: Band, because: String) {
    let sealed = Confidential::new(because.clone());
    ask.happen(
        case,
        Event::BandOverridden {
            band,
            because: sealed,
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::band_overridden(&by, band, &because));
}

/// Whether this person may see the others' vectors: their own is in, or scoring is over.
pub fn sees_vectors(ask: &Ask<'_>, case: &Case) -> bool {
    !ask.policy.scoring.blind || case.settled.is_some() || case.vectors.contains_key(&ask.who)
}
