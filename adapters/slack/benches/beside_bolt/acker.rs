//! An app that does nothing but acknowledge: the most that the emulator and the people can give.
//! It is this very program, started once more.

use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Names the emulator's Web API, in the process that is to be the acker.
pub const VARIABLE: &str = "ACKNOWLEDGE_NOTHING_MORE";

pub fn asked_to_be() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

pub async fn run(api_url: &str) -> anyhow::Result<()> {
    let token = std::env::var("SLACK_APP_TOKEN")?;
    let request = axum::http::Request::post(format!("{api_url}/apps.connections.open"))
        .header("authorization", format!("Bearer {token}"))
        .body(Empty::<axum::body::Bytes>::new())?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let body = client.request(request).await?.into_body();
    let answer: Value = serde_json::from_slice(&body.collect().await?.to_bytes())?;
    let url = answer["url"].as_str().context("no address")?;
    let (mut socket, _) = tokio_tungstenite::connect_async_with_config(url, None, true).await?;
    // As long as what the others answer, so that reading it costs the same.
    let rows: Vec<Value> = (1..=crate::committee::CASES)
        .map(|n| json!({"type": "rich_text_section", "elements": [{"type": "text", "text": format!("2026-{n:04}: {}; new, owner nobody", crate::committee::title(n))}]}))
        .collect();
    let list = json!({"type": "rich_text_list", "style": "bullet", "elements": rows});
    let payload = json!({
        "response_type": "ephemeral",
        "text": "the open cases",
        "blocks": [{"type": "rich_text", "elements": [list]}],
    });
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let envelope: Value = serde_json::from_str(&text)?;
        let Some(id) = envelope.get("envelope_id") else {
            continue;
        };
        let mut ack = json!({"envelope_id": id});
        if envelope["accepts_response_payload"] == true {
            ack["payload"] = payload.clone();
        }
        socket.send(Message::text(ack.to_string())).await?;
    }
    Ok(())
}
