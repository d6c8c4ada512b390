//! The closed vocabularies: stages, verdicts, kinds of guests. One word each, the same in
//! commands, in the journal and in what the bot says.

use serde::{Deserialize, Serialize};

use super::tell::{Line, Tell};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),*
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word().eq_ignore_ascii_case(word))
            }
        }

        impl<A> Tell<A> for $name {
            fn tell(&self, line: &mut Line) { line.text(self.word()) }
        }
    };
}

words! {
    /// Where a case stands.
    Stage {
        New = "new",
        Triaging = "triaging",
        Accepted = "accepted",
        Ready = "ready",
        Disclosed = "disclosed",
        Closed = "closed",
    }
}

words! {
    /// What triage found (the union of the processes that were read).
    Verdict {
        Valid = "valid",
        Bug = "bug",
        Intended = "intended",
        Hardening = "hardening",
        Duplicate = "duplicate",
        Upstream = "upstream",
        OutOfScope = "out-of-scope",
        NoRepro = "no-repro",
        Spam = "spam",
        AlreadyFixed = "already-fixed",
    }
}

words! {
    /// Why somebody is brought into one case.
    GuestKind { Fix = "fix", Release = "release", Upstream = "upstream", Expert = "expert" }
}

words! {
    /// How a fix travels.
    Path { Public = "public", SemiPublic = "semi-public", Private = "private", LowSkip = "low-skip" }
}

words! {
    /// What a credited person did (the credit types of CVE JSON 5).
    CreditKind {
        Finder = "finder",
        Reporter = "reporter",
        Coordinator = "coordinator",
        Developer = "remediation-developer",
        Reviewer = "remediation-reviewer",
        Verifier = "remediation-verifier",
    }
}

words! {
    /// What a link points to.
    LinkKind {
        Advisory = "advisory",
        Issue = "issue",
        Fix = "fix",
        Article = "article",
        Report = "report",
    }
}

words! {
    /// Facts that are a text of their own.
    TextField {
        Title = "title",
        Component = "component",
        Cwe = "cwe",
        Summary = "summary",
        Details = "details",
        Mitigation = "mitigation",
        Detection = "detection",
    }
}

words! {
    /// The deadlines that run for a case.
    Rule {
        /// The reporter has heard from a person.
        Ack = "ack",
        /// The promise to reporters is broken.
        AckBreach = "ack-breach",
        /// Whether to open the case or to extend the embargo.
        EmbargoCap = "embargo-cap",
        /// The retrospective is due.
        Retro = "retro",
    }
}

words! {
    /// Why publication waits.
    HeldWhy {
        Pressed = "someone pressed hold",
        Unverified = "the release is neither verified nor waived",
        Late = "the bot was down at the instant and more than 2 hours have passed",
        Clock = "the clock cannot be trusted",
        Suspended = "a public fact changed after the approvals",
    }
}
