//! The metrics of every version, in the order of the specifications; values from the most severe
//! to the least. Sources: FIRST's specification documents of CVSS 2, 3.0, 3.1 and 4.0.

use std::fmt;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Version {
    V2,
    V30,
    V31,
    V40,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2 => "2.0",
            Self::V30 => "3.0",
            Self::V31 => "3.1",
            Self::V40 => "4.0",
        })
    }
}

/// Which score a metric belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    Base,
    /// v4: threat.
    Temporal,
    Environmental,
    /// Never changes a score.
    Supplemental,
}

/// A metric as a vector spells it.
pub struct Spelling {
    pub name: &'static str,
    pub long: &'static str,
    pub group: Group,
    pub values: &'static [&'static str],
}

/// A base metric as the calculator asks for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    pub abbreviation: &'static str,
    pub name: &'static str,
    pub question: &'static str,
    /// From the most severe to the least.
    pub values: &'static [Value],
}

#[derive(Debug, PartialEq, Eq)]
pub struct Value {
    pub letter: &'static str,
    pub name: &'static str,
    pub meaning: &'static str,
}

impl Version {
    pub fn spellings(self) -> &'static [Spelling] {
        match self {
            Self::V2 => V2,
            Self::V30 | Self::V31 => V3,
            Self::V40 => V4,
        }
    }

    /// What says "not defined", which equals absence.
    pub fn undefined(self) -> &'static str {
        match self {
            Self::V2 => "ND",
            Self::V30 | Self::V31 | Self::V40 => "X",
        }
    }

    /// The calculator's steps; versions that it does not offer have none.
    pub fn steps(self) -> &'static [Metric] {
        match self {
            Self::V2 => &[],
            Self::V30 | Self::V31 => STEPS_3,
            Self::V40 => STEPS_4,
        }
    }
}

const fn spell(
    name: &'static str,
    long: &'static str,
    group: Group,
    values: &'static [&'static str],
) -> Spelling {
    Spelling {
        name,
        long,
        group,
        values,
    }
}

use Group::{Base, Environmental, Supplemental, Temporal};

#[rustfmt::skip]
static V2: &[Spelling] = &[
    spell("AV", "Access Vector", Base, &["N", "A", "L"]),
    spell("AC", "Access Complexity", Base, &["L", "M", "H"]),
    spell("Au", "Authentication", Base, &["N", "S", "M"]),
    spell("C", "Confidentiality", Base, &["C", "P", "N"]),
    spell("I", "Integrity", Base, &["C", "P", "N"]),
    spell("A", "Availability", Base, &["C", "P", "N"]),
    spell("E", "Exploitability", Temporal, &["H", "F", "POC", "U", "ND"]),
    spell("RL", "Remediation Level", Temporal, &["U", "W", "TF", "OF", "ND"]),
    spell("RC", "Report Confidence", Temporal, &["C", "UR", "UC", "ND"]),
    spell("CDP", "Collateral Damage Potential", Environmental, &["H", "MH", "LM", "L", "N", "ND"]),
    spell("TD", "Target Distribution", Environmental, &["H", "M", "L", "N", "ND"]),
    spell("CR", "Confidentiality Requirement", Environmental, &["H", "M", "L", "ND"]),
    spell("IR", "Integrity Requirement", Environmental, &["H", "M", "L", "ND"]),
    spell("AR", "Availability Requirement", Environmental, &["H", "M", "L", "ND"]),
];

#[rustfmt::skip]
static V3: &[Spelling] = &[
    spell("AV", "Attack Vector", Base, &["N", "A", "L", "P"]),
    spell("AC", "Attack Complexity", Base, &["L", "H"]),
    spell("PR", "Privileges Required", Base, &["N", "L", "H"]),
    spell("UI", "User Interaction", Base, &["N", "R"]),
    spell("S", "Scope", Base, &["C", "U"]),
    spell("C", "Confidentiality", Base, &["H", "L", "N"]),
    spell("I", "Integrity", Base, &["H", "L", "N"]),
    spell("A", "Availability", Base, &["H", "L", "N"]),
    spell("E", "Exploit Code Maturity", Temporal, &["H", "F", "P", "U", "X"]),
    spell("RL", "Remediation Level", Temporal, &["U", "W", "T", "O", "X"]),
    spell("RC", "Report Confidence", Temporal, &["C", "R", "U", "X"]),
    spell("CR", "Confidentiality Requirement", Environmental, &["H", "M", "L", "X"]),
    spell("IR", "Integrity Requirement", Environmental, &["H", "M", "L", "X"]),
    spell("AR", "Availability Requirement", Environmental, &["H", "M", "L", "X"]),
    spell("MAV", "Modified Attack Vector", Environmental, &["N", "A", "L", "P", "X"]),
    spell("MAC", "Modified Attack Complexity", Environmental, &["L", "H", "X"]),
    spell("MPR", "Modified Privileges Required", Environmental, &["N", "L", "H", "X"]),
    spell("MUI", "Modified User Interaction", Environmental, &["N", "R", "X"]),
    spell("MS", "Modified Scope", Environmental, &["C", "U", "X"]),
    spell("MC", "Modified Confidentiality", Environmental, &["H", "L", "N", "X"]),
    spell("MI", "Modified Integrity", Environmental, &["H", "L", "N", "X"]),
    spell("MA", "Modified Availability", Environmental, &["H", "L", "N", "X"]),
];

