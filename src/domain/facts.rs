//! The facts of a case, structured from the first day, since advisories are made of them.

use super::ask::Ask;
use super::case::{Case, Credit, Link, Range, RangeEnd};
use super::confidential::Confidential;
use super::event::Event;
use super::grammar::Args;
use super::say;
use super::words::TextField;

/// Most entries of one list of facts.
const LIST_MAX: usize = 50;
/// Longest text of one fact, in bytes; the advisory formats allow 4096 characters of description.
const FACT_BYTES_MAX: usize = 16 * 1024;
/// Longest one-line fact, in bytes.
const LINE_BYTES_MAX: usize = 200;

pub fn text(ask: &mut Ask<'_>, case: &Case, field: TextField, args: &Args) {
    let text = args.text("text");
    let max = match field {
        TextField::Title | TextField::Component | TextField::Cwe => LINE_BYTES_MAX,
        TextField::Summary | TextField::Details | TextField::Mitigation | TextField::Detection => {
            FACT_BYTES_MAX
        }
    };
    if text.len() > max {
        let what = format!("That is longer than {max} bytes, which is all that this fact takes.");
        return ask.refuse(
            Some(case.id),
            &say::rule("too-long", field.word(), what, ""),
        );
    }
    ask.happen(
        case,
        Event::TextSet {
            field,
            text: Confidential::new(text.clone()),
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::fact_set(&by, field, &text));
}

pub fn path(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let Some(path) = args.path("path") else {
        return;
    };
    let because = args.text("why");
    ask.happen(
        case,
        Event::PathSet {
            path,
            because: Confidential::new(because.clone()),
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::path_set(&by, path, &because));
}

pub fn affects(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let (fixed, last) = (args.text("fixed"), args.text("last"));
    if !fixed.is_empty() && !last.is_empty() {
        let what =
            "A range ends before the fixed version or through the last affected one, not both.";
        let usage = "vuln affects <component> from <version> before <fixed>";
        return ask.refuse(
            Some(case.id),
            &say::rule("bad-argument", "affects", what, usage),
        );
    }
    if full(ask, case, |facts| facts.affected.len()) {
        return ask.refuse(
            Some(case.id),
            &say::rule(
                "too-many",
                "affects",
                "A case has at most 50 ranges.",
                "vuln affects nothing",
            ),
        );
    }
    let end = match (fixed.is_empty(), last.is_empty()) {
        (false, _) => RangeEnd::Fixed(fixed),
        (true, false) => RangeEnd::LastAffected(last),
        (true, true) => RangeEnd::Open {},
    };
    let range = Range {
        component: args.text("component"),
        introduced: args.text("version"),
        end,
    };
    ask.happen(
        case,
        Event::AffectedAdded {
            range: Confidential::new(range.clone()),
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::affects(&by, &range));
}

pub fn affects_nothing(ask: &mut Ask<'_>, case: &Case) {
    ask.happen(case, Event::AffectedCleared {});
    let by = ask.who.clone();
    ask.tell_case(case, || say::affects_cleared(&by));
}

pub fn fixed(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let versions: Vec<String> = args
        .text("versions")
        .split([',', ' ', '\n'])
        .filter(|version| !version.is_empty())
        .map(str::to_owned)
        .collect();
    if versions.is_empty() || versions.len() > LIST_MAX || versions.iter().any(|v| v.len() > 64) {
        let what = "Name 1 to 50 versions, each of at most 64 bytes.";
        return ask.refuse(
            Some(case.id),
            &say::rule("bad-argument", "fixed", what, "vuln fixed 1.29.3, 1.30.1"),
        );
    }
    ask.happen(
        case,
        Event::FixedSet {
            versions: Confidential::new(versions.clone()),
        },
    );
    let (by, versions) = (ask.who.clone(), versions.join(", "));
    ask.tell_case(case, || say::fixed(&by, &versions));
}

pub fn cve(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let id = args.text("cve");
    if case.cves.len() >= LIST_MAX {
        return ask.refuse(
            Some(case.id),
            &say::rule(
                "too-many",
                "cve",
                "A case has at most 50 CVE ids.",
                "vuln cve remove <cve>",
            ),
        );
    }
    if case.cves.contains(&id) {
        let what = format!("{id} is already here, so nothing changed.");
        return ask.refuse(Some(case.id), &say::rule("nothing-to-do", "cve", what, ""));
    }
    ask.happen(case, Event::CveAdded { id: id.clone() });
    let by = ask.who.clone();
    ask.tell_case(case, || say::cve_added(&by, &id));
}

pub fn cve_remove(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let id = args.text("cve");
    if !case.cves.contains(&id) {
        let what = format!("{id} is not on this case, so nothing changed.");
        return ask.refuse(
            Some(case.id),
            &say::rule("nothing-to-do", "cve", what, "vuln status"),
        );
    }
    ask.happen(case, Event::CveRemoved { id: id.clone() });
    let by = ask.who.clone();
    ask.tell_case(case, || say::cve_removed(&by, &id));
}

pub fn credit(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let (name, Some(kind)) = (args.text("name"), args.credit_kind("kind")) else {
        return;
    };
    if name.len() > LINE_BYTES_MAX || full(ask, case, |facts| facts.credits.len()) {
        let what = "At most 50 credits, each of at most 200 bytes.";
        return ask.refuse(Some(case.id), &say::rule("too-many", "credit", what, ""));
    }
    let credit = Credit { name, kind };
    ask.happen(
        case,
        Event::CreditAdded {
            credit: Confidential::new(credit.clone()),
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::credited(&by, &credit));
}

pub fn link(ask: &mut Ask<'_>, case: &Case, args: &Args) {
    let (url, Some(kind)) = (args.text("url"), args.link_kind("kind")) else {
        return;
    };
    if full(ask, case, |facts| facts.links.len()) {
        return ask.refuse(
            Some(case.id),
            &say::rule("too-many", "link", "A case has at most 50 links.", ""),
        );
    }
    let link = Link { url, kind };
    ask.happen(
        case,
        Event::LinkAdded {
            link: Confidential::new(link.clone()),
        },
    );
    let by = ask.who.clone();
    ask.tell_case(case, || say::linked(&by, &link));
}

fn full(ask: &Ask<'_>, case: &Case, count: impl FnOnce(&super::case::Facts) -> usize) -> bool {
    ask.pass(case)
        .is_none_or(|pass| count(pass.facts()) >= LIST_MAX)
}
