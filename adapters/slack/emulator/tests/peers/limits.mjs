// The documented limits that Slack's types and models do not hold, each with its page. Short on
// purpose, and apart from the emulator's own checks, so that one cannot hide the other's mistake.
// Base of all pages: https://docs.slack.dev/reference/

const size = (text) => (typeof text === "string" ? text.length : 0);

export function limitsOfBlocks(blocks, surface, wrong) {
  // block-kit/blocks: 50 blocks in a message, 100 in a modal or home tab.
  const most = surface === "message" ? 50 : 100;
  if (blocks.length > most) wrong(`${blocks.length} blocks, more than ${most}`);
  const ids = new Set();
  for (const block of blocks) {
    // block-kit/blocks/…: a block_id is unique in its message or view, and at most 255 long.
    if (block.block_id !== undefined) {
      if (ids.has(block.block_id)) wrong(`block_id ${block.block_id} twice`);
      if (size(block.block_id) > 255) wrong("block_id over 255");
      ids.add(block.block_id);
    }
    // block-kit/blocks/header-block: plain text, at most 150.
    if (block.type === "header") {
      if (block.text?.type !== "plain_text") wrong("a header is plain text");
      if (size(block.text?.text) > 150) wrong("a header over 150");
    }
    if (block.type === "section") {
      // block-kit/blocks/section-block: text at most 3000, ten fields of at most 2000.
      if (size(block.text?.text) > 3000) wrong("a section's text over 3000");
      if ((block.fields?.length ?? 0) > 10) wrong("more than 10 fields");
      for (const field of block.fields ?? []) if (size(field.text) > 2000) wrong("a field over 2000");
    }
    // block-kit/blocks/actions-block: 25 elements; context-block: 10.
    if (block.type === "actions" && block.elements?.length > 25) wrong("more than 25 elements");
    if (block.type === "context" && block.elements?.length > 10) wrong("more than 10 elements");
    // block-kit/blocks/input-block: label and hint at most 2000.
    if (block.type === "input") {
      if (size(block.label?.text) > 2000) wrong("a label over 2000");
      if (size(block.hint?.text) > 2000) wrong("a hint over 2000");
    }
    const actions = new Set();
    const inner = [block.accessory, block.element, ...(block.type === "actions" ? block.elements ?? [] : [])];
    for (const element of inner.filter(Boolean)) {
      // block-kit/block-elements/…: action_id is unique in its block, and at most 255 long.
      if (element.action_id !== undefined) {
        if (actions.has(element.action_id)) wrong(`action_id ${element.action_id} twice in a block`);
        if (size(element.action_id) > 255) wrong("action_id over 255");
        actions.add(element.action_id);
      }
      // block-kit/block-elements/button-element
      if (element.type === "button") {
        if (size(element.text?.text) > 75) wrong("a button's text over 75");
        if (size(element.value) > 2000) wrong("a button's value over 2000");
      }
      // block-kit/block-elements/select-menu-element: 100 options; composition-objects/option-object
      if ((element.options?.length ?? 0) > 100) wrong("more than 100 options");
      for (const option of element.options ?? []) {
        if (size(option.text?.text) > 75) wrong("an option's text over 75");
        if (size(option.value) > 150) wrong("an option's value over 150");
      }
      // block-kit/composition-objects/confirmation-dialog-object
      if (element.confirm) {
        if (size(element.confirm.title?.text) > 100) wrong("a confirmation's title over 100");
        if (size(element.confirm.text?.text) > 300) wrong("a confirmation's text over 300");
        if (size(element.confirm.confirm?.text) > 30) wrong("a confirmation's button over 30");
        if (size(element.confirm.deny?.text) > 30) wrong("a confirmation's button over 30");
      }
    }
  }
}

export function limitsOfView(view, wrong) {
  // views/modal-views: title, submit and close at most 24, private_metadata 3000, ids 255.
  for (const key of ["title", "submit", "close"]) {
    if (size(view[key]?.text) > 24) wrong(`${key} over 24`);
  }
  if (size(view.private_metadata) > 3000) wrong("private_metadata over 3000");
  if (size(view.callback_id) > 255) wrong("callback_id over 255");
  if (size(view.external_id) > 255) wrong("external_id over 255");
  // The same page: submit is required when there is an input block.
  const asks = (view.blocks ?? []).some((block) => block.type === "input");
  if (view.type === "modal" && asks && !view.submit) wrong("an input block without submit");
}
