//! The least that any bot does: it hears by a sync and answers by a PUT, in plain text, at once. It
//! reads nothing, decrypts nothing, keeps nothing and encrypts nothing: what remains is the
//! homeserver's own time, and nobody's answer can come sooner. It lives in the people's process.

use matrix_sdk::reqwest::{Client, RequestBuilder};
use matrix_sdk::ruma::UserId;
use serde_json::{Value, json};

use crate::support::person::PASSWORD;

/// As large as an encrypted answer is at the homeserver.
const ANSWER_BYTES: usize = 700;

pub struct Floor {
    http: Client,
    url: String,
    token: String,
    me: String,
}

impl Floor {
    pub async fn log_in(url: &str, me: &UserId) -> Self {
        let http = Client::new();
        let asked = json!({"type": "m.login.password", "password": PASSWORD,
            "identifier": {"type": "m.id.user", "user": me.as_str()}});
        let asked = http
            .post(format!("{url}/_matrix/client/v3/login"))
            .body(asked.to_string());
        let told = answer(asked).await;
        Self {
            http,
            url: url.to_owned(),
            token: told["access_token"].as_str().unwrap().to_owned(),
            me: me.to_string(),
        }
    }

    /// Hears and answers until it is aborted.
    pub async fn run(self) {
        let mut since = self.sync("timeout=0").await;
        loop {
            let place = since["next_batch"].as_str().unwrap();
            let heard = self.sync(&format!("timeout=30000&since={place}")).await;
            let rooms = |kind: &str| {
                let found = heard["rooms"][kind].as_object().cloned();
                found.unwrap_or_default()
            };
            for (room, _) in rooms("invite") {
                self.put(self.http.post(self.at(&format!("join/{room}"))), json!({}))
                    .await;
            }
            let mut answers = Vec::new();
            for (room, update) in rooms("join") {
                let events = update["timeline"]["events"].as_array().cloned();
                for event in events.unwrap_or_default() {
                    if event["type"] == "m.room.encrypted" && event["sender"] != self.me.as_str() {
                        let to = event["event_id"].as_str().unwrap().to_owned();
                        answers.push(self.say(room.clone(), to));
                    }
                }
            }
            futures_util::future::join_all(answers).await;
            since = heard;
        }
    }

    async fn say(&self, room: String, to: String) {
        let place = self.at(&format!("rooms/{room}/send/m.room.message/to-{to}"));
        let words = json!({"msgtype": "m.notice", "body": "x".repeat(ANSWER_BYTES)});
        self.put(self.http.put(place), words).await;
    }

    fn at(&self, path: &str) -> String {
        format!("{}/_matrix/client/v3/{path}", self.url)
    }

    async fn sync(&self, how: &str) -> Value {
        let place = self.at(&format!("sync?{how}"));
        answer(self.http.get(place).bearer_auth(&self.token)).await
    }

    async fn put(&self, request: RequestBuilder, content: Value) {
        let request = request.bearer_auth(&self.token);
        answer(request.body(content.to_string())).await;
    }
}

async fn answer(request: RequestBuilder) -> Value {
    let told = request.send().await.unwrap().error_for_status().unwrap();
    serde_json::from_str(&told.text().await.unwrap()).unwrap()
}
