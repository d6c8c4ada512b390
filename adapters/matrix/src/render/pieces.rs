//! A message that does not fit into one event, cut into several. Pure.

use underrose_chat::{Block, Inline, Message};

use super::shown;

/// Most bytes of one event's content before it is encrypted. A homeserver takes 65,536 of the
/// whole event; encryption makes four bytes of three.
pub const CONTENT_BYTES_MAX: usize = 40_000;

/// Text of one block in one event. HTML may make five bytes of one and stands beside the body.
const BLOCK_BYTES_MAX: usize = 6_000;

/// A message that is too long for one event, as several that are not, in order. Choices come last.
pub fn pieces(message: &Message) -> Vec<Message> {
    if fits(message) {
        return vec![message.clone()];
    }
    let mut pieces: Vec<Message> = Vec::new();
    for block in message.blocks.iter().flat_map(cut) {
        if let Some(last) = pieces.last_mut() {
            last.blocks.push(block.clone());
            if fits(last) {
                continue;
            }
            last.blocks.pop();
        }
        pieces.push(Message {
            blocks: vec![block],
        });
    }
    pieces
}

fn fits(message: &Message) -> bool {
    serde_json::to_vec(&shown(message)).map_or(0, |bytes| bytes.len()) <= CONTENT_BYTES_MAX
}

/// A long block as shorter ones, each line of a list or a field by itself.
fn cut(block: &Block) -> Vec<Block> {
    let long = |text: &str| text.len() > BLOCK_BYTES_MAX;
    match block {
        Block::Code { text } if long(text) => split(text)
            .into_iter()
            .map(|text| Block::Code { text })
            .collect(),
        Block::Paragraph { parts } => {
            let total: usize = parts.iter().map(|part| part.words().len()).sum();
            if total <= BLOCK_BYTES_MAX {
                return vec![block.clone()];
            }
            let text: String = parts.iter().map(Inline::words).collect();
            split(&text)
                .into_iter()
                .map(|text| Block::Paragraph {
                    parts: vec![Inline::Text { text }],
                })
                .collect()
        }
        Block::List { items } => items
            .iter()
            .flat_map(|item| {
                let text: String = item.iter().map(Inline::words).collect();
                if long(&text) {
                    return cut(&Block::Paragraph {
                        parts: item.clone(),
                    });
                }
                vec![Block::List {
                    items: vec![item.clone()],
                }]
            })
            .collect(),
        Block::Fields { fields } => fields
            .iter()
            .flat_map(|(name, value)| {
                split(value).into_iter().map(|value| Block::Fields {
                    fields: vec![(name.clone(), value)],
                })
            })
            .collect(),
        Block::Heading { .. } | Block::Code { .. } | Block::Choices { .. } => vec![block.clone()],
    }
}

/// At the last line's end that fits, else in the middle of a line.
fn split(text: &str) -> Vec<String> {
    let mut rest = text;
    let mut out = Vec::new();
    while rest.len() > BLOCK_BYTES_MAX {
        let mut end = BLOCK_BYTES_MAX;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (head, _) = rest.split_at(end);
        let end = head.rfind('\n').map_or(end, |line| line + 1);
        let (head, tail) = rest.split_at(end);
        out.push(head.trim_end_matches('\n').to_owned());
        rest = tail;
    }
    out.push(rest.to_owned());
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use underrose_chat::{Choice, Weight};

    use super::super::{Relation, content};
    use super::*;

    #[test]
    fn a_long_message_is_several_and_loses_nothing() {
        let line = "0123456789 & <b>\n".repeat(4_000);
        let message = Message {
            blocks: vec![
                Block::Paragraph {
                    parts: vec![Inline::Text { text: line.clone() }],
                },
                Block::Code { text: line.clone() },
                Block::Choices {
                    choices: vec![Choice {
                        label: "Go".into(),
                        command: "vuln go".into(),
                        weight: Weight::Casual,
                        confirm: None,
                    }],
                },
            ],
        };
        let pieces = pieces(&message);
        assert!(pieces.len() > 3);
        assert!(pieces.iter().all(fits));
        assert_eq!(pieces.last().unwrap().choices().count(), 1);
        let count: usize = pieces
            .iter()
            .map(|piece| content(piece, "", &Relation::None)["body"].to_string())
            .map(|body| body.matches("0123456789").count())
            .sum();
        assert_eq!(count, 8_000);
    }

    #[test]
    fn blocks_do_not_run_together_where_a_client_takes_the_tags_off() {
        let text = |text: &str| Inline::Text { text: text.into() };
        let message = Message {
            blocks: vec![
                Block::Heading { text: "a".into() },
                Block::Paragraph {
                    parts: vec![text("b")],
                },
            ],
        };
        let made = content(&message, "", &Relation::None);
        assert_eq!(made["formatted_body"], "<h4>a</h4>\n<p>b</p>");
    }
}