#[rustfmt::skip]
static V4: &[Spelling] = &[
    spell("AV", "Attack Vector", Base, &["N", "A", "L", "P"]),
    spell("AC", "Attack Complexity", Base, &["L", "H"]),
    spell("AT", "Attack Requirements", Base, &["N", "P"]),
    spell("PR", "Privileges Required", Base, &["N", "L", "H"]),
    spell("UI", "User Interaction", Base, &["N", "P", "A"]),
    spell("VC", "Vulnerable System Confidentiality", Base, &["H", "L", "N"]),
    spell("VI", "Vulnerable System Integrity", Base, &["H", "L", "N"]),
    spell("VA", "Vulnerable System Availability", Base, &["H", "L", "N"]),
    spell("SC", "Subsequent System Confidentiality", Base, &["H", "L", "N"]),
    spell("SI", "Subsequent System Integrity", Base, &["H", "L", "N"]),
    spell("SA", "Subsequent System Availability", Base, &["H", "L", "N"]),
    spell("E", "Exploit Maturity", Temporal, &["A", "P", "U", "X"]),
    spell("CR", "Confidentiality Requirement", Environmental, &["H", "M", "L", "X"]),
    spell("IR", "Integrity Requirement", Environmental, &["H", "M", "L", "X"]),
    spell("AR", "Availability Requirement", Environmental, &["H", "M", "L", "X"]),
    spell("MAV", "Modified Attack Vector", Environmental, &["N", "A", "L", "P", "X"]),
    spell("MAC", "Modified Attack Complexity", Environmental, &["L", "H", "X"]),
    spell("MAT", "Modified Attack Requirements", Environmental, &["N", "P", "X"]),
    spell("MPR", "Modified Privileges Required", Environmental, &["N", "L", "H", "X"]),
    spell("MUI", "Modified User Interaction", Environmental, &["N", "P", "A", "X"]),
    spell("MVC", "Modified Vulnerable System Confidentiality", Environmental, &["H", "L", "N", "X"]),
    spell("MVI", "Modified Vulnerable System Integrity", Environmental, &["H", "L", "N", "X"]),
    spell("MVA", "Modified Vulnerable System Availability", Environmental, &["H", "L", "N", "X"]),
    spell("MSC", "Modified Subsequent System Confidentiality", Environmental, &["H", "L", "N", "X"]),
    spell("MSI", "Modified Subsequent System Integrity", Environmental, &["S", "H", "L", "N", "X"]),
    spell("MSA", "Modified Subsequent System Availability", Environmental, &["S", "H", "L", "N", "X"]),
    spell("S", "Safety", Supplemental, &["P", "N", "X"]),
    spell("AU", "Automatable", Supplemental, &["Y", "N", "X"]),
    spell("R", "Recovery", Supplemental, &["I", "U", "A", "X"]),
    spell("V", "Value Density", Supplemental, &["C", "D", "X"]),
    spell("RE", "Vulnerability Response Effort", Supplemental, &["H", "M", "L", "X"]),
    spell("U", "Provider Urgency", Supplemental, &["Red", "Amber", "Green", "Clear", "X"]),
];

const fn value(letter: &'static str, name: &'static str, meaning: &'static str) -> Value {
    Value {
        letter,
        name,
        meaning,
    }
}

