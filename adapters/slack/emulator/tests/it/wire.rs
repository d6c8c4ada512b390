//! Plain HTTP and WebSocket to the emulator, for what no client would send or would hide.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use underrose_slack_emulator::{Emulator, Settings};

/// By the machine's clock; a hanging test says less than a failing one.
const PATIENCE: Duration = Duration::from_secs(10);

type Http = Client<HttpConnector, Full<Bytes>>;

pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// The Web API, with a token.
pub struct Api {
    http: Http,
    url: String,
    token: String,
}

impl Api {
    pub fn new(emulator: &Emulator) -> Self {
        Self {
            http: Client::builder(TokioExecutor::new()).build_http(),
            url: emulator.api_url(),
            token: Settings::default().bot_token,
        }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self {
            http: self.http.clone(),
            url: self.url.clone(),
            token: token.to_owned(),
        }
    }

    async fn send(&self, request: hyper::http::request::Builder, body: String) -> Option<Answer> {
        let mut request = request;
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let (head, body) = self.http.request(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let text = |value: &hyper::http::HeaderValue| value.to_str().unwrap().to_owned();
        Some(Answer {
            status: head.status.as_u16(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }

    /// Nothing, if the connection broke.
    pub async fn try_post(&self, method: &str, arguments: Value) -> Option<Answer> {
        let request = hyper::Request::post(format!("{}/{method}", self.url))
            .header("content-type", "application/json; charset=utf-8");
        self.send(request, arguments.to_string()).await
    }

    pub async fn post(&self, method: &str, arguments: Value) -> Answer {
        self.try_post(method, arguments).await.unwrap()
    }

    pub async fn get(&self, method: &str, arguments: &[(&str, &str)]) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(arguments)
            .finish();
        let request = hyper::Request::get(format!("{}/{method}?{query}", self.url));
        self.send(request, String::new()).await.unwrap()
    }

    /// To any address, a response URL for instance.
    pub async fn post_to(&self, url: &str, body: Value) -> Answer {
        let request = hyper::Request::post(url).header("content-type", "application/json");
        self.send(request, body.to_string()).await.unwrap()
    }
}

/// One connection of Socket Mode, by hand.
pub struct Socket(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

impl Socket {
    pub async fn open(api: &Api) -> (Self, Value) {
        let url = Self::url(api).await;
        let (stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut socket = Self(stream);
        let hello = socket.next().await.unwrap();
        (socket, hello)
    }

    pub async fn url(api: &Api) -> String {
        let app = api.with_token(&Settings::default().app_token);
        let opened = app.post("apps.connections.open", json!({})).await;
        opened.body["url"].as_str().unwrap().to_owned()
    }

    /// The next thing that Slack says; nothing when it closed. Fails where nothing comes.
    pub async fn next(&mut self) -> Option<Value> {
        let coming = self.coming();
        tokio::time::timeout(PATIENCE, coming)
            .await
            .expect("Slack says something")
    }

    /// The same, however long it takes.
    pub async fn coming(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub async fn acknowledge(&mut self, envelope: &Value, payload: Option<Value>) {
        let mut ack = json!({"envelope_id": envelope["envelope_id"]});
        if let Some(payload) = payload {
            ack["payload"] = payload;
        }
        self.0.send(Message::text(ack.to_string())).await.unwrap();
    }

    /// Nothing but the envelope's id, if the connection still stands.
    pub async fn try_acknowledge(
        &mut self,
        envelope: &Value,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        let ack = json!({"envelope_id": envelope["envelope_id"]});
        self.0.send(Message::text(ack.to_string())).await
    }
}
