//! A request decoded: where its arguments and its token are, whichever client sent it.

use axum::http::{HeaderMap, Method as Verb, header};
use serde_json::Value;

use crate::api;
use crate::args::Args;

/// What is known of a call before it runs.
pub struct Incoming {
    pub name: String,
    pub how: String,
    pub args: Args,
    pub token: Option<String>,
    pub complaints: Vec<String>,
}

pub fn incoming(
    name: String,
    verb: &Verb,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Incoming {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("");
    let mut complaints = Vec::new();
    let mut args = Args::from_pairs(query.unwrap_or("").as_bytes());
    if args.0.remove("token").is_some() {
        complaints.push("a token in the query: Slack refuses those of new apps".into());
    }
    let json_body = kind.starts_with("application/json");
    let word = if json_body { "json" } else { "form" };
    if json_body {
        let takes = api::method(&name).is_none_or(|method| method.json);
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(keys)) if takes => args.0.extend(keys),
            Ok(Value::Object(_)) => {
                complaints.push("a JSON body, which this method does not take".into());
            }
            Ok(_) | Err(_) => {
                args.0.insert("\u{0}".into(), Value::Null);
            }
        }
    } else if *verb == Verb::POST {
        args.0.extend(Args::from_pairs(body).0);
    }
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned);
    let token = bearer.or_else(|| args.text("token").filter(|_| !json_body));
    args.0.remove("token");
    Incoming {
        name,
        how: format!("{verb} {word}"),
        args,
        token,
        complaints,
    }
}
