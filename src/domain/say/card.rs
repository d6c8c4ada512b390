//! The card: a case on one screen, edited in place; and the facts as they are set.

use crate::domain::case::{Case, Credit, Link, Range};
use crate::domain::ids::PersonId;
use crate::domain::tell::{Text, ToCase};
use crate::domain::words::{Path, TextField};

pub fn fact_set(by: &PersonId, field: TextField, text: &String) -> Text<ToCase> {
    Text::line(&[by, &" set the ", &field, &": ", text])
}

pub fn path_set(by: &PersonId, path: Path, because: &String) -> Text<ToCase> {
    Text::line(&[by, &" chose the path ", &path, &": ", because])
}

pub fn affects(by: &PersonId, range: &Range) -> Text<ToCase> {
    Text::line(&[by, &" added affected versions: ", &super::range(range)])
}

pub fn affects_cleared(by: &PersonId) -> Text<ToCase> {
    Text::line(&[by, &" cleared the affected versions."])
}

pub fn fixed(by: &PersonId, versions: &String) -> Text<ToCase> {
    Text::line(&[by, &" set the fixed versions: ", versions])
}

pub fn cve_added(by: &PersonId, id: &String) -> Text<ToCase> {
    Text::line(&[by, &" added ", id, &"."])
}

pub fn cve_removed(by: &PersonId, id: &String) -> Text<ToCase> {
    Text::line(&[by, &" took ", id, &" off the case."])
}

pub fn credited(by: &PersonId, credit: &Credit) -> Text<ToCase> {
    Text::line(&[by, &" credited ", &credit.name, &" as ", &credit.kind, &"."])
}

pub fn linked(by: &PersonId, link: &Link) -> Text<ToCase> {
    Text::line(&[by, &" linked ", &link.url, &" as ", &link.kind, &"."])
}

pub fn suspended(case: &Case) -> Option<Text<ToCase>> {
    let hash = case.announcement.draft.as_ref()?.hash.short().to_owned();
    Some(Text::line(&[
        &"A public fact changed after the approvals: the announcement waits until somebody approves anew (",
        &crate::domain::tell::Typed(format!("vuln announce approve {hash}")),
        &") or edits it.",
    ]))
}