#[rustfmt::skip]
static AV: &[Value] = &[
    value("N", "Network", "over a routed network, the internet included"),
    value("A", "Adjacent", "from the same network segment, radio or tunnel"),
    value("L", "Local", "with an account or a program on the machine, or through a file that a user opens"),
    value("P", "Physical", "by touching the machine"),
];
#[rustfmt::skip]
static PR: &[Value] = &[
    value("N", "None", "nobody needs to know the attacker"),
    value("L", "Low", "an ordinary account"),
    value("H", "High", "an administrator's account"),
];
#[rustfmt::skip]
static STEPS_3: &[Metric] = &[
    Metric { abbreviation: "AV", name: "Attack Vector", question: "From where can it be attacked?", values: AV },
    Metric { abbreviation: "AC", name: "Attack Complexity", question: "Does it need luck or preparation?", values: &[
        value("L", "Low", "it works every time"),
        value("H", "High", "something must fall into place that the attacker cannot force"),
    ] },
    Metric { abbreviation: "PR", name: "Privileges Required", question: "What must the attacker be allowed to do before?", values: PR },
    Metric { abbreviation: "UI", name: "User Interaction", question: "Must another person do something?", values: &[
        value("N", "Not needed", "it works without anybody's help"),
        value("R", "Required", "somebody must open, click or run something"),
    ] },
    Metric { abbreviation: "S", name: "Scope", question: "Does it reach beyond the component that is vulnerable?", values: &[
        value("C", "Changed", "it harms what another authority guards, the host of a container for instance"),
        value("U", "Unchanged", "it harms only what the vulnerable component guards itself"),
    ] },
    Metric { abbreviation: "C", name: "Confidentiality", question: "What can be read?", values: IMPACT_READ },
    Metric { abbreviation: "I", name: "Integrity", question: "What can be changed?", values: IMPACT_WRITE },
    Metric { abbreviation: "A", name: "Availability", question: "What can be brought down?", values: IMPACT_DOWN },
];
#[rustfmt::skip]
static IMPACT_READ: &[Value] = &[
    value("H", "High", "everything, or a secret that matters"),
    value("L", "Low", "something, without a choice of what"),
    value("N", "None", "nothing"),
];
#[rustfmt::skip]
static IMPACT_WRITE: &[Value] = &[
    value("H", "High", "everything, or what matters most"),
    value("L", "Low", "something, without serious consequence"),
    value("N", "None", "nothing"),
];
#[rustfmt::skip]
static IMPACT_DOWN: &[Value] = &[
    value("H", "High", "it can be denied altogether, or what is denied is essential"),
    value("L", "Low", "it becomes slow, or fails now and then"),
    value("N", "None", "nothing"),
];
#[rustfmt::skip]
static STEPS_4: &[Metric] = &[
    Metric { abbreviation: "AV", name: "Attack Vector", question: "From where can it be attacked?", values: AV },
    Metric { abbreviation: "AC", name: "Attack Complexity", question: "Must a protection be worked around?", values: &[
        value("L", "Low", "nothing stands in the way"),
        value("H", "High", "a defence such as ASLR, or a secret, must be overcome"),
    ] },
    Metric { abbreviation: "AT", name: "Attack Requirements", question: "Must the target be in a particular state?", values: &[
        value("N", "None", "it works on every ordinary installation"),
        value("P", "Present", "a race must be won, or a certain set-up be there"),
    ] },
    Metric { abbreviation: "PR", name: "Privileges Required", question: "What must the attacker be allowed to do before?", values: PR },
    Metric { abbreviation: "UI", name: "User Interaction", question: "Must another person do something?", values: &[
        value("N", "Not needed", "it works without anybody's help"),
        value("P", "Passive", "somebody does what they do anyway"),
        value("A", "Active", "somebody must be brought to do a certain thing"),
    ] },
    Metric { abbreviation: "VC", name: "Vulnerable System Confidentiality", question: "What can be read on the vulnerable system?", values: IMPACT_READ },
    Metric { abbreviation: "VI", name: "Vulnerable System Integrity", question: "What can be changed there?", values: IMPACT_WRITE },
    Metric { abbreviation: "VA", name: "Vulnerable System Availability", question: "What can be brought down there?", values: IMPACT_DOWN },
    Metric { abbreviation: "SC", name: "Subsequent System Confidentiality", question: "What can be read on other systems?", values: IMPACT_READ },
    Metric { abbreviation: "SI", name: "Subsequent System Integrity", question: "What can be changed on other systems?", values: IMPACT_WRITE },
    Metric { abbreviation: "SA", name: "Subsequent System Availability", question: "What can be brought down on other systems?", values: IMPACT_DOWN },
];
