//! Socket Mode: two connections, each replaced before it ends where Slack warns, and within half a
//! minute where it dies in silence. What was sent meanwhile comes by the other one, or again.
//! <https://docs.slack.dev/apis/events-api/using-socket-mode/>

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};
use tokio_util::sync::CancellationToken;
use underrose_chat::ListenError;

use super::ear::{Ack, Ear, Tell};
use super::{Pause, hopeless};
use crate::api::{Failure, date_of};
use crate::inbound::Kind;
use crate::settings::Secret;
use crate::words;

/// Read from the socket at once. Most envelopes fit, and the library clears so much for each read.
const READ_BYTES: usize = 8 * 1024;

/// Connections at once: Slack allows ten, and one may be down while it is replaced.
const SOCKETS: usize = 2;

/// Slack and we are heard of this often, or the connection is asked whether it lives …
const ASK_AFTER: Duration = Duration::from_secs(8);

/// … and is dead if that brings nothing either.
const DEAD_AFTER: Duration = Duration::from_secs(20);

/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Longest time to connect, and to say hello.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// A connection that Slack is about to close is read for this long at most.
const RETIRED_MAX: Duration = Duration::from_secs(60);

/// A connection that ends sooner was none: it is not opened again at once.
const STANDS_AFTER: Duration = Duration::from_secs(1);

/// Acknowledgements that wait to be written.
const WRITES_MAX: usize = 1_024;

/// What Slack waits to hear of, and where.
pub struct Envelope {
    id: String,
    acks: mpsc::Sender<Message>,
}

