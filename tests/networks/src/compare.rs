//! What the script says that somebody reads, against what they read.

use crate::network::Heard;
use crate::words::Words;

/// One thing to read in one place. Edits that follow each other are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Said(Vec<String>),
    /// Lines that are new in a message that changed; `partial` as in [`Heard::Edited`].
    Edited {
        lines: Vec<String>,
        partial: bool,
    },
}

/// Adds a piece; an edit joins the edit before it.
pub fn add(pieces: &mut Vec<Piece>, piece: Piece) {
    if let (
        Some(Piece::Edited { lines, partial }),
        Piece::Edited {
            lines: more,
            partial: also,
        },
    ) = (pieces.last_mut(), &piece)
    {
        lines.extend(more.iter().cloned());
        *partial |= also;
        return;
    }
    pieces.push(piece);
}

/// What was heard, as pieces to compare.
pub fn of_network(heard: &[Heard], words: &Words) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for one in heard {
        let piece = match one {
            Heard::Said(lines) => Piece::Said(words.of_network(lines)),
            Heard::Edited { lines, partial } => Piece::Edited {
                lines: words.of_network(lines),
                partial: *partial,
            },
        };
        add(&mut pieces, piece);
    }
    pieces
}

/// Whether all of it is there, in order, and nothing else.
pub fn are_same(script: &[Piece], network: &[Piece], words: &mut Words) -> bool {
    script.len() == network.len()
        && script.iter().zip(network).all(|(a, b)| match (a, b) {
            (Piece::Said(a), Piece::Said(b)) => lines(a, b, words),
            (Piece::Edited { lines: a, .. }, Piece::Edited { lines: b, partial }) => {
                if *partial {
                    return a
                        .iter()
                        .all(|line| b.iter().any(|other| words.are_same(line, other)));
                }
                lines(a, b, words)
            }
            (Piece::Said(_), Piece::Edited { .. }) | (Piece::Edited { .. }, Piece::Said(_)) => {
                false
            }
        })
}

/// Whether all of it is there and nothing else, in whatever order: an answer and what the bot
/// sends by itself to the same person do not wait for each other.
pub fn are_same_in_any_order(script: &[Piece], network: &[Piece], words: &mut Words) -> bool {
    let mut left: Vec<&Piece> = network.iter().collect();
    script.len() == network.len()
        && script.iter().all(|wanted| {
            let one = std::slice::from_ref(wanted);
            let found = left
                .iter()
                .position(|piece| are_same(one, std::slice::from_ref(*piece), words));
            found.map(|index| left.remove(index)).is_some()
        })
}

fn lines(script: &[String], network: &[String], words: &mut Words) -> bool {
    script.len() == network.len()
        && script
            .iter()
            .zip(network)
            .all(|(a, b)| words.are_same(a, b))
}

/// Both, one under the other, for whoever reads why a test failed.
pub fn shown(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        let (mark, lines) = match piece {
            Piece::Said(lines) => (": ", lines),
            Piece::Edited { lines, .. } => ("~ ", lines),
        };
        for (index, line) in lines.iter().enumerate() {
            out.push_str("    ");
            out.push_str(if index == 0 || mark == "~ " {
                mark
            } else {
                "  "
            });
            out.push_str(line);
            out.push('\n');
        }
    }
    if out.is_empty() {
        out.push_str("    nothing\n");
    }
    out
}
