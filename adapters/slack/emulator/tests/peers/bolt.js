// The scenarios' app, in Bolt for JavaScript as its users write it: a command, buttons, a modal
// with a live field and errors, a shortcut, the home tab. Knows nothing of the emulator but its
// address; tests/bolt.rs acts on the other side.
const { App, LogLevel } = require("@slack/bolt");

const http = process.env.MODE === "http";
const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  ...(http ? {} : { socketMode: true, appToken: process.env.SLACK_APP_TOKEN }),
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
  logLevel: LogLevel.WARN,
});

const plain = (text) => ({ type: "plain_text", text });
const form = (score, meta) => ({
  type: "modal",
  callback_id: "form",
  private_metadata: meta,
  notify_on_close: true,
  title: plain("Score"),
  submit: plain("Settle"),
  close: plain("Cancel"),
  blocks: [
    { type: "section", block_id: "result", text: { type: "mrkdwn", text: `Score *${score}*` } },
    {
      type: "input", block_id: "vector", label: plain("Vector"), dispatch_action: true,
      element: {
        type: "static_select", action_id: "av", initial_option: { text: plain("Network"), value: "N" },
        options: [{ text: plain("Network"), value: "N" }, { text: plain("Local"), value: "L" }],
      },
    },
    { type: "input", block_id: "why", label: plain("Why"), element: { type: "plain_text_input", action_id: "why" } },
  ],
});

app.command("/vuln", async ({ command, ack, respond, client }) => {
  if (command.text === "help") {
    await ack({ response_type: "ephemeral", text: "only you see this" });
    return;
  }
  await ack();
  await respond({ response_type: "ephemeral", text: `heard ${command.text}` });
  await client.chat.postMessage({
    channel: command.channel_id,
    text: "a card",
    metadata: { event_type: "card", event_payload: { key: "k1" } },
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: "A *card*" } },
      { type: "actions", elements: [
        { type: "button", action_id: "score", text: plain("Score"), value: "case-1" },
        { type: "button", action_id: "late", text: plain("Too late"), value: "case-1" },
      ] },
    ],
  });
});

app.action("score", async ({ ack, body, client }) => {
  await ack();
  await client.views.open({ trigger_id: body.trigger_id, view: form("9.8", body.message.ts) });
});

app.action("late", async ({ ack, body, client, respond }) => {
  await ack();
  // The same gesture cannot open two views.
  await client.views.open({ trigger_id: body.trigger_id, view: form("1.0", "late") });
  try {
    await client.views.open({ trigger_id: body.trigger_id, view: form("2.0", "late") });
  } catch (error) {
    await respond({ replace_original: false, text: `refused: ${error.data.error}` });
  }
});

app.action("av", async ({ ack, body, client }) => {
  await ack();
  const chosen = body.view.state.values.vector.av.selected_option.value;
  await client.views.update({
    view_id: body.view.id,
    hash: body.view.hash,
    view: form(chosen === "L" ? "7.8" : "9.8", body.view.private_metadata),
  });
});

app.view("form", async ({ ack, body, view, client }) => {
  const why = view.state.values.why.why.value;
  if (why.length < 5) {
    await ack({ response_action: "errors", errors: { why: "say more" } });
    return;
  }
  await ack();
  const opened = await client.conversations.open({ users: body.user.id });
  await client.chat.postMessage({ channel: opened.channel.id, text: `settled: ${why}` });
});

app.view({ callback_id: "form", type: "view_closed" }, async ({ ack, body, client }) => {
  await ack();
  await client.chat.postMessage({ channel: body.user.id, text: "closed" });
});

app.shortcut("report", async ({ ack, shortcut, client }) => {
  await ack();
  await client.chat.postEphemeral({
    channel: shortcut.channel.id, user: shortcut.user.id, text: `reporting ${shortcut.message.text}`,
  });
});

app.event("app_home_opened", async ({ event, client }) => {
  await client.views.publish({
    user_id: event.user,
    view: { type: "home", blocks: [{ type: "section", text: { type: "mrkdwn", text: "home" } }] },
  });
});

app.event("app_mention", async ({ event, say }) => {
  await say({ text: `hello <@${event.user}>`, thread_ts: event.ts });
});

app.message("room", async ({ message, client }) => {
  const made = await client.conversations.create({ name: "case-1", is_private: true });
  const id = made.channel.id;
  await client.conversations.setTopic({ channel: id, topic: "topic" });
  await client.conversations.invite({ channel: id, users: message.user });
  const posted = await client.chat.postMessage({ channel: id, text: "pinned" });
  await client.pins.add({ channel: id, timestamp: posted.ts });
  await client.chat.update({ channel: id, ts: posted.ts, text: "pinned and edited" });
  const people = [];
  for await (const page of client.paginate("conversations.members", { channel: id, limit: 1 })) {
    people.push(...page.members);
  }
  const past = await client.conversations.history({ channel: id, include_all_metadata: true });
  const groups = await client.usergroups.list({ include_users: true });
  if (groups.usergroups.length > 0) {
    await client.usergroups.users.update({ usergroup: groups.usergroups[0].id, users: message.user });
  }
  let again = "";
  try {
    await client.conversations.create({ name: "case-1", is_private: true });
  } catch (error) {
    again = error.data.error;
  }
  await client.chat.postMessage({
    channel: id, text: `${people.length} people, ${past.messages.length} messages, ${again}`,
  });
});

app.error(async (error) => { console.error("app error", error); process.exitCode = 1; });

(async () => {
  await app.start(http ? { host: "127.0.0.1", port: Number(process.env.PORT) } : undefined);
  console.log("ready");
})();