impl Envelope {
    pub async fn acknowledge(self, ack: Ack) {
        let Ack::With(payload) = ack else { return };
        let mut ack = json!({"envelope_id": self.id});
        if !payload.is_null() {
            ack["payload"] = payload;
        }
        let _ = self.acks.send(Message::text(ack.to_string())).await;
    }
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub async fn run(ear: Arc<Ear>, app_token: Secret) -> Result<(), ListenError> {
    let mut slots = JoinSet::new();
    for _ in 0..SOCKETS {
        slots.spawn(slot(ear.clone(), app_token.clone()));
    }
    let mut outcome = Ok(());
    while let Some(ended) = slots.join_next().await {
        if let Ok(Err(error)) = ended {
            // Both have the same token.
            ear.over.cancel();
            outcome = Err(error);
        }
    }
    outcome
}

/// One connection after the other.
async fn slot(ear: Arc<Ear>, app_token: Secret) -> Result<(), ListenError> {
    let mut sessions = JoinSet::new();
    let mut pause = Pause::default();
    while !ear.over.is_cancelled() {
        let opened = Instant::now();
        let failure = match connect(&ear, &app_token).await {
            Ok(stream) => {
                let retired = CancellationToken::new();
                sessions.spawn(session(ear.clone(), stream, retired.clone()));
                // Replaced when it ended, or when it is about to.
                tokio::select! {
                    () = ear.over.cancelled() => {}
                    () = retired.cancelled() => {}
                }
                let unsure = Failure::Unsure {
                    what: "the socket ended at once",
                };
                (opened.elapsed() < STANDS_AFTER).then_some(unsure)
            }
            Err(failure) => {
                hopeless(&failure).map_err(|lost| of_app_token(&failure, lost))?;
                if let Failure::Refused { code } = &failure {
                    ear.tell_socket_refused(code).await;
                }
                Some(failure)
            }
        };
        match failure {
            Some(failure) if !pause.wait(&ear.over, &failure).await => break,
            Some(_) => {}
            None => pause = Pause::default(),
        }
        while sessions.try_join_next().is_some() {}
    }
    while sessions.join_next().await.is_some() {}
    Ok(())
}

/// Sockets are opened with a token of their own.
fn of_app_token(failure: &Failure, lost: ListenError) -> ListenError {
    match failure {
        Failure::Refused { code } if code != "account_inactive" => ListenError {
            reason: words::app_token(code),
        },
        Failure::Refused { .. } | Failure::Limited { .. } | Failure::Unsure { .. } => lost,
    }
}

async fn connect(ear: &Ear, app_token: &Secret) -> Result<Stream, Failure> {
    let unsure = |what| Failure::Unsure { what };
    let api = &ear.workspace.api;
    let answer = api.post_as(app_token, "apps.connections.open").await?;
    let url = answer
        .get("url")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let connector = Connector::Rustls(api.tls());
    let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
    let connecting = connect_async_tls_with_config(url, Some(config), true, Some(connector));
    let connected = tokio::time::timeout(CONNECT_MAX, connecting).await;
    let connected = connected.map_err(|_| unsure("the socket did not open in 10 s"))?;
    let (stream, response) = connected.map_err(|_| unsure("the socket did not open"))?;
    let date = response
        .headers()
        .get("date")
        .and_then(|date| date.to_str().ok());
    if let Some(at) = date.and_then(date_of) {
        ear.tell_time(at).await;
    }
    Ok(stream)
}

/// Reads one connection to its end. Cancels `retired` when another must take its place.
async fn session(ear: Arc<Ear>, stream: Stream, retired: CancellationToken) {
    let (write, read) = stream.split();
    let (acks, waiting) = mpsc::channel(WRITES_MAX);
    let writer = tokio::spawn(write_all(write, waiting));
    read_all(&ear, read, &acks, &retired).await;
    retired.cancel();
    drop(acks);
    // Acknowledgements that are under way hold a sender each; they have their own bounds.
    if tokio::time::timeout(CONNECT_MAX, writer).await.is_err() {
        tracing::info!("a socket ended with acknowledgements under way");
    }
}

/// Writes at once what became ready at once: one commit serves many, and those whose answer is
/// ready have their turn before anything is written.
async fn write_all(mut write: SplitSink<Stream, Message>, mut waiting: mpsc::Receiver<Message>) {
    let mut ready = Vec::new();
    while waiting.recv_many(&mut ready, WRITES_MAX).await > 0 {
        tokio::task::yield_now().await;
        while let Ok(more) = waiting.try_recv() {
            ready.push(more);
        }
        let sending = async {
            for message in ready.drain(..) {
                write.feed(message).await?;
            }
            write.flush().await
        };
        let sent = tokio::time::timeout(CONNECT_MAX, sending).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
    let _ = write.close().await;
}

async fn read_all(
    ear: &Arc<Ear>,
    mut read: SplitStream<Stream>,
    acks: &mpsc::Sender<Message>,
    retired: &CancellationToken,
) {
    let mut heard = Instant::now();
    let mut asked = false;
    let mut retired_at: Option<Instant> = None;
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        let frame = tokio::select! {
            () = ear.over.cancelled() => return,
            _ = look.tick() => {
                if heard.elapsed() > DEAD_AFTER || retired_at.is_some_and(|at| at.elapsed() > RETIRED_MAX) {
                    tracing::info!("a socket went silent and is replaced");
                    return;
                }
                if heard.elapsed() > ASK_AFTER && !asked {
                    asked = true;
                    let _ = acks.try_send(Message::Ping(Default::default()));
                }
                continue;
            }
            frame = read.next() => frame,
        };
        let Some(Ok(frame)) = frame else { return };
        heard = Instant::now();
        asked = false;
        match frame {
            Message::Text(text) => {
                if !envelope(ear, &text, acks).await {
                    // Slack says when it is about to close: read on, while another is opened.
                    retired.cancel();
                    retired_at.get_or_insert(heard);
                }
            }
            Message::Close(_) => return,
            // Pings are answered by the library when the next frame is written or read.
            Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
        }
    }
}

/// Takes an envelope in; `false` if the connection is about to end.
async fn envelope(ear: &Arc<Ear>, text: &str, acks: &mpsc::Sender<Message>) -> bool {
    let Ok(envelope) = serde_json::from_str::<Value>(text) else {
        tracing::warn!(bytes = text.len(), "slack sent what is no JSON");
        return true;
    };
    let kind = match envelope
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
    {
        "events_api" => Some(Kind::Event),
        "slash_commands" => Some(Kind::Command),
        "interactive" => Some(Kind::Interaction),
        "hello" => {
            ear.socket_stands();
            None
        }
        "disconnect" => {
            let reason = envelope.get("reason").and_then(Value::as_str);
            // Slack's own comings and goings are nobody's business.
            match reason.unwrap_or_default() {
                "" | "warning" | "refresh_requested" => {}
                reason => ear.tell_socket_refused(reason).await,
            }
            return false;
        }
        _ => None,
    };
    let id = envelope.get("envelope_id").and_then(Value::as_str);
    let Some(id) = id.map(str::to_owned) else {
        return true;
    };
    let came = Envelope {
        id,
        acks: acks.clone(),
    };
    let Some(kind) = kind else {
        // Of a kind that is not known yet: Slack need not send it again.
        came.acknowledge(Ack::With(Value::Null)).await;
        return true;
    };
    let payload = envelope.get("payload").unwrap_or(&Value::Null);
    ear.take(kind, payload, Tell::Socket(came)).await;
    true
}
