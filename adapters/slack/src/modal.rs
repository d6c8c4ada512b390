//! A [`Form`] as a modal, what a person put into it as values, and the other views: a message as
//! the last page of a modal, and App Home. Pure.
//!
//! Every field is an `input` block, since only those can show an error beside the field. A menu
//! whose options changed gets a new block id: under the old one Slack would keep the choice that
//! was made among the old options. A text that may be longer than one input takes has more inputs
//! below it, and all are joined again when they are read.

mod read;
mod text;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use underrose_chat::{Field, FieldKind, Form, Message, Network, Opt, Place, RoomId};

use crate::limits::{
    ID_MAX, INPUT_MAX, LABEL_MAX, OPTION_TEXT_MAX, OPTION_VALUE_MAX, OPTIONS_MAX,
    PRIVATE_METADATA_MAX, VIEW_BLOCKS_MAX, VIEW_TITLE_MAX,
};
use crate::render;
use crate::render::text::{clip, length};
use crate::words;

pub use read::{errors, values};

/// Follows a field's name in the action id of its further inputs; their number follows.
const CONTINUED: char = '#';
const CONTINUED_MAX: usize = 3;

/// What a view of ours carries in `private_metadata`, so that nothing of it must be remembered.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Carried {
    /// [`Form::id`]; empty for a view without a form.
    pub form: String,
    /// The channel where the form was asked for; `None` for a direct conversation.
    pub room: Option<String>,
}

impl Carried {
    pub fn new(form: &str, place: &Place) -> Self {
        let room = match place {
            Place::Room { room } => Some(room.id.clone()),
            Place::Direct => None,
        };
        let form = form.to_owned();
        Self { form, room }
    }

    pub fn place(&self, network: &Network) -> Place {
        match &self.room {
            Some(id) => Place::Room {
                room: RoomId {
                    network: network.clone(),
                    id: id.clone(),
                },
            },
            None => Place::Direct,
        }
    }

    /// Reads it back; a view that is not ours carries nothing.
    pub fn read(metadata: &str) -> Self {
        serde_json::from_str(metadata).unwrap_or_default()
    }

    fn written(&self) -> Value {
        Value::String(serde_json::to_string(self).unwrap_or_default())
    }
}

/// The form as a modal.
///
/// # Errors
/// What of it Slack cannot show; the caller then says so.
pub fn view(form: &Form, place: &Place, network: &Network) -> Result<Value, String> {
    let carried = Carried::new(&form.id, place).written();
    if carried
        .as_str()
        .is_none_or(|text| length(text) > PRIVATE_METADATA_MAX)
    {
        return Err("the form's id is too long".to_owned());
    }
    let mut inputs = Vec::new();
    for (index, field) in form.fields.iter().enumerate() {
        inputs.extend(input(index, field)?);
        if let Some(error) = form.errors.get(&field.name) {
            inputs.extend(render::note(&format!("⚠ {error}")));
        }
    }
    let left = VIEW_BLOCKS_MAX.checked_sub(inputs.len());
    let left = left.ok_or("the form has too many fields")?;
    let mut body = Vec::new();
    if length(&form.title) > VIEW_TITLE_MAX {
        body.extend(render::note(&form.title));
    }
    body.extend(render::blocks(
        &form.body,
        network,
        left.saturating_sub(body.len()),
    ));
    if body.len() > left {
        return Err("the form's text is too long".to_owned());
    }
    body.extend(inputs);
    let mut view = json!({
        "type": "modal",
        "callback_id": "form",
        "private_metadata": carried,
        "title": title(&form.title),
        "close": title(words::CANCEL),
        "notify_on_close": true,
        "blocks": body,
    });
    // Slack refuses a submit button without an input, and an input without a submit button.
    if !form.fields.is_empty()
        && let Some(map) = view.as_object_mut()
    {
        map.insert("submit".to_owned(), title(&form.submit));
    }
    Ok(view)
}

/// A message as a modal without fields: what was answered to a form that was sent.
pub fn answer(message: &Message, place: &Place, network: &Network) -> Value {
    let mut blocks = render::blocks(message, network, VIEW_BLOCKS_MAX);
    if blocks.is_empty() {
        blocks = render::note(words::DONE);
    }
    json!({
        "type": "modal",
        "callback_id": "answer",
        "private_metadata": Carried::new("", place).written(),
        "title": title(words::APP),
        "close": title(words::CLOSE),
        "blocks": blocks,
    })
}

