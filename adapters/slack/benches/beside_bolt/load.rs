//! People who give the next command when the last one is acknowledged.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::task::JoinSet;
use underrose_slack_emulator::Delivery;

use crate::committee::{CASES, Ground, Stage, title};

/// What is given.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Work {
    /// A slash command in a direct message, answered in its acknowledgement: `/vuln list`.
    Command,
    /// A button whose message is out of date: it is refused, and that is written down and said by
    /// one call of the `response_url`.
    Press,
}

impl Work {
    pub const ALL: [Self; 2] = [Self::Command, Self::Press];

    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "command, answered with the acknowledgement",
            Self::Press => "button, answered by one call",
        }
    }
}

/// How it went.
pub struct Given {
    /// From the envelope to its acknowledgement, sorted.
    pub took: Vec<Duration>,
    pub whole: Duration,
    /// Of the emulator and the people.
    pub spent_here: Duration,
}

pub async fn give(
    ground: &Ground,
    stage: &Stage,
    work: Work,
    (people, events): (usize, usize),
) -> anyhow::Result<Given> {
    let each = events / people;
    let answered = ground.answers();
    let spent = crate::app::processor_time(std::process::id())?;
    let began = Instant::now();
    let mut acting = JoinSet::new();
    for person in ground.people.iter().take(people) {
        let (actor, stage) = (ground.emulator.actor(person), stage.clone());
        let direct = actor.direct();
        acting.spawn(async move {
            let mut took = Vec::with_capacity(each);
            let last = title(CASES);
            for _ in 0..each {
                let delivery = match work {
                    Work::Command => actor.slash(&direct, "/vuln", "list").await,
                    Work::Press => {
                        actor
                            .press(&stage.room, &stage.message, &stage.button)
                            .await
                    }
                };
                let delivery = delivery?;
                ensure!(delivery.attempts == 1, "sent again: {delivery:?}");
                took.push(acknowledged(work, &delivery, &last)?);
            }
            anyhow::Ok(took)
        });
    }
    let mut took = Vec::with_capacity(events);
    while let Some(done) = acting.join_next().await {
        took.extend(done??);
    }
    let whole = began.elapsed();
    let spent_here = crate::app::processor_time(std::process::id())? - spent;
    if stage.answers && work == Work::Press {
        ground.until_answered(answered + each * people).await;
    }
    took.sort();
    Ok(Given {
        took,
        whole,
        spent_here,
    })
}

/// How long the acknowledgement took; a command's holds the answer, with the last case in it.
fn acknowledged(work: Work, delivery: &Delivery, last: &str) -> anyhow::Result<Duration> {
    let answer = delivery.answer.as_ref();
    let answer = answer.map_err(|why| anyhow::anyhow!("not acknowledged: {why}"))?;
    match work {
        Work::Command => {
            let answer = answer.as_ref().context("no answer")?;
            ensure!(says(answer, last), "no list of cases: {answer}");
        }
        Work::Press => {}
    }
    Ok(delivery.took)
}

fn says(answer: &Value, words: &str) -> bool {
    match answer {
        Value::String(text) => text.contains(words),
        Value::Array(items) => items.iter().any(|item| says(item, words)),
        Value::Object(keys) => keys.values().any(|value| says(value, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
