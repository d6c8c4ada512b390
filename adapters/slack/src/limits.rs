//! Slack's documented bounds, each with the page that says it. Lengths are counted as JavaScript
//! counts them (UTF-16 units), which is never less than any other count of characters.

/// Blocks of one message. <https://docs.slack.dev/reference/block-kit/blocks/>
pub const MESSAGE_BLOCKS_MAX: usize = 50;
/// Blocks of a modal or a home view. Same page.
pub const VIEW_BLOCKS_MAX: usize = 100;
/// Text of a section, and what we put into one piece of rich text.
/// <https://docs.slack.dev/reference/block-kit/blocks/section-block/>
pub const TEXT_MAX: usize = 3000;
/// One field of a section, and the fields of one section. Same page.
pub const FIELD_MAX: usize = 2000;
pub const FIELDS_MAX: usize = 10;
/// Text of a header block. <https://docs.slack.dev/reference/block-kit/blocks/header-block/>
pub const HEADER_MAX: usize = 150;
/// Elements of an actions block. <https://docs.slack.dev/reference/block-kit/blocks/actions-block/>
pub const ACTIONS_MAX: usize = 25;
/// Label and value of a button.
/// <https://docs.slack.dev/reference/block-kit/block-elements/button-element/>
pub const BUTTON_MAX: usize = 75;
pub const BUTTON_VALUE_MAX: usize = 2000;
/// Block and action ids. Same pages.
pub const ID_MAX: usize = 255;
/// A confirmation's title, text and buttons.
/// <https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object/>
pub const CONFIRM_TEXT_MAX: usize = 300;
pub const CONFIRM_BUTTON_MAX: usize = 30;
/// Options of one menu, and groups of them.
/// <https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element/>
pub const OPTIONS_MAX: usize = 100;
/// <https://docs.slack.dev/reference/block-kit/composition-objects/option-object/>
pub const OPTION_TEXT_MAX: usize = 75;
pub const OPTION_VALUE_MAX: usize = 150;
/// Label and hint of an input. <https://docs.slack.dev/reference/block-kit/blocks/input-block/>
pub const LABEL_MAX: usize = 2000;
/// What one plain-text input takes.
/// <https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element/>
pub const INPUT_MAX: usize = 3000;
/// Title, submit and close of a view. <https://docs.slack.dev/reference/views/modal-views/>
pub const VIEW_TITLE_MAX: usize = 24;
pub const PRIVATE_METADATA_MAX: usize = 3000;
/// The `text` of a message: "should not exceed 4,000".
/// <https://docs.slack.dev/reference/methods/chat.postMessage/>
pub const FALLBACK_MAX: usize = 4000;
/// A room's name. <https://docs.slack.dev/reference/methods/conversations.create/>
pub const ROOM_NAME_MAX: usize = 80;
/// A room's topic and purpose. <https://docs.slack.dev/reference/methods/conversations.setTopic/>
pub const TOPIC_MAX: usize = 250;
