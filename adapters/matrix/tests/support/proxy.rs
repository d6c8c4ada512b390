//! Stands between the bot and the homeserver: writes down what had an effect, and makes the next
//! effect go wrong as it is told. Everything else goes through untouched.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use underrose_chat::sim::Fault;

/// Something that changed the network.
#[derive(Clone, Debug)]
pub struct Effect {
    pub path: String,
    pub body: Value,
    /// The event that it made, where the homeserver says so.
    pub event: Option<String>,
}

#[derive(Default)]
pub struct Seen {
    pub effects: Vec<Effect>,
    pub fault: Option<Fault>,
    /// Of the next join.
    pub join_fault: Option<Fault>,
    /// Added to the homeserver's `Date`.
    pub clock_ahead_seconds: i64,
    /// Sessions that were renewed.
    pub renewed: usize,
    /// What is said in these rooms never arrives.
    pub swallowed: Vec<String>,
    /// How much was swallowed.
    pub silent: watch::Sender<usize>,
}

pub struct Proxy {
    pub url: String,
    pub seen: Arc<Mutex<Seen>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub async fn before(homeserver: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (homeserver, shared) = (homeserver.to_owned(), seen.clone());
        let serving = tokio::spawn(async move {
            let client = matrix_sdk::reqwest::Client::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (client, homeserver, seen) =
                    (client.clone(), homeserver.clone(), shared.clone());
                tokio::spawn(async move {
                    let _ = connection(stream, &client, &homeserver, &seen).await;
                });
            }
        });
        Self { url, seen, serving }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

async fn read(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Option<Request> {
    let end = loop {
        if let Some(end) = rest.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        let mut chunk = [0; 16 * 1024];
        let count = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        rest.extend_from_slice(&chunk[..count]);
    };
    let head = String::from_utf8_lossy(&rest[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = rest.split_off(end + 4);
    while body.len() < length {
        let mut chunk = [0; 16 * 1024];
        let count = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        body.extend_from_slice(&chunk[..count]);
    }
    *rest = body.split_off(length);
    Some(Request {
        method,
        path,
        headers,
        body,
    })
}

/// Whether a request changes what people see. A direct room alone says nothing, nor does a key.
fn has_effect(request: &Request) -> bool {
    let path = &request.path;
    match request.method.as_str() {
        "PUT" => {
            (path.contains("/send/") && path.contains("/rooms/") && !path.contains("m.reaction"))
                || path.contains("/state/")
        }
        "POST" => {
            (path.ends_with("/createRoom")
                && !String::from_utf8_lossy(&request.body).contains("\"is_direct\":true"))
                || path.ends_with("/invite")
                || path.ends_with("/kick")
        }
        _ => false,
    }
}

fn is_join(request: &Request) -> bool {
    let path = &request.path;
    request.method == "POST" && (path.ends_with("/join") || path.contains("/join/"))
}

/// Whether this never arrives; then that it was said is written down.
fn is_swallowed(request: &Request, seen: &Mutex<Seen>) -> bool {
    let seen = seen.lock().unwrap();
    let mut rooms = seen.swallowed.iter();
    let swallowed = rooms.any(|room| request.path.contains(room));
    if swallowed {
        seen.silent.send_modify(|count| *count += 1);
    }
    swallowed
}

async fn connection(
    mut stream: TcpStream,
    client: &matrix_sdk::reqwest::Client,
    homeserver: &str,
    seen: &Mutex<Seen>,
) -> Option<()> {
    let mut rest = Vec::new();
    while let Some(request) = read(&mut stream, &mut rest).await {
        let effect = has_effect(&request);
        if effect && is_swallowed(&request, seen) {
            std::future::pending::<()>().await;
        }
        let fault = if effect {
            seen.lock().unwrap().fault.take()
        } else if is_join(&request) {
            seen.lock().unwrap().join_fault.take()
        } else {
            None
        };
        match fault {
            Some(Fault::Retry { .. }) => {
                let body = r#"{"errcode":"M_UNKNOWN","error":"overloaded"}"#;
                write(&mut stream, 503, &[], body.as_bytes()).await?;
                continue;
            }
            Some(Fault::Reject) => {
                let body = r#"{"errcode":"M_FORBIDDEN","error":"no"}"#;
                write(&mut stream, 403, &[], body.as_bytes()).await?;
                continue;
            }
            Some(Fault::Ambiguous) | None => {}
        }
        let method = matrix_sdk::reqwest::Method::from_bytes(request.method.as_bytes()).ok()?;
        let mut forward = client.request(method, format!("{homeserver}{}", request.path));
        for (name, value) in &request.headers {
            if !["host", "content-length", "connection", "accept-encoding"].contains(&name.as_str())
            {
                forward = forward.header(name, value);
            }
        }
        let answer = forward.body(request.body.clone()).send().await.ok()?;
        let status = answer.status().as_u16();
        let ahead = seen.lock().unwrap().clock_ahead_seconds;
        let headers: Vec<(String, String)> = answer
            .headers()
            .iter()
            .filter(|(name, _)| {
                !["content-length", "transfer-encoding", "connection"].contains(&name.as_str())
            })
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .map(|(name, value)| {
                let moved = chrono::DateTime::parse_from_rfc2822(&value)
                    .ok()
                    .filter(|_| name == "date")
                    .map(|date| {
                        (date.to_utc() + chrono::TimeDelta::seconds(ahead))
                            .format("%a, %d %b %Y %H:%M:%S GMT")
                            .to_string()
                    });
                (name, moved.unwrap_or(value))
            })
            .collect();
        let body = answer.bytes().await.ok()?;
        if request.path.ends_with("/refresh") && status < 300 {
            seen.lock().unwrap().renewed += 1;
        }
        if effect && status < 300 {
            let value: Value = serde_json::from_slice(&body).unwrap_or_default();
            let made = Effect {
                path: request.path.clone(),
                body: serde_json::from_slice(&request.body).unwrap_or_default(),
                event: value["event_id"].as_str().map(str::to_owned),
            };
            let mut seen = seen.lock().unwrap();
            // The same transaction gets the same event: that is no second effect.
            let again =
                made.event.is_some() && seen.effects.iter().any(|one| one.event == made.event);
            if !again {
                seen.effects.push(made);
            }
        }
        if matches!(fault, Some(Fault::Ambiguous)) {
            // It happened, and the answer is lost.
            return None;
        }
        write(&mut stream, status, &headers, &body).await?;
    }
    None
}

async fn write(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> Option<()> {
    let mut head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if headers.is_empty() {
        head.push_str("content-type: application/json\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body).await.ok()
}
