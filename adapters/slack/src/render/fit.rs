//! Keeps a message within the number of blocks that Slack takes, by drawing it together step by
//! step. Nothing is left out at any step.

use serde_json::{Value, json};

use super::rich;
use crate::limits::TEXT_MAX;

/// How far a message is drawn together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// A block of the message is a block of Slack's.
    Roomy,
    /// Neighbouring texts share a block.
    Joined,
    /// Headings and fields are text too.
    Plain,
    /// Buttons are commands to type.
    Typed,
    /// One text of any size.
    Whole,
}

const LEVELS: [Level; 5] = [
    Level::Roomy,
    Level::Joined,
    Level::Plain,
    Level::Typed,
    Level::Whole,
];

pub enum Piece {
    Block(Value),
    Rich { elements: Vec<Value>, size: usize },
}

/// The first level at which it fits.
pub fn into(max: usize, mut pieces: impl FnMut(Level) -> Vec<Piece>) -> Vec<Value> {
    let mut blocks = Vec::new();
    for level in LEVELS {
        blocks = laid_out(pieces(level), level);
        if blocks.len() <= max {
            break;
        }
    }
    blocks
}

fn laid_out(pieces: Vec<Piece>, level: Level) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut open: Vec<Value> = Vec::new();
    let mut used = 0;
    let room = if level == Level::Whole {
        usize::MAX
    } else {
        TEXT_MAX
    };
    for piece in pieces {
        match piece {
            Piece::Block(block) => {
                close(&mut open, &mut blocks);
                used = 0;
                blocks.push(block);
            }
            Piece::Rich { elements, size } => {
                if level == Level::Roomy || used + size > room {
                    close(&mut open, &mut blocks);
                    used = 0;
                }
                if !open.is_empty() {
                    // Sections that follow each other have no space between them.
                    open.push(json!({
                        "type": "rich_text_section",
                        "elements": [{"type": "text", "text": "\n"}],
                    }));
                    used += 1;
                }
                open.extend(elements);
                used += size;
            }
        }
    }
    close(&mut open, &mut blocks);
    blocks
}

fn close(open: &mut Vec<Value>, blocks: &mut Vec<Value>) {
    if !open.is_empty() {
        blocks.push(rich::block(std::mem::take(open)));
    }
}
