//! `auth.test` with its headers, which slack-morphism hides: Slack's clock, and what the token may.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Empty};
use serde_json::Value;

use super::{Api, CALL_MAX, Failure, NO_ANSWER, NO_JSON, RETRY_AFTER, TOO_LATE, of_code};

const METHOD: &str = "auth.test";

/// What only the headers of an answer say.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    /// Slack's clock.
    pub date: Option<DateTime<Utc>>,
    /// Scopes that were granted to the token.
    pub scopes: Vec<String>,
}

impl Api {
    /// # Errors
    /// Also if the token does not work any more.
    pub async fn headers(&self) -> Result<Headers, Failure> {
        let unsure = |what| Failure::Unsure { what };
        self.budgeted(METHOD, "").await?;
        let request = axum::http::Request::post(format!("{}/{METHOD}", self.url))
            .header(
                "authorization",
                format!("Bearer {}", self.bot.token_value.0),
            )
            .body(Empty::<Bytes>::new())
            .map_err(|_| unsure("no request"))?;
        let asked = async {
            let answer = self.raw.request(request).await.map_err(drop)?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await.map_err(drop)?;
            Ok((head, body.to_bytes()))
        };
        let answer: Result<Result<_, ()>, _> = tokio::time::timeout(CALL_MAX, asked).await;
        let (head, body) = answer
            .map_err(|_| unsure(TOO_LATE))?
            .map_err(|()| unsure(NO_ANSWER))?;
        let header = |name: &str| {
            let value = head.headers.get(name)?;
            Some(value.to_str().ok()?.to_owned())
        };
        if head.status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = header("retry-after").and_then(|seconds| seconds.parse().ok());
            let after = seconds.map_or(RETRY_AFTER, Duration::from_secs);
            self.budget().block(METHOD, "", Instant::now(), after);
            return Err(Failure::Limited { after });
        }
        let body: Value = serde_json::from_slice(&body).map_err(|_| unsure(NO_JSON))?;
        if body.get("ok").and_then(Value::as_bool) != Some(true) {
            let code = body.get("error").and_then(Value::as_str);
            return Err(of_code(code.unwrap_or_default()));
        }
        let scopes = header("x-oauth-scopes").unwrap_or_default();
        let scopes = scopes.split(',').map(|scope| scope.trim().to_owned());
        Ok(Headers {
            date: header("date").and_then(|date| date_of(&date)),
            scopes: scopes.filter(|scope| !scope.is_empty()).collect(),
        })
    }
}

/// `Date` headers have one form (RFC 9110, 5.6.7).
pub(crate) fn date_of(date: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc2822(date).ok()?;
    Some(at.with_timezone(&Utc))
}
