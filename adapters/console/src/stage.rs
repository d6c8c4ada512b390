//! What the lines play on: a universe in memory, what has been printed of it, who has which form
//! open. Synchronous and deterministic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use underrose_chat::sim::World;
use underrose_chat::{
    Action, Choice, DeliverError, DeliveryKey, EventId, Form, Happening, Immediate, Inbound,
    Message, MessageId, Network, Place, Receipt, RoomId, Surface, Target, UserId,
};

use crate::line::Line;
use crate::render;

/// The console's own network.
pub const CONSOLE: &str = "console";

/// One terminal's chat.
pub struct Stage(Mutex<Inner>);

struct Inner {
    world: World,
    surface: Surface,
    output: Vec<String>,
    /// What was answered to one person alone, newest last: its buttons can be pressed too.
    answers: Vec<(UserId, Place, Message)>,
    forms: BTreeMap<UserId, (Place, Form)>,
    shown: BTreeMap<MessageId, Vec<String>>,
    events: u64,
    prefix: String,
}

/// Answers kept for their buttons.
const ANSWERS_MAX: usize = 200;

impl Stage {
    /// `prefix` tells this process's events from those of another on the same store.
    pub fn new(prefix: &str) -> Self {
        Self(Mutex::new(Inner {
            world: World::lenient(),
            surface: Surface::Stepwise,
            output: Vec::new(),
            answers: Vec::new(),
            forms: BTreeMap::new(),
            shown: BTreeMap::new(),
            events: 0,
            prefix: prefix.to_owned(),
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been said since, each line indented by four.
    pub fn take_output(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().output)
    }

    pub fn set_surface(&self, surface: Surface) {
        self.inner().surface = surface;
    }

    /// Names of the rooms that exist.
    pub fn rooms(&self) -> Vec<String> {
        self.inner().world.rooms.keys().map(room_name).collect()
    }

    /// Lets a test look at, or break, the universe.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.inner().world)
    }

    /// What a line makes happen.
    ///
    /// # Errors
    /// If there is no such button or form where the person is.
    pub fn act(&self, line: &Line, at: DateTime<Utc>) -> Result<Option<Inbound>, String> {
        self.inner().act(line, at)
    }

    /// Shows what was answered at once.
    pub fn answered(&self, inbound: &Inbound, immediate: &Immediate) {
        self.inner().answered(inbound, immediate);
    }

    /// Carries out an action and prints it.
    ///
    /// # Errors
    /// As the universe says.
    pub fn deliver(
        &self,
        network: &Network,
        key: &DeliveryKey,
        action: &Action,
        at: DateTime<Utc>,
    ) -> Result<Receipt, DeliverError> {
        let mut inner = self.inner();
        let outcome = inner.world.deliver(network, key, action, at);
        // What happened is shown, also where the answer was lost; said again under the same key it
        // is there already. The log is for tests of the universe: a console runs for months.
        if let Some(effect) = std::mem::take(&mut inner.world.log).pop() {
            inner.print(action, &effect.receipt);
        }
        outcome
    }

    pub fn find(&self, network: &Network, key: &DeliveryKey) -> Option<Receipt> {
        self.inner().world.find(network, key)
    }
}

impl Inner {
    fn act(&mut self, line: &Line, at: DateTime<Utc>) -> Result<Option<Inbound>, String> {
        let surface = self.surface;
        let (network, what) = match line {
            Line::Says {
                who,
                room,
                text,
                edited,
            } => {
                let by = user(who);
                let place = place(room.as_deref(), &by);
                let stripped = text.strip_prefix("@underrose ").unwrap_or(text);
                let first = stripped.split_whitespace().next().unwrap_or_default();
                let addressed = stripped.len() < text.len() || matches!(first, "vuln" | "oncall");
                let text = stripped.to_owned();
                let what = Happening::Text {
                    by: by.clone(),
                    place,
                    text,
                    addressed,
                    edited: *edited,
                    surface,
                    thread: None,
                };
                (by.network, what)
            }
            Line::Presses { who, room, label } => {
                let by = user(who);
                let (place, message, command) = self.button(&by, room.as_deref(), label)?;
                (
                    by.network.clone(),
                    Happening::Pressed {
                        by,
                        place,
                        message,
                        command,
                        surface,
                    },
                )
            }
            Line::Fills { who, room, values } => {
                let by = user(who);
                match self.forms.get(&by).cloned() {
                    Some((place, form)) => {
                        let values = filled(&form, values);
                        (
                            by.network.clone(),
                            Happening::FormSubmitted {
                                by,
                                place,
                                form: form.id,
                                values,
                            },
                        )
                    }
                    None => {
                        // Where the bot last asked this person something.
                        let asked = self.answers.iter().rev().find(|(to, ..)| *to == by);
                        let place = match (room, asked) {
                            (None, Some((_, place, _))) => place.clone(),
                            (room, _) => place(room.as_deref(), &by),
                        };
                        let form = String::new();
                        (
                            by.network.clone(),
                            Happening::FormSubmitted {
                                by,
                                place,
                                form,
                                values: values.clone(),
                            },
                        )
                    }
                }
            }
            Line::Changes { who, values } => {
                let by = user(who);
                let (place, form) = self
                    .forms
                    .get(&by)
                    .cloned()
                    .ok_or("no form is open there")?;
                let values = filled(&form, values);
                (
                    by.network.clone(),
                    Happening::FormChanged {
                        by,
                        place,
                        form: form.id,
                        values,
                    },
                )
            }
            Line::Cancels { who } => {
                let by = user(who);
                let (place, form) = self.forms.remove(&by).ok_or("no form is open there")?;
                (
                    by.network.clone(),
                    Happening::FormCancelled {
                        by,
                        place,
                        form: form.id,
                    },
                )
            }
            Line::Joins {
                who,
                room,
                invited_by,
            } => {
                let who = user(who);
                let room = room_id(room, &who.network);
                if let Some(known) = self.world.rooms.get_mut(&room) {
                    known.members.insert(who.clone());
                }
                let invited_by = invited_by.as_deref().map(user);
                (
                    who.network.clone(),
                    Happening::Joined {
                        room,
                        who,
                        invited_by,
                    },
                )
            }
            Line::Leaves { who, room } => {
                let who = user(who);
                let room = room_id(room, &who.network);
                if let Some(known) = self.world.rooms.get_mut(&room) {
                    known.members.remove(&who);
                }
                (who.network.clone(), Happening::Left { room, who })
            }
            Line::Opens { who } => {
                let by = user(who);
                (by.network.clone(), Happening::Home { by })
            }
            Line::Sends { who, room, why } => {
                let (by, why) = (user(who), *why);
                let place = place(room.as_deref(), &by);
                (by.network.clone(), Happening::Distrusted { by, place, why })
            }
            Line::Moved { from, to } => {
                let [from, to] = [from, to].map(|id| room_id(id, &Network(CONSOLE.to_owned())));
                let old = self.world.rooms.get(&from).cloned().unwrap_or_default();
                self.world.add_room(to.clone(), old.public, []);
                (from.network.clone(), Happening::Moved { from, to })
            }
            Line::Exposed { room, why } => {
                let room = room_id(room, &Network(CONSOLE.to_owned()));
                let why = why.clone();
                (room.network.clone(), Happening::Exposed { room, why })
            }
            Line::Members { room } => {
                let room = room_id(room, &Network(CONSOLE.to_owned()));
                let members = self.world.rooms.get(&room).map(|room| room.members.clone());
                let who = members.unwrap_or_default().into_iter().collect();
                (room.network.clone(), Happening::Members { room, who })
            }
            Line::Blank
            | Line::Comment(_)
            | Line::Expected(_)
            | Line::Advance(_)
            | Line::Directive { .. } => return Ok(None),
        };
        self.events += 1;
        let id = EventId(format!("{}{}", self.prefix, self.events));
        Ok(Some(Inbound {
            network,
            id,
            at: Some(at),
            cursor: None,
            what,
        }))
    }

    /// The newest button of that label where the person is.
    fn button(
        &self,
        by: &UserId,
        room: Option<&str>,
        label: &str,
    ) -> Result<(Place, MessageId, String), String> {
        let wanted = room.map(|room| room_id(room, &by.network));
        let fits = |choice: &&Choice| choice.label.eq_ignore_ascii_case(label);
        let answers = self.answers.iter().rev().filter(|(to, place, _)| {
            to == by
                && wanted
                    .as_ref()
                    .is_none_or(|wanted| matches!(place, Place::Room { room } if room == wanted))
        });
        for (_, place, message) in answers {
            if let Some(choice) = message.choices().find(fits) {
                return Ok((
                    place.clone(),
                    MessageId("answer".to_owned()),
                    choice.command.clone(),
                ));
            }
        }
        for said in self.world.said.iter().rev() {
            let place = match &said.at.to {
                Target::Direct { user } if user == by && wanted.is_none() => Place::Direct,
                Target::Room { room, .. } => {
                    let here = match &wanted {
                        Some(wanted) => wanted == room,
                        None => self
                            .world
                            .rooms
                            .get(room)
                            .is_some_and(|room| room.members.contains(by)),
                    };
                    if !here {
                        continue;
                    }
                    Place::Room { room: room.clone() }
                }
                Target::Direct { .. } => continue,
            };
            if let Some(choice) = said.message.choices().find(fits) {
                return Ok((place, said.at.message.clone(), choice.command.clone()));
            }
        }
        Err(format!("there is no button [{label}] where {} is", by.id))
    }

    fn answered(&mut self, inbound: &Inbound, immediate: &Immediate) {
        let (Some(by), Some(place)) = (inbound.what.by(), inbound.what.place()) else {
            return;
        };
        let head = format!("({})", user_name(by));
        match immediate {
            Immediate::Nothing => {
                if matches!(inbound.what, Happening::FormSubmitted { .. }) {
                    self.forms.remove(by);
                }
            }
            Immediate::Say { message } | Immediate::Step { message, .. } => {
                self.forms.remove(by);
                self.answers
                    .push((by.clone(), place.clone(), message.clone()));
                if self.answers.len() > ANSWERS_MAX {
                    self.answers.remove(0);
                }
                self.say(&head, &render::lines(message));
            }
            Immediate::Form { form } => {
                self.say(&head, &render::form(form));
                self.forms.insert(by.clone(), (place.clone(), form.clone()));
            }
            Immediate::Errors { errors } => {
                let lines: Vec<String> = errors
                    .iter()
                    .map(|(field, what)| render::escaped(&format!("! {field}: {what}")))
                    .collect();
                self.say(&head, &lines);
            }
        }
    }

    fn print(&mut self, action: &Action, receipt: &Receipt) {
        match action {
            Action::OpenRoom { invite, topic, .. } => {
                if let Receipt::Room { room } = receipt {
                    let names: Vec<String> = invite.iter().map(|user| user.id.clone()).collect();
                    self.note(&format!(
                        "{} + {} (private, topic: {topic})",
                        room_name(room),
                        names.join(", ")
                    ));
                }
            }
            Action::Invite { room, who } => self.note(&format!("{} + {}", room_name(room), who.id)),
            Action::Remove { room, who } => self.note(&format!("{} - {}", room_name(room), who.id)),
            Action::SetTopic { room, topic } => {
                self.note(&format!("{} topic: {topic}", room_name(room)))
            }
            Action::Archive { room } => self.note(&format!("{} archived", room_name(room))),
            Action::Post { to, message, .. } => {
                let shown = render::lines(message);
                if let Receipt::Posted { at } = receipt {
                    self.shown.insert(at.message.clone(), shown.clone());
                }
                self.say(&format!("{}:", target_name(to)), &shown);
            }
            Action::Edit { at, message, .. } => {
                let now = render::lines(message);
                let before = self
                    .shown
                    .insert(at.message.clone(), now.clone())
                    .unwrap_or_default();
                let old: BTreeSet<&String> = before.iter().collect();
                for line in now.iter().filter(|line| !old.contains(line)) {
                    self.note(&format!("{} ~ {line}", target_name(&at.to)));
                }
            }
            Action::Pin { .. } => {}
            Action::SetOnCall { group, who } => {
                let names: Vec<&str> = who.iter().map(|user| user.id.as_str()).collect();
                self.note(&format!("group {group}: {}", names.join(", ")));
            }
        }
    }

    fn say(&mut self, head: &str, lines: &[String]) {
        for (index, line) in lines.iter().enumerate() {
            let line = if index == 0 {
                format!("    {head} {line}")
            } else {
                format!("      {line}")
            };
            self.output.push(line.trim_end().to_owned());
        }
    }

    fn note(&mut self, line: &str) {
        self.output.push(format!("    {}", render::escaped(line)));
    }
}

fn filled(form: &Form, values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let present = form.fields.iter().filter_map(|field| {
        field
            .value
            .as_ref()
            .map(|value| (field.name.clone(), value.clone()))
    });
    let mut all: BTreeMap<String, String> = present.collect();
    all.extend(values.clone());
    all
}

/// `bob`, `bob@network`
fn user(name: &str) -> UserId {
    let (id, network) = name.split_once('@').unwrap_or((name, CONSOLE));
    UserId {
        network: Network(network.to_owned()),
        id: id.to_owned(),
    }
}

fn room_id(name: &str, network: &Network) -> RoomId {
    match name.split_once('@') {
        Some((id, network)) => RoomId {
            network: Network(network.to_owned()),
            id: id.to_owned(),
        },
        None => RoomId {
            network: network.clone(),
            id: name.to_owned(),
        },
    }
}

fn place(room: Option<&str>, by: &UserId) -> Place {
    room.map_or(Place::Direct, |room| Place::Room {
        room: room_id(room, &by.network),
    })
}

fn suffix(network: &Network) -> String {
    if network.0 == CONSOLE {
        String::new()
    } else {
        format!("@{network}")
    }
}

fn room_name(room: &RoomId) -> String {
    format!("#{}{}", room.id, suffix(&room.network))
}

fn user_name(user: &UserId) -> String {
    format!("{}{}", user.id, suffix(&user.network))
}

fn target_name(target: &Target) -> String {
    match target {
        Target::Room { room, .. } => room_name(room),
        Target::Direct { user } => format!("@{}", user_name(user)),
    }
}
