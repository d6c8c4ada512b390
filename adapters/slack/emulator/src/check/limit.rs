//! The numbers, each with the page of Slack's documentation that it is from. Lengths are counted
//! in UTF-16 units, the larger of the ways in which "characters" may be meant.

/// <https://docs.slack.dev/reference/block-kit/blocks>: 50 in a message, 100 in a modal or a tab.
pub const BLOCKS_OF_MESSAGE: usize = 50;
pub const BLOCKS_OF_VIEW: usize = 100;
/// <https://docs.slack.dev/reference/block-kit/blocks/section-block>
pub const SECTION_TEXT: usize = 3000;
pub const SECTION_FIELDS: usize = 10;
pub const SECTION_FIELD: usize = 2000;
/// <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>
pub const TEXT: usize = 3000;
/// `block_id` of every block, for instance
/// <https://docs.slack.dev/reference/block-kit/blocks/actions-block>
pub const BLOCK_ID: usize = 255;
pub const ACTIONS: usize = 25;
/// <https://docs.slack.dev/reference/block-kit/blocks/header-block>
pub const HEADER: usize = 150;
/// <https://docs.slack.dev/reference/block-kit/blocks/context-block>
pub const CONTEXT_ELEMENTS: usize = 10;
/// <https://docs.slack.dev/reference/block-kit/blocks/input-block>
pub const LABEL: usize = 2000;
pub const HINT: usize = 2000;
/// <https://docs.slack.dev/reference/block-kit/blocks/image-block>
pub const IMAGE_URL: usize = 3000;
pub const ALT_TEXT: usize = 2000;
/// <https://docs.slack.dev/reference/block-kit/blocks/markdown-block>: of all such blocks together.
pub const MARKDOWN: usize = 12_000;
/// <https://docs.slack.dev/reference/block-kit/block-elements/button-element>
pub const BUTTON_TEXT: usize = 75;
pub const BUTTON_VALUE: usize = 2000;
pub const BUTTON_URL: usize = 3000;
pub const ACTION_ID: usize = 255;
pub const ACCESSIBILITY_LABEL: usize = 75;
/// <https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element>
pub const OPTIONS: usize = 100;
pub const OPTION_GROUPS: usize = 100;
pub const PLACEHOLDER: usize = 150;
/// <https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element>
pub const OVERFLOW_OPTIONS: usize = 5;
/// <https://docs.slack.dev/reference/block-kit/block-elements/checkboxes-element>, and radio buttons
pub const CHOICES: usize = 10;
/// <https://docs.slack.dev/reference/block-kit/composition-objects/option-object>
pub const OPTION_TEXT: usize = 75;
pub const OPTION_VALUE: usize = 150;
pub const OPTION_DESCRIPTION: usize = 75;
/// <https://docs.slack.dev/reference/block-kit/composition-objects/option-group-object>
pub const GROUP_LABEL: usize = 75;
/// <https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object>
pub const CONFIRM_TITLE: usize = 100;
pub const CONFIRM_TEXT: usize = 300;
pub const CONFIRM_BUTTON: usize = 30;
/// <https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element>
pub const INPUT_LENGTH: u64 = 3000;
/// <https://docs.slack.dev/reference/views/modal-views>
pub const VIEW_TITLE: usize = 24;
pub const PRIVATE_METADATA: usize = 3000;
pub const CALLBACK_ID: usize = 255;
pub const EXTERNAL_ID: usize = 255;
/// `view_too_large` of <https://docs.slack.dev/reference/methods/views.open>: 250 KB.
pub const VIEW_BYTES: usize = 250 * 1024;
/// <https://docs.slack.dev/surfaces/modals>: three views in a stack.
pub const VIEWS_OF_STACK: usize = 3;
/// <https://docs.slack.dev/reference/methods/chat.postMessage>: longer texts are cut by Slack;
/// here they are refused, since a cut announcement is a wrong one.
pub const POST_TEXT: usize = 40_000;
/// `msg_too_long` of <https://docs.slack.dev/reference/methods/chat.update>
pub const UPDATE_TEXT: usize = 4000;
/// <https://docs.slack.dev/reference/methods/conversations.create>
pub const CHANNEL_NAME: usize = 80;
/// <https://docs.slack.dev/reference/methods/conversations.setTopic>, and setPurpose
pub const TOPIC: usize = 250;
/// <https://docs.slack.dev/reference/methods/conversations.invite>
pub const INVITED: usize = 1000;
/// <https://docs.slack.dev/interactivity/handling-user-interaction>: five times within 30 minutes.
pub const RESPONSE_URL_USES: u32 = 5;
pub const RESPONSE_URL_MINUTES: i64 = 30;
/// The same page: a trigger is good for three seconds.
pub const TRIGGER_SECONDS: i64 = 3;
/// <https://docs.slack.dev/apis/events-api/using-socket-mode>: ten connections.
pub const SOCKETS: usize = 10;
/// <https://docs.slack.dev/reference/methods/pins.add>: `too_many_pins`, 100 a channel.
pub const PINS: usize = 100;

pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}
