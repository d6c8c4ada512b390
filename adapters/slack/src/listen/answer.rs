//! Gives a person at once what the core answered: in the acknowledgement where Slack takes it
//! there, else by a call. Everything here is shown to that person alone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use underrose_chat::{Form, Immediate, Message, Place};

use super::Turn;
use crate::api::Failure;
use crate::inbound::Way;
use crate::modal;
use crate::render::{self, Fallback};
use crate::words;
use crate::workspace::Workspace;

/// How long an answer waits for Slack to take it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers; returns what goes with the acknowledgement.
pub async fn give(
    workspace: &Workspace,
    way: &Way,
    immediate: Immediate,
    place: Option<Place>,
) -> Value {
    let place = place.unwrap_or(Place::Direct);
    let given = match immediate {
        Immediate::Nothing => Ok(Value::Null),
        Immediate::Say { message } | Immediate::Step { message, .. } => {
            say(workspace, way, &message, &place).await
        }
        Immediate::Form { form } => show(workspace, way, &form, &place).await,
        Immediate::Errors { errors } => match way {
            Way::Submission { view } => {
                let id = view.get("id").and_then(Value::as_str);
                workspace.views().refuse(id.unwrap_or_default());
                Ok(json!({
                    "response_action": "errors",
                    "errors": modal::errors(view, &errors),
                }))
            }
            Way::Nobody
            | Way::Message { .. }
            | Way::Command { .. }
            | Way::Press { .. }
            | Way::Change { .. }
            | Way::Home { .. } => {
                let all: Vec<String> = errors.into_values().collect();
                say(workspace, way, &Message::text(all.join(" ")), &place).await
            }
        },
    };
    given.unwrap_or_else(|failure| {
        // What was decided stands; the person sees it by asking again.
        let reason = crate::deliver::error(&failure);
        tracing::warn!(%reason, "an answer was not shown");
        Value::Null
    })
}

async fn say(
    workspace: &Workspace,
    way: &Way,
    message: &Message,
    place: &Place,
) -> Result<Value, Failure> {
    let network = &workspace.settings.network;
    let words = |more: Value| {
        let rendered = render::message(message, network, Fallback::Neutral);
        let mut body = more;
        body["text"] = Value::String(rendered.text);
        body["blocks"] = Value::Array(rendered.blocks);
        body
    };
    match way {
        Way::Nobody => Ok(Value::Null),
        Way::Command { .. } => Ok(words(json!({"response_type": "ephemeral"}))),
        Way::Submission { .. } => Ok(json!({
            "response_action": "update",
            "view": modal::answer(message, place, network),
        })),
        Way::Change { view, stamp } => {
            update(
                workspace,
                (view, stamp),
                modal::answer(message, place, network),
            )
            .await
        }
        Way::Home { user } => {
            // Asked for by opening it: shown whatever stood there, since Slack may have lost the
            // page, and this knows it only by what it sent.
            workspace.homes().forget(user);
            let shown = workspace.show_home(user, message).await;
            // What happened while it was shown may have been shown before it.
            workspace.changed.notify_one();
            shown.map(|()| Value::Null)
        }
        Way::Message {
            user,
            channel,
            thread,
        } => {
            let mut body = words(json!({"channel": channel}));
            if let Some(thread) = thread {
                body["thread_ts"] = json!(thread);
            }
            if *place == Place::Direct {
                unfurl_nothing(&mut body);
                return post(workspace, "chat.postMessage", &body).await;
            }
            body["user"] = json!(user);
            post(workspace, "chat.postEphemeral", &body).await
        }
        Way::Press {
            user,
            response_url,
            channel,
            ..
        } => {
            let more = json!({"response_type": "ephemeral", "replace_original": false});
            if let Some(url) = response_url
                && workspace.api.respond(url, &words(more)).await.is_ok()
            {
                return Ok(Value::Null);
            }
            // From a view, or when that address is used up.
            match channel.as_ref().filter(|channel| !channel.starts_with('D')) {
                Some(channel) => {
                    let body = words(json!({"channel": channel, "user": user}));
                    post(workspace, "chat.postEphemeral", &body).await
                }
                None => {
                    let channel = workspace.direct(user).await?;
                    let mut body = words(json!({"channel": channel}));
                    unfurl_nothing(&mut body);
                    post(workspace, "chat.postMessage", &body).await
                }
            }
        }
    }
}

