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

/// The label of what follows the first input of a long field.
pub const CONTINUED: &str = "… and the rest of it";
