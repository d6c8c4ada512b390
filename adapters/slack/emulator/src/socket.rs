//! Socket Mode, the side of Slack: hello, envelopes, acknowledgements, refresh, and the ways in
//! which a connection ends. <https://docs.slack.dev/apis/events-api/using-socket-mode>

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::shared::Shared;
use crate::sockets::{FRAMES_MAX, Frame};

/// How often Slack's side pings.
const PING_EVERY: Duration = Duration::from_secs(10);

pub fn disconnect(reason: &str) -> Value {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-emulated"}})
}

/// Serves one connection to its end.
pub async fn serve(shared: Arc<Shared>, mut ws: WebSocket) {
    let (frames, mut queue) = mpsc::channel(FRAMES_MAX);
    let sockets = &shared.sockets;
    let (id, connections) = match sockets.enter() {
        Ok(entered) => entered,
        Err(why) => {
            shared.touch();
            let _ = ws.send(Message::text(disconnect(&why).to_string())).await;
            return;
        }
    };
    let hello = json!({
        "type": "hello",
        "num_connections": connections,
        "debug_info": {
            "host": "applink-emulated",
            "build_number": 1,
            "approximate_connection_time": 18060,
        },
        "connection_info": {"app_id": shared.look(|world| world.app_id.clone())},
    });
    if ws.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    sockets.begin(id, frames);
    shared.touch();
    converse(&shared, &mut ws, &mut queue).await;
    sockets.leave(id);
    shared.touch();
}

async fn converse(shared: &Shared, ws: &mut WebSocket, queue: &mut mpsc::Receiver<Frame>) {
    let mut pings = tokio::time::interval(PING_EVERY);
    loop {
        tokio::select! {
            frame = queue.recv() => match frame {
                None => return,
                Some(Frame::Text(text)) => {
                    // What is ready at once goes out at once.
                    let sent = ws.feed(Message::text(text)).await;
                    if sent.is_err() || (queue.is_empty() && ws.flush().await.is_err()) {
                        return;
                    }
                }
                Some(Frame::Refresh) => {
                    let refresh = disconnect("refresh_requested").to_string();
                    let _ = ws.send(Message::text(refresh)).await;
                    drain(shared, ws).await;
                    return;
                }
                Some(Frame::Drop) => return,
                Some(Frame::Silence) => {
                    // Until something else is to be done with it.
                    while let Some(Frame::Text(_) | Frame::Silence) = queue.recv().await {}
                    return;
                }
            },
            _ = pings.tick() => {
                if ws.send(Message::Ping("Ping from applink-emulated".into())).await.is_err() {
                    return;
                }
            }
            message = ws.recv() => match message {
                Some(Ok(Message::Text(text))) => hear(shared, &text),
                Some(Ok(Message::Binary(_))) => shared.complain("a binary frame on the socket"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        }
    }
}

/// After a refresh: what was under way may still be acknowledged, for a moment.
async fn drain(shared: &Shared, ws: &mut WebSocket) {
    let _ = ws.send(Message::Close(None)).await;
    let listening = async {
        while let Some(Ok(message)) = ws.recv().await {
            if let Message::Text(text) = message {
                hear(shared, &text);
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), listening).await;
}

/// An acknowledgement, or something that is none.
fn hear(shared: &Shared, text: &str) {
    let Ok(mut ack) = serde_json::from_str::<Value>(text) else {
        return shared.complain("what came on the socket is no JSON");
    };
    let payload = ack.get_mut("payload").map(Value::take);
    let payload = payload.filter(|payload| !payload.is_null());
    let Some(envelope) = ack["envelope_id"].as_str() else {
        return shared.complain("what came on the socket has no envelope_id");
    };
    let known = shared.sockets.acknowledge(envelope, payload);
    if !known {
        shared.complain("an acknowledgement of an envelope that was never sent");
    }
    shared.touch();
}
