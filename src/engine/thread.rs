//! The engine's own threads. One drains what waits and prepares it; the other commits what the
//! first has prepared, and then answers everybody. So the next batch is decided while the disk
//! syncs the last one.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};
use underrose_chat::{Accept, Immediate, Inbound, InboxClosed};

use super::{BATCH_MAX, Engine, EngineError, Input, Prepared, Row};
use crate::clock::Clock;
use crate::store::Committer;

/// Inputs that may wait: sixteen batches. More waits at the networks, which is what
/// back-pressure is.
const WAITING_MAX: usize = 16 * BATCH_MAX;

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

/// Starts the engine's two threads: one decides, the other commits what the first has decided,
/// and only then answers and lets the outbox speak. New promises go to `outbox` after their
/// commit. The threads end with [`Handle::stop`], or with the error after which nothing may be
/// said any more.
pub fn start(
    engine: Engine,
    clock: Arc<dyn Clock>,
    outbox: mpsc::UnboundedSender<Row>,
) -> (Handle, JoinHandle<Result<(), EngineError>>) {
    let (letters, waiting) = sync_channel(WAITING_MAX);
    // A rendezvous: who has handed a batch over knows that the one before is on the disk.
    let (batches, decided) = sync_channel(0);
    let committer = engine.store().committer();
    let deciding = spawn("engine", move || {
        let mut deciding = Deciding {
            engine,
            clock,
            batches,
        };
        match deciding.run(&waiting) {
            // Why is for the other thread to say.
            Ok(()) | Err(End::CommittingEnded) => Ok(()),
            Err(End::Failed(error)) => Err(error),
        }
    });
    let committing = spawn("commit", move || {
        for batch in decided {
            commit(batch, &committer, &outbox)?;
        }
        deciding
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    (Handle { letters }, committing)
}

fn spawn(
    name: &str,
    run: impl FnOnce() -> Result<(), EngineError> + Send + 'static,
) -> JoinHandle<Result<(), EngineError>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .expect("the system has room for one more thread at start")
}

/// What was decided together, with who waits for the answers, one for each input.
#[derive(Default)]
struct Decided {
    prepared: Prepared,
    inputs: usize,
    waiting: Vec<Waiting>,
}

/// Nobody waits for what the outbox sent.
type Waiting = Option<oneshot::Sender<Immediate>>;

/// Nothing is answered, and nothing said, but by this function.
fn commit(
    decided: Decided,
    committer: &Committer,
    outbox: &mpsc::UnboundedSender<Row>,
) -> Result<(), EngineError> {
    let Decided {
        prepared,
        inputs,
        waiting,
    } = decided;
    crate::kill::point("before-commit", inputs);
    let (immediates, rows) = prepared.commit(committer)?;
    crate::kill::point("after-commit", inputs);
    for (answer, immediate) in waiting.into_iter().zip(immediates) {
        if let Some(answer) = answer {
            let _ = answer.send(immediate);
        }
    }
    for row in rows {
        let _ = outbox.send(row);
    }
    Ok(())
}

/// Why no more is decided.
enum End {
    CommittingEnded,
    Failed(EngineError),
}

impl<E: Into<EngineError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

struct Deciding {
    engine: Engine,
    clock: Arc<dyn Clock>,
    batches: SyncSender<Decided>,
}

impl Deciding {
    fn run(&mut self, waiting: &Receiver<Letter>) -> Result<(), End> {
        loop {
            let wakeup = until(self.engine.next_wakeup(), self.clock.as_ref());
            let first = match waiting.recv_timeout(wakeup) {
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
                        let _ = answer.send(self.engine.store().cursor(&room)?);
                    }
                    Letter::Control(control) => {
                        self.step(std::mem::take(&mut inputs), std::mem::take(&mut answers))?;
                        // What came before it is on the disk before it runs.
                        self.hand_over(Decided::default())?;
                        control(&mut self.engine);
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
            self.step(inputs, answers)?;
            if stop {
                return Ok(());
            }
        }
    }

    fn step(&mut self, inputs: Vec<Input>, waiting: Vec<Waiting>) -> Result<(), End> {
        let prepared = self.engine.prepare(&inputs, self.clock.read())?;
        self.hand_over(Decided {
            prepared,
            inputs: inputs.len(),
            waiting,
        })
    }

    /// When this returns, the batch before is on the disk and answered.
    fn hand_over(&self, decided: Decided) -> Result<(), End> {
        self.batches.send(decided).map_err(|_| End::CommittingEnded)
    }
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
