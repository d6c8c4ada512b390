//! A line of a transcript, done by its person.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use underrose::domain::calendar::parse_span;
use underrose_chat::{RoomId, Surface};
use underrose_console::Line;

use super::Player;
use crate::compare::{self, Piece};
use crate::network::{Cannot, Network, Spot};
use crate::script::Step;

/// Questions of a report, in order: where no form is open, `fills` answers them one by one.
const REPORT: [&str; 4] = ["title", "text", "plans", "credit"];

impl<N: Network> Player<N> {
    pub(super) async fn act(&mut self, step: &Step) -> Result<(), Cannot> {
        match &step.line {
            Line::Blank | Line::Comment(_) | Line::Expected(_) => {}
            Line::Advance(span) => self.advance(span).await,
            Line::Says {
                who,
                room,
                text,
                edited: false,
            } => {
                let room = self.room_or_alone(room.as_ref()).await?;
                self.say(who, room, text).await?;
            }
            Line::Presses { who, room, label } => {
                let room = self.room_or_alone(room.as_ref()).await?;
                self.network.press(who, room.as_ref(), label).await?;
            }
            Line::Fills { who, room, values } => {
                let room = self.room_or_alone(room.as_ref()).await?;
                if self.network.has_form(who) {
                    for (field, value) in values {
                        self.network.fill(who, field, value).await?;
                        self.rest().await;
                    }
                    self.network.submit(who).await?;
                } else {
                    self.answer_each(who, room, values.clone()).await?;
                }
            }
            Line::Changes { who, values } => {
                for (field, value) in values {
                    self.network.fill(who, field, value).await?;
                    self.rest().await;
                }
            }
            Line::Cancels { who } => self.network.cancel(who).await?,
            Line::Opens { who } => self.network.open_home(who).await?,
            Line::Joins {
                who,
                room,
                invited_by,
            } => {
                let room = self.room(room).await?;
                self.network
                    .let_in(who, &room, invited_by.as_deref())
                    .await?;
                self.inside.entry(room).or_default().insert(who.clone());
            }
            Line::Directive { word, rest } => self.directive(word, rest).await?,
            Line::Says {
                who,
                room,
                text,
                edited: true,
            } => {
                let room = self.room_or_alone(room.as_ref()).await?;
                let text = self.network.types(&self.words.typed(text));
                self.network.edit(who, room.as_ref(), &text).await?;
            }
            Line::Leaves { .. }
            | Line::Sends { .. }
            | Line::Moved { .. }
            | Line::Exposed { .. }
            | Line::Members { .. } => {
                return Err(Cannot("nobody does that here".to_owned()));
            }
        }
        Ok(())
    }

    async fn say(&mut self, who: &str, room: Option<RoomId>, text: &str) -> Result<(), Cannot> {
        let text = self.network.types(&self.words.typed(text));
        self.network
            .say(who, room.as_ref(), &text, self.surface)
            .await?;
        self.spoke_in.insert(who.to_owned(), room);
        Ok(())
    }

    /// Answers the bot's questions one after the other, whatever their order.
    async fn answer_each(
        &mut self,
        who: &str,
        room: Option<RoomId>,
        mut values: BTreeMap<String, String>,
    ) -> Result<(), Cannot> {
        let room = room.or_else(|| self.spoke_in.get(who).cloned().flatten());
        let mut answered = 0;
        while !values.is_empty() {
            let heard = self.network.heard(who, Spot::Alone, answered).await;
            answered = heard.len() + 1;
            let pieces = compare::of_network(&heard, &self.words);
            let Some(Piece::Said(question)) = pieces.last() else {
                return Err(Cannot("nothing was asked".to_owned()));
            };
            let asked = values
                .keys()
                .find(|field| asks_for(question, field))
                .cloned();
            let asked = asked.ok_or_else(|| Cannot(format!("asked {question:?}")))?;
            let value = values.remove(&asked).unwrap_or_default();
            self.say(who, room.clone(), &value).await?;
            self.rest().await;
        }
        self.network.heard(who, Spot::Alone, answered).await;
        Ok(())
    }

    async fn directive(&mut self, word: &str, rest: &str) -> Result<(), Cannot> {
        let span = |text: &str| parse_span(text).unwrap();
        let name = self.network.name().to_owned();
        match (word, rest.split_at_checked(1)) {
            // It is in the configuration that the bot was started with.
            ("config", _) => {}
            ("surface", _) => {
                self.surface = match rest {
                    "modal" => Surface::Modal,
                    _ => Surface::Stepwise,
                }
            }
            ("restart", _) => self.restart(TimeDelta::zero()).await,
            ("down", Some(("+", rest))) => self.restart(span(rest)).await,
            ("clock", Some((sign @ ("+" | "-"), rest))) => {
                let by = if sign == "-" { -span(rest) } else { span(rest) };
                self.bot.jump(by).await;
                // Real networks say the time of themselves, now and then.
                self.bot.witness(&name).await;
            }
            ("network", _) => self.bot.set_down(&name, rest.ends_with(" down")).await,
            ("lost", _) => {
                let (_, reason) = rest.split_once(' ').unwrap();
                self.bot.lose(&name, reason).await;
            }
            ("reject" | "accept", Some(("#", room))) => {
                let room = self.room(room).await?;
                self.network.set_refusing(&room, word == "reject").await;
            }
            ("retry", _) => self.bot.lose_answers(rest.parse().unwrap()).await,
            _ => return Err(Cannot(format!("`{word}` is the console's own"))),
        }
        Ok(())
    }

    async fn restart(&mut self, down: TimeDelta) {
        self.bot.restart(down).await;
        self.network.reconnect(&mut self.bot).await;
    }

    async fn advance(&mut self, span: &str) {
        let end = (self.bot.now())() + parse_span(span).unwrap();
        while self.bot.advance_towards(end).await < end {
            self.rest().await;
        }
    }
}

/// Whether this question asks for that field: a metric is named as `(AV)`, a report counts.
fn asks_for(question: &[String], field: &str) -> bool {
    let metric = format!("({field})");
    let counted = REPORT.iter().position(|known| *known == field);
    let counted = counted.map(|index| format!("{}/{} ", index + 1, REPORT.len()));
    question.iter().any(|line| {
        line.contains(&metric)
            || counted
                .as_ref()
                .is_some_and(|counted| line.starts_with(counted))
    })
}
