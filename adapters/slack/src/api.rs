//! Calls of Slack's Web API, each within the budget and with a bound on its time. A failure says
//! whether the call may have had an effect, which is what idempotency stands on. Slack's answers
//! are never formatted into an error: they quote what was sent.

mod headers;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::Empty;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::{
    SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext,
    SlackClientHttpConnector,
};

use crate::budget::Budget;
use crate::settings::Secret;

/// Longest time of one call; Slack answers in a second, or not at all.
const CALL_MAX: Duration = Duration::from_secs(10);

/// A wait for the budget up to this long is waited here; a longer one goes back to the outbox.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Where Slack says no time.
const RETRY_AFTER: Duration = Duration::from_secs(5);

pub(crate) use headers::date_of;

type Connector = HttpsConnector<HttpConnector>;

/// The way to one workspace.
pub struct Api {
    client: SlackClient<SlackClientHyperConnector<Connector>>,
    raw: Client<Connector, Empty<axum::body::Bytes>>,
    tls: Arc<ClientConfig>,
    url: String,
    bot: SlackApiToken,
    budget: Mutex<Budget>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Not carried out; it may be tried after this time.
    Limited { after: Duration },
    /// Not carried out, and Slack says why: a word such as `is_archived`.
    Refused { code: String },
    /// Nobody knows whether it was carried out.
    Unsure { what: &'static str },
}

impl Api {
    /// # Errors
    /// If this machine has no certificates to trust.
    pub fn new(url: &str, bot: &Secret) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let config = if url.starts_with("https:") {
            config
                .with_native_roots()
                .map_err(|error| format!("no certificates to trust were found: {error}"))?
        } else {
            config.with_root_certificates(RootCertStore::empty())
        };
        let tls = config.with_no_client_auth();
        let connector = || {
            HttpsConnectorBuilder::new()
                .with_tls_config(tls.clone())
                .https_or_http()
                .enable_http1()
                .build()
        };
        let hyper = SlackClientHyperConnector::with_connector(connector()).with_slack_api_url(url);
        let raw = Client::builder(TokioExecutor::new()).build(connector());
        Ok(Self {
            client: SlackClient::new(hyper),
            raw,
            tls: Arc::new(tls),
            url: url.to_owned(),
            bot: token(bot),
            budget: Mutex::default(),
        })
    }

    /// For the socket.
    pub fn tls(&self) -> Arc<ClientConfig> {
        self.tls.clone()
    }

    /// A method that changes something: JSON.
    pub async fn post(&self, method: &'static str, body: &Value) -> Result<Value, Failure> {
        let channel = body
            .get("channel")
            .and_then(Value::as_str)
            .unwrap_or_default();
        self.budgeted(method, channel).await?;
        let session = self.client.open_session(&self.bot);
        let call = session.http_session_api.http_post(method, body, None);
        self.outcome(method, channel, call).await
    }