/// A preview would fetch what was linked.
fn unfurl_nothing(body: &mut Value) {
    body["unfurl_links"] = json!(false);
    body["unfurl_media"] = json!(false);
}

/// Shows what a change leads to, in its turn and after the pause that Slack asks for, unless a newer
/// change came meanwhile.
async fn update(
    workspace: &Workspace,
    (id, stamp): (&str, &str),
    view: Value,
) -> Result<Value, Failure> {
    let until = Instant::now() + PATIENCE;
    let body = json!({"view_id": id, "view": view});
    while Instant::now() < until {
        let pause = {
            // One after the other, so that none is overtaken on its way.
            let _one = workspace.updating.lock().await;
            let turn = workspace.views().turn(id, stamp, Instant::now());
            match turn {
                Turn::Never => return Ok(Value::Null),
                Turn::After(pause) => pause,
                Turn::Now => match workspace.api.post("views.update", &body).await {
                    Err(Failure::Limited { after }) => after,
                    outcome => return outcome.map(nothing),
                },
            }
        };
        tokio::time::sleep(pause).await;
    }
    // It is closed long since, or Slack takes nothing.
    Ok(Value::Null)
}

/// Posts it, after the pause that Slack asks for: nothing else brings this answer.
async fn post(workspace: &Workspace, method: &'static str, body: &Value) -> Result<Value, Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        let posted = workspace.api.post(method, body).await;
        let Err(Failure::Limited { after }) = posted else {
            return posted.map(nothing);
        };
        let waiting = workspace.waiting_answers.try_acquire();
        let (Ok(_waiting), true) = (waiting, Instant::now() + after < until) else {
            return Err(Failure::Limited { after });
        };
        tokio::time::sleep(after).await;
    }
}

async fn show(
    workspace: &Workspace,
    way: &Way,
    form: &Form,
    place: &Place,
) -> Result<Value, Failure> {
    let view = match modal::view(form, place, &workspace.settings.network) {
        Ok(view) => view,
        Err(reason) => {
            tracing::warn!(reason, "a form does not fit into a modal");
            return say(workspace, way, &Message::text(words::FORM_UNFIT), place).await;
        }
    };
    match way {
        Way::Command { trigger, .. } | Way::Press { trigger, .. } => {
            let body = json!({"trigger_id": trigger, "view": view});
            match workspace.api.post("views.open", &body).await {
                Ok(_) => Ok(Value::Null),
                Err(failure) => {
                    let reason = crate::deliver::error(&failure);
                    tracing::warn!(%reason, "a form was not opened");
                    match unopened(&failure) {
                        Some(words) => say(workspace, way, &Message::text(words), place).await,
                        None => Ok(Value::Null),
                    }
                }
            }
        }
        Way::Change { view: id, stamp } => update(workspace, (id, stamp), view).await,
        Way::Submission { .. } => Ok(json!({"response_action": "update", "view": view})),
        Way::Message { .. } | Way::Home { .. } | Way::Nobody => {
            say(workspace, way, &Message::text(words::FORM_UNFIT), place).await
        }
    }
}

/// Why a form was not opened, as its caller must know it; `None` if it is open.
/// <https://docs.slack.dev/reference/methods/views.open/>
fn unopened(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::Refused { code } => match code.as_str() {
            // What opens it opens it once: this came again.
            "exchanged_trigger_id" | "trigger_exchanged" => None,
            "expired_trigger_id" | "trigger_expired" => Some(words::FORM_TOO_LATE),
            "view_too_large" => Some(words::FORM_UNFIT),
            _ => Some(words::FORM_REFUSED),
        },
        Failure::Limited { .. } => Some(words::FORM_LATER),
        Failure::Unsure { .. } => Some(words::FORM_UNSURE),
    }
}

fn nothing(_: Value) -> Value {
    Value::Null
}
