//! Every sentence that this adapter says by itself. What the bot decides is said by the core.

/// The notification of a private message: lock screens show it, so it says nothing.
pub const SOMETHING_NEW: &str = "Underrose has something for you here.";
pub const ARE_YOU_SURE: &str = "Are you sure?";
pub const CANCEL: &str = "Cancel";
pub const CLOSE: &str = "Close";
pub const APP: &str = "Underrose";
pub const DONE: &str = "Done.";
pub const CONTINUED_HINT: &str = "Only if it does not fit into the field above.";
/// Before a command that no button can carry.
pub const TYPE_THIS: &str = "type:";
pub const FORM_TOO_LATE: &str = "Slack closed the way for this form before it could be opened. \
                                 Please do that once more.";
pub const FORM_LATER: &str = "Slack asks for a pause before it opens another form. Please do that \
                              once more in a minute.";
pub const FORM_UNSURE: &str = "Slack did not say whether this form is open. If you do not see it, \
                               please do that once more.";
pub const FORM_REFUSED: &str = "Slack does not open this form. Please type the command with its \
                                arguments instead.";
pub const FORM_UNFIT: &str = "This form does not fit into a Slack window. Please type the command \
                              with its arguments instead.";

/// What the duty is told of a channel, an account, the workspace; the core says which.
pub const ROOM_ARCHIVED: &str = "somebody archived it, and nothing can be said there: unarchive it, \
                                 or name another in the configuration";
pub const ROOM_LEFT: &str = "the bot was removed from it, and neither hears nor says anything \
                             there: type `/invite @underrose` there";
pub const ACCOUNT_CLOSED: &str = "it was deactivated, and nothing reaches them there: give them \
                                  another handle in the configuration, or take them out of it";

pub fn app_token(code: &str) -> String {
    format!(
        "slack refused to open a socket with `{code}`: make a new app-level token with the scope \
         connections:write in the app's settings, and put it into the configuration"
    )
}

pub fn socket_refused(code: &str) -> String {
    let instead = match code {
        "link_disabled" => {
            "Socket Mode was turned off in the app's settings: turn it on again there, or give the \
             bot an address for signed HTTP in the configuration"
        }
        "too_many_websockets" => {
            "ten connections of this app are open already: end the other processes that run with \
             its app-level token"
        }
        _ => {
            "look at the app's settings (Socket Mode, app-level token) and at slack's own status page"
        }
    };
    format!("slack opens no socket (`{code}`), and I hear little or nothing there: {instead}")
}

pub fn left_out(why: &str) -> String {
    format!("they are not in a room that was opened for them too: {why}")
}

pub fn renamed(name: &str) -> String {
    format!(
        "the workspace is called {name} now, which changes nothing for the bot: tell those who look \
         for it by its old name, and mend links to its old address"
    )
}

pub fn lacking(scopes: &str) -> String {
    format!(
        "the bot may not do all that it must, since it lacks {scopes}: give the app the scopes of \
         slack-app-manifest.yaml and install it again"
    )
}

/// The label of what follows the first input of a long field.
pub const CONTINUED: &str = "… and the rest of it";
