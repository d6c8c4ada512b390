//! Takes in what happens. Acknowledged to Slack is what [`Inbox::accept`] made durable, and not
//! before; what it answers at once goes out with the acknowledgement or just before it.

mod answer;
mod ear;
mod homes;
mod http;
mod lanes;
mod signature;
mod socket;
mod views;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use underrose_chat::{Inbox, ListenError};

pub use homes::Homes;
pub use http::PATH;
pub use signature::{Reason, Refused};
pub use views::{Turn, Views};
pub(crate) use watch::{TOGETHER, TOGETHER_PAUSE};

use crate::api::Failure;
use crate::inbound::Reader;
use crate::settings::WayIn;
use crate::workspace::Workspace;
use ear::Ear;

/// Pauses between attempts: short, since what happens meanwhile waits at Slack.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Listens until `stop`, or until the inbox is closed.
pub async fn run(
    workspace: Arc<Workspace>,
    inbox: Inbox,
    stop: CancellationToken,
) -> Result<(), ListenError> {
    let Some(me) = who_am_i(&workspace, &stop).await? else {
        return Ok(());
    };
    let network = workspace.settings.network.clone();
    // The inbox closes before `stop` when the engine ends.
    let over = stop.child_token();
    let ear = Ear::new(
        workspace.clone(),
        Reader {
            network,
            me,
            secret: workspace.settings.bot_token.clone(),
        },
        inbox,
        over.clone(),
    );
    let watching = tokio::spawn(watch::rooms(ear.clone()));
    let following = tokio::spawn(homes::follow(ear.clone()));
    let telling = tokio::spawn(watch::left_out(ear.clone()));
    let outcome = match &workspace.settings.way {
        WayIn::Socket { app_token } => socket::run(ear.clone(), app_token.clone()).await,
        WayIn::Http {
            listen,
            signing_secret,
        } => http::run(ear.clone(), *listen, signing_secret).await,
    };
    over.cancel();
    let _ = watching.await;
    let _ = following.await;
    let _ = telling.await;
    ear.lost().map_or(outcome, Err)
}

/// The bot's own user id, asked until Slack answers; `None` if the bot stops first.
async fn who_am_i(
    workspace: &Workspace,
    stop: &CancellationToken,
) -> Result<Option<String>, ListenError> {
    let mut pause = Pause::default();
    loop {
        match workspace.identity().await {
            Ok(identity) => return Ok(Some(identity.user.clone())),
            Err(failure) => {
                hopeless(&failure)?;
                if !pause.wait(stop, &failure).await {
                    return Ok(None);
                }
            }
        }
    }
}

/// Refusals that no other attempt could help.
pub(crate) fn hopeless(failure: &Failure) -> Result<(), ListenError> {
    let Failure::Refused { code } = failure else {
        return Ok(());
    };
    let ends = matches!(
        code.as_str(),
        "invalid_auth"
            | "not_authed"
            | "token_revoked"
            | "token_expired"
            | "account_inactive"
            | "missing_scope"
            | "no_permission"
            | "not_allowed_token_type"
            | "forbidden_for_app"
    );
    if !ends {
        tracing::warn!(code, "slack refuses to be listened to; it is tried again");
        return Ok(());
    }
    Err(ListenError {
        reason: crate::deliver::reason(code),
    })
}

/// Doubling pauses.
#[derive(Default)]
struct Pause(u32);

impl Pause {
    /// Waits, for as long as Slack asks at least; `false` if the bot stops meanwhile.
    async fn wait(&mut self, stop: &CancellationToken, failure: &Failure) -> bool {
        let pause = (PAUSE_FIRST * 2u32.saturating_pow(self.0)).min(PAUSE_MAX);
        let pause = match failure {
            Failure::Limited { after } => pause.max(*after),
            Failure::Refused { .. } | Failure::Unsure { .. } => pause,
        };
        self.0 = (self.0 + 1).min(16);
        tokio::select! {
            () = stop.cancelled() => false,
            () = tokio::time::sleep(pause) => true,
        }
    }
}
