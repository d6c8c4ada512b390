//! The engine's own thread: drains what waits, steps once, answers everybody.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};
use underrose_chat::{Accept, Immediate, Inbound, InboxClosed};

use super::{BATCH_MAX, Engine, EngineError, Input, Row};
use crate::clock::Clock;

/// Inputs that may wait: four batches. More waits at the networks, which is what
/// back-pressure is.
const WAITING_MAX: usize = 4 * BATCH_MAX;

/// Longest sleep between two looks at the clocks: a jump is noticed within this time.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Something done to the store by its owner, from the control socket.
pub type Control = Box<dyn FnOnce(&mut Engine) + Send>;

enum Letter {
    Input(Box<Input>, Option<oneshot::Sender<Immediate>>),
    Cursor(String, oneshot::Sender<Option<String>>),
    Control(Control),
    Stop,
}

/// The way to the engine; cheap to clone.
#[derive(Clone)]
pub struct Handle {
    letters: SyncSender<Letter>,
}

impl Handle {
    /// Hands an input over and does not wait. From the outbox.
    pub async fn send(&self, input: Input) {
        let _ = self.post(Letter::Input(Box::new(input), None)).await;
    }

    /// Runs something with the engine between two batches.
    pub async fn control(&self, control: Control) -> Result<(), InboxClosed> {
        self.post(Letter::Control(control)).await
    }

    /// Ends the thread after what waits.
    pub async fn stop(&self) {
        let _ = self.post(Letter::Stop).await;
    }

    async fn post(&self, letter: Letter) -> Result<(), InboxClosed> {
        let mut letter = letter;
        // The engine's channel is a plain one: its thread must not depend on the runtime.
        loop {
            match self.letters.try_send(letter) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => return Err(InboxClosed),
                Err(TrySendError::Full(back)) => {
                    letter = back;
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

#[async_trait]
impl Accept for Handle {
    async fn accept(&self, inbound: Inbound) -> Result<Immediate, InboxClosed> {
        let (answer, answered) = oneshot::channel();
        self.post(Letter::Input(
            Box::new(Input::Inbound(inbound)),
            Some(answer),
        ))
        .await?;
        answered.await.map_err(|_| InboxClosed)
    }

    async fn cursor(&self, room: &str) -> Option<String> {
        let (answer, answered) = oneshot::channel();
        self.post(Letter::Cursor(room.to_owned(), answer))
            .await
            .ok()?;
        answered.await.ok().flatten()
    }
}

/// Starts the engine's thread. New promises go to `outbox` after their commit. The thread ends
/// with [`Handle::stop`], or with the error after which nothing may be said any more.
pub fn start(
    engine: Engine,
    clock: Arc<dyn Clock>,
    outbox: mpsc::UnboundedSender<Row>,
) -> (Handle, std::thread::JoinHandle<Result<(), EngineError>>) {
    let (letters, waiting) = sync_channel(WAITING_MAX);
    let thread = std::thread::Builder::new()
        .name("engine".to_owned())
        .spawn(move || run(engine, clock.as_ref(), &outbox, &waiting))
        .expect("the system has room for one more thread at start");
    (Handle { letters }, thread)
}

fn run(
    mut engine: Engine,
    clock: &dyn Clock,
    outbox: &mpsc::UnboundedSender<Row>,
    waiting: &Receiver<Letter>,
) -> Result<(), EngineError> {
    loop {
        let first = match waiting.recv_timeout(until(engine.next_wakeup(), clock)) {
            Ok(letter) => Some(letter),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        let mut inputs = Vec::new();
        let mut answers = Vec::new();
        let mut stop = false;
        let mut next = first;
        while let Some(letter) = next {
            match letter {
                Letter::Input(input, answer) => {
                    inputs.push(*input);
                    answers.push(answer);
                }
                Letter::Cursor(room, answer) => {
                    let _ = answer.send(engine.store().cursor(&room)?);
                }
                Letter::Control(control) => {
                    // What came before it is committed before it runs.
                    step(&mut engine, clock, outbox, &mut inputs, &mut answers)?;
                    control(&mut engine);
                }
                Letter::Stop => {
                    stop = true;
                    break;
                }
            }
            if inputs.len() == BATCH_MAX {
                break;
            }
            next = waiting.try_recv().ok();
        }
        step(&mut engine, clock, outbox, &mut inputs, &mut answers)?;
        if stop {
            return Ok(());
        }
    }
}

fn step(
    engine: &mut Engine,
    clock: &dyn Clock,
    outbox: &mpsc::UnboundedSender<Row>,
    inputs: &mut Vec<Input>,
    answers: &mut Vec<Option<oneshot::Sender<Immediate>>>,
) -> Result<(), EngineError> {
    crate::kill::point("before-commit", inputs);
    let (immediates, rows) = engine.step(inputs, clock.read())?;
    crate::kill::point("after-commit", inputs);
    inputs.clear();
    for (answer, immediate) in answers.drain(..).zip(immediates) {
        if let Some(answer) = answer {
            let _ = answer.send(immediate);
        }
    }
    for row in rows {
        let _ = outbox.send(row);
    }
    Ok(())
}

fn until(wakeup: Option<DateTime<Utc>>, clock: &dyn Clock) -> Duration {
    let Some(wakeup) = wakeup else {
        return LOOK_EVERY;
    };
    (wakeup - clock.read().wall)
        .to_std()
        .unwrap_or_default()
        .min(LOOK_EVERY)
}