/// App Home.
pub fn home(message: &Message, network: &Network) -> Value {
    let mut blocks = render::blocks(message, network, VIEW_BLOCKS_MAX);
    if blocks.is_empty() {
        blocks = render::note(words::DONE);
    }
    json!({"type": "home", "callback_id": "home", "blocks": blocks})
}

fn title(text: &str) -> Value {
    let text = if text.trim().is_empty() {
        words::APP
    } else {
        text
    };
    plain(&clip(text, VIEW_TITLE_MAX))
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

fn input(index: usize, field: &Field) -> Result<Vec<Value>, String> {
    if field.name.is_empty() || length(&field.name) + CONTINUED_MAX > ID_MAX {
        return Err("a field's name does not fit into an id".to_owned());
    }
    match &field.kind {
        FieldKind::Line { bytes_max } => {
            let value = field.value.as_deref();
            if value.is_some_and(|value| length(value) > INPUT_MAX) {
                return Err("a field's text is too long for a line".to_owned());
            }
            let element = text::element(field, value, *bytes_max, text::Lines::One);
            Ok(vec![block(index, field, element, String::new())])
        }
        FieldKind::Paragraphs { bytes_max } => text::paragraphs(index, field, *bytes_max),
        FieldKind::Select { options } => {
            let element = menu(field, options)?;
            let id = discriminator(options);
            Ok(vec![block(index, field, element, id)])
        }
    }
}

fn menu(field: &Field, options: &[Opt]) -> Result<Value, String> {
    if options.is_empty() {
        return Err("a menu without options".to_owned());
    }
    let mut shown = Vec::with_capacity(options.len());
    for option in options {
        if option.value.is_empty() || length(&option.value) > OPTION_VALUE_MAX {
            return Err("an option's value does not fit".to_owned());
        }
        let label = if option.label.trim().is_empty() {
            &option.value
        } else {
            &option.label
        };
        let text = plain(&clip(label, OPTION_TEXT_MAX));
        shown.push(json!({"text": text, "value": option.value}));
    }
    let chosen = options
        .iter()
        .position(|option| Some(&option.value) == field.value.as_ref());
    let chosen = chosen.and_then(|at| shown.get(at).cloned());
    let mut element = json!({"type": "static_select", "action_id": field.name});
    let Some(map) = element.as_object_mut() else {
        return Ok(element);
    };
    if shown.len() <= OPTIONS_MAX {
        map.insert("options".to_owned(), json!(shown));
    } else if shown.len() <= OPTIONS_MAX * OPTIONS_MAX {
        let groups: Vec<Value> = shown
            .chunks(OPTIONS_MAX)
            .zip(1..)
            .map(|(part, number)| json!({"label": plain(&format!("{number}")), "options": part}))
            .collect();
        map.insert("option_groups".to_owned(), json!(groups));
    } else {
        return Err("a menu has too many options".to_owned());
    }
    if let Some(chosen) = chosen {
        map.insert("initial_option".to_owned(), chosen);
    }
    Ok(element)
}

fn block(index: usize, field: &Field, element: Value, discriminator: String) -> Value {
    let label = if field.label.trim().is_empty() {
        &field.name
    } else {
        &field.label
    };
    let mut block = json!({
        "type": "input",
        "block_id": format!("field-{index}-{discriminator}"),
        "label": plain(&clip(label, LABEL_MAX)),
        "element": element,
        "optional": !field.required,
        "dispatch_action": field.live,
    });
    if !field.hint.is_empty()
        && let Some(map) = block.as_object_mut()
    {
        map.insert("hint".to_owned(), plain(&clip(&field.hint, LABEL_MAX)));
    }
    block
}

/// Names a set of options: FNV-1a over their values, since it must be the same in every process.
fn discriminator(options: &[Opt]) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let bytes = options
        .iter()
        .flat_map(|option| option.value.bytes().chain([0]));
    let hash = bytes.fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    format!("{hash:016x}")
}
