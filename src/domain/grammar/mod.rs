//! The grammar: one table of all commands, from which the parser, the authorization, `help` and
//! the README's table come.

mod near;
mod parse;
mod table;
mod value;

pub use parse::{Args, Mistake, Parsed, Value, is_command, missing_of, parse};
pub use table::{COMMANDS, Verb, spec_of};

use super::words::Stage;

/// A command's words, arguments and rules.
pub struct Spec {
    pub verb: Verb,
    pub family: Family,
    pub topic: Topic,
    /// What is typed after `vuln` or `oncall`.
    pub words: &'static [&'static str],
    pub args: &'static [Piece],
    pub who: Who,
    pub place: Place,
    pub from: From,
    /// Whether it binds the committee: then it counts only from a network that authenticates.
    pub weight: Weight,
    /// One line of help.
    pub effect: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    Vuln,
    OnCall,
}

impl Family {
    pub fn word(self) -> &'static str {
        match self {
            Self::Vuln => "vuln",
            Self::OnCall => "oncall",
        }
    }
}

/// What commands have to do with each other. A long list of them is shown by topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topic {
    Basics,
    Intake,
    Scoring,
    Facts,
    People,
    Publishing,
    Closing,
    OnCall,
}

impl Topic {
    pub const ALL: [Self; 8] = [
        Self::Basics,
        Self::Intake,
        Self::Scoring,
        Self::Facts,
        Self::People,
        Self::Publishing,
        Self::Closing,
        Self::OnCall,
    ];

    /// What is typed after `help`. No command begins with it, except for `oncall`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Basics => "basics",
            Self::Intake => "intake",
            Self::Scoring => "scoring",
            Self::Facts => "facts",
            Self::People => "people",
            Self::Publishing => "publishing",
            Self::Closing => "closing",
            Self::OnCall => "oncall",
        }
    }
}

/// Who may use a command. A person whom the configuration does not know is nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    Anyone,
    /// A member of the committee who is not recused from the case.
    Member,
    Owner,
    OwnerOrDuty,
    OwnerOrLead,
    /// The fix lead; the owner while there is none.
    Lead,
    MemberOrFixGuest,
    LeadOrReleaseGuest,
    /// On the case's list: members and accepted guests.
    Participant,
    /// On the case's list, or its reporter.
    Concerned,
    /// Whoever holds the page, or the duty.
    Duty,
    /// The person who was asked.
    Asked,
}

impl Who {
    /// For a refusal and the table: "… may do that".
    pub fn words(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Member => "a committee member of this case",
            Self::Owner => "the case's owner",
            Self::OwnerOrDuty => "the case's owner or the duty",
            Self::OwnerOrLead => "the case's owner or fix lead",
            Self::Lead => "the fix lead",
            Self::MemberOrFixGuest => "a committee member or a fix guest of this case",
            Self::LeadOrReleaseGuest => "the fix lead or a release guest",
            Self::Participant => "whoever is on the case's list",
            Self::Concerned => "whoever may see the case",
            Self::Duty => "the duty",
            Self::Asked => "the person who was asked",
        }
    }
}

/// Where a command may be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The case's room.
    Case,
    /// The case's room, or a direct message that names the case.
    CaseOrDirect,
    Direct,
    Any,
}

impl Place {
    pub fn words(self) -> &'static str {
        match self {
            Self::Case => "the case's room",
            Self::CaseOrDirect => "the case's room or a direct message",
            Self::Direct => "a direct message to the bot",
            Self::Any => "anywhere",
        }
    }
}

/// From which stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// Not about one case, or whatever its stage.
    Any,
    Stages(&'static [Stage]),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    Casual,
    Binding,
}

/// One argument, with the word that stands before it.
pub struct Piece {
    pub after: Option<&'static str>,
    pub name: &'static str,
    pub kind: Kind,
    pub need: Need,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    Must,
    May,
    /// Must; where forms can be opened, one asks for it.
    OrForm,
}

/// What an argument is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// All that follows.
    Text,
    /// One word.
    Word,
    Member,
    /// Anybody with an account: a name of the configuration, or an account of this network.
    Person,
    Case,
    Verdict,
    GuestKind,
    Path,
    Band,
    Vector,
    Instant,
    Hash,
    Cve,
    Url,
    CreditKind,
    LinkKind,
    Command,
}

impl Spec {
    /// `triage <verdict> [<case>] because <why>`
    pub fn usage(&self) -> String {
        let mut usage = format!("{} {}", self.family.word(), self.words.join(" "));
        for piece in self.args {
            let after = piece
                .after
                .map_or(String::new(), |after| format!("{after} "));
            let text = match piece.need {
                Need::Must | Need::OrForm => format!(" {after}<{}>", piece.name),
                Need::May => format!(" [{after}<{}>]", piece.name),
            };
            usage.push_str(&text);
        }
        usage
    }

    /// The stages that allow it, in words; `None` if all do.
    pub fn stages(&self) -> Option<String> {
        match self.from {
            From::Any => None,
            From::Stages(stages) => Some(
                stages
                    .iter()
                    .map(|stage| stage.word())
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        }
    }
}

/// The README's table of commands.
pub fn markdown_table() -> String {
    let mut table =
        String::from("| command | who | where | stage | effect |\n|---|---|---|---|---|\n");
    for spec in COMMANDS {
        let stages = spec.stages().unwrap_or_else(|| "–".to_owned());
        let usage = spec.usage().replace('|', "\\|");
        let row = [spec.who.words(), spec.place.words(), &stages, spec.effect].join(" | ");
        table.push_str(&format!("| `{usage}` | {row} |\n"));
    }
    table
}