    /// A method that reads: a query.
    pub async fn get(
        &self,
        method: &'static str,
        query: &[(&'static str, &str)],
    ) -> Result<Value, Failure> {
        self.budgeted(method, "").await?;
        let session = self.client.open_session(&self.bot);
        let params: Vec<(&str, Option<&str>)> = query
            .iter()
            .map(|(name, value)| (*name, Some(*value)))
            .collect();
        let call = session.http_session_api.http_get(method, &params, None);
        self.outcome(method, "", call).await
    }

    /// All pages of a listing, at most `pages` of them; whether there were more.
    pub async fn pages(
        &self,
        method: &'static str,
        query: &[(&'static str, &str)],
        (list, pages): (&str, usize),
    ) -> Result<(Vec<Value>, bool), Failure> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        for _ in 0..pages {
            let mut query = query.to_vec();
            if !cursor.is_empty() {
                query.push(("cursor", &cursor));
            }
            let mut page = self.get(method, &query).await?;
            if let Some(Value::Array(items)) = page.get_mut(list).map(Value::take) {
                all.extend(items);
            }
            let next = page
                .pointer("/response_metadata/next_cursor")
                .and_then(Value::as_str);
            match next {
                Some(next) if !next.is_empty() => next.clone_into(&mut cursor),
                Some(_) | None => return Ok((all, false)),
            }
        }
        Ok((all, true))
    }

    /// With another token: opening a socket.
    pub async fn post_as(&self, secret: &Secret, method: &'static str) -> Result<Value, Failure> {
        self.budgeted(method, "").await?;
        let token = token(secret);
        let session = self.client.open_session(&token);
        let body = serde_json::json!({});
        let call = session.http_session_api.http_post(method, &body, None);
        self.outcome(method, "", call).await
    }

    /// To a `response_url`, which needs no token and answers with plain words.
    pub async fn respond(&self, url: &str, body: &Value) -> Result<(), Failure> {
        let unfit = || Failure::Refused {
            code: "no_address".to_owned(),
        };
        let url = url.parse().map_err(|_| unfit())?;
        self.budgeted(RESPONSE_URL, "").await?;
        let span = tracing::Span::none();
        // The address is the secret: no token goes with it, and it is not logged.
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let connector = &self.client.http_api.connector;
        let call = connector.http_post_uri::<Value, Value>(url, body, context);
        match self.outcome(RESPONSE_URL, "", call).await {
            // Slack's whole answer is `ok`, or nothing at all.
            Ok(_) | Err(Failure::Unsure { what: NO_JSON }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn budgeted(&self, method: &'static str, channel: &str) -> Result<(), Failure> {
        loop {
            let taken = self.budget().take(method, channel, Instant::now());
            match taken {
                Ok(()) => return Ok(()),
                Err(wait) if wait <= WAIT_MAX => tokio::time::sleep(wait).await,
                Err(after) => return Err(Failure::Limited { after }),
            }
        }
    }

    async fn outcome(
        &self,
        method: &'static str,
        channel: &str,
        call: impl Future<Output = Result<Value, SlackClientError>>,
    ) -> Result<Value, Failure> {
        let failure = match tokio::time::timeout(CALL_MAX, call).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => failure(&error),
            Err(_) => Failure::Unsure { what: TOO_LATE },
        };
        if let Failure::Limited { after } = failure {
            self.budget().block(method, channel, Instant::now(), after);
        }
        Err(failure)
    }

    fn budget(&self) -> std::sync::MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In the budget; Slack limits these addresses by their uses, and no tier counts.
pub(crate) const RESPONSE_URL: &str = "response_url";

const TOO_LATE: &str = "slack did not answer in 10 s";
const NO_ANSWER: &str = "the connection to slack was lost";
const NO_JSON: &str = "slack's answer was no JSON";
const BROKEN: &str = "slack had an error of its own";

fn token(secret: &Secret) -> SlackApiToken {
    SlackApiToken::new(SlackApiTokenValue(secret.expose().to_owned()))
}

/// What Slack means by this word of an answer.
fn of_code(code: &str) -> Failure {
    match code {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
            Failure::Limited { after: RETRY_AFTER }
        }
        "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org" => Failure::Unsure { what: BROKEN },
        code => Failure::Refused {
            code: code.to_owned(),
        },
    }
}

fn failure(error: &SlackClientError) -> Failure {
    let unsure = |what| Failure::Unsure { what };
    match error {
        SlackClientError::RateLimitError(limit) => Failure::Limited {
            after: limit.retry_after.unwrap_or(RETRY_AFTER),
        },
        SlackClientError::ApiError(error) => of_code(&error.code),
        SlackClientError::HttpError(error) if error.status_code.is_client_error() => {
            Failure::Refused {
                code: format!("http_{}", error.status_code.as_u16()),
            }
        }
        SlackClientError::HttpError(_) => unsure(BROKEN),
        SlackClientError::ProtocolError(_) => unsure(NO_JSON),
        SlackClientError::HttpProtocolError(_)
        | SlackClientError::EndOfStream(_)
        | SlackClientError::SystemError(_)
        | SlackClientError::SocketModeProtocolError(_) => unsure(NO_ANSWER),
    }
}
