// Checks recorded traffic (the emulator's JSON lines, files or folders of them) against what
// nobody here wrote: the JSON Schema of Slack's own types. Calls and blocks are the adapter's or a
// peer's; events and answers are the emulator's. Then the limits that types cannot say.
// Ends with 1 and a line for each finding. Called with the folder of slack-peers.sh first.
import { createRequire } from "node:module";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { limitsOfBlocks, limitsOfView } from "./limits.mjs";

const peers = resolve(process.argv[2]);
const here = createRequire(join(peers, "package.json"));
const Ajv = here("ajv");
const schemas = JSON.parse(readFileSync(join(peers, "schema.json"), "utf8"));
// The generator reads Bolt's Omit over a union as if the contents of all its members were needed.
delete schemas.OurRespond.definitions.RespondArguments.required;
const ajv = new Ajv({ strict: false });
for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name);
// A type, or one of those that it is made of.
const checkOf = (type, part) => ajv.getSchema(part ? `${type}#/definitions/${encodeURIComponent(part)}` : type);

const findings = new Map();
let where = "";
const wrong = (why, example = "") => {
  if (!findings.has(why)) findings.set(why, { at: where, example, times: 0 });
  findings.get(why).times += 1;
};

function fits(type, value, what, part) {
  const check = checkOf(type, part);
  if (!check) return wrong(`${what}: there is no type ${type}`);
  if (!check(value)) wrong(`${what}: ${sayErrors(check.errors)}`, JSON.stringify(value).slice(0, 300));
}

function sayErrors(errors) {
  // The deepest is the one that says something: unions fail in each of their branches.
  const depth = (error) => error.instancePath.split("/").length;
  const deepest = Math.max(...errors.map(depth));
  const said = errors.filter((error) => depth(error) === deepest && error.keyword !== "anyOf")
    .map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  return [...new Set(said)].slice(0, 3).join("; ");
}

// A form holds texts only; the types speak of booleans and numbers.
function decodedForm(args) {
  const flag = { true: true, false: false };
  const numbers = new Set(["limit"]);
  // slack_sdk sends 1 and 0.
  const flags = /^(is_|include_|exclude_|return_|inclusive|force|unfurl_|reply_broadcast|mrkdwn|link_names)/;
  return Object.fromEntries(Object.entries(args).map(([name, value]) => {
    if (typeof value === "string" && value in flag) return [name, flag[value]];
    if (flags.test(name) && (value === "1" || value === "0")) return [name, value === "1"];
    if (numbers.has(name) && /^\d+$/.test(value)) return [name, Number(value)];
    return [name, value];
  }));
}


function blocks(list, surface, what) {
  if (list === undefined) return;
  if (!Array.isArray(list)) return wrong(`${what} blocks: not a list`);
  for (const block of list) fits("OurBlocks", [block], `${what} ${block.type}`);
  limitsOfBlocks(list, surface, (why) => wrong(`${what} blocks: ${why}`));
}

// In the types of calls any object may be a block; they are checked one by one instead.
const withoutBlocks = (value) => value?.blocks ? { ...value, blocks: [{ type: "divider" }] } : value;

function view(value, what) {
  fits("OurView", withoutBlocks(value), `${what} view`);
  blocks(value?.blocks, value?.type, `${what} view`);
  limitsOfView(value, (why) => wrong(`${what} view: ${why}`));
}

function call({ method, how, arguments: raw, outcome, status, complaints }, answer) {
  for (const complaint of complaints) wrong(`${method}: ${complaint}`);
  const args = how.endsWith("form") ? decodedForm(raw) : { ...raw };
  // Bolt for JavaScript sends it with every call, also where its own types do not know it.
  delete args.team_id;
  if (method === "ack:slash_commands" || method === "response_url") {
    fits("OurRespond", withoutBlocks(args), method);
    return blocks(args.blocks, "message", method);
  }
  if (method === "ack:view_submission") {
    if (Object.keys(args).length === 0) return;
    fits("OurViewAnswer", args.view ? { ...args, view: withoutBlocks(args.view) } : args, method);
    if (args.view) view(args.view, method);
    return;
  }
  const name = method.replaceAll(".", "_");
  if (!schemas[`OurCall_${name}`]) {
    return wrong(`${method} is not in schema.mjs: add it, so that it is checked`);
  }
  const outside = withoutBlocks(args.view ? { ...args, view: withoutBlocks(args.view) } : args);
  fits(`OurCall_${name}`, outside, method);
  blocks(args.blocks, "message", method);
  if (args.view) view(args.view, method);
  if (status === 200 && outcome === "ok" && answer) {
    fits(`OurAnswer_${name}`, known(answer), `answer of ${method}`);
  }
}

// The types of answers were made of samples: without what was null in them, with the payload of
// somebody's metadata, of views in which nothing was entered, and with a few kinds of block. Blocks
// are what the client sent, and were checked then.
function known(answer) {
  return JSON.parse(JSON.stringify(answer, (key, value) => {
    if (key === "event_payload" || key === "state") return {};
    if (key === "blocks") return [];
    return value === null ? undefined : value;
  }));
}

// Where Slack's documentation shows what its own types forget. Each: page, and what is changed so
// that the rest can be checked.
function allowed(payload) {
  const copy = structuredClone(payload);
  // docs.slack.dev/reference/interaction-payloads/block_actions-payload: "enterprise": null.
  if (copy.enterprise === null) delete copy.enterprise;
  // docs.slack.dev/apis/events-api: "context_enterprise_id": null.
  if (copy.context_enterprise_id === null) delete copy.context_enterprise_id;
  // The same page: response_url comes with messages only.
  if (copy.type === "block_actions" && copy.container?.type === "view") copy.response_url ??= "";
  // Bolt's type of a pressed button names the confirmation of old attachments; the documented
  // one is composition-objects/confirmation-dialog-object, and was checked when it was sent.
  // Nor does that type know a button's style, which was checked when it was sent, too.
  for (const action of copy.actions ?? []) {
    delete action.confirm;
    delete action.style;
    // docs.slack.dev/changelog/2020-09-full-state-on-view-submisson-and-block-actions: an empty field
    // is null in view.state, and so is the action that emptied it (slackapi/bolt-js issue 1914);
    // Bolt's type says a string.
    if (action.type === "plain_text_input" && action.value === null) action.value = "";
  }
  const event = copy.event;
  // docs.slack.dev/reference/events/app_home_opened: the view that stands there comes with all that
  // Slack knows of it; its type names what the app has sent, which is checked.
  if (event?.type === "app_home_opened" && event.view) {
    const { type, blocks, private_metadata, callback_id, external_id } = event.view;
    event.view = { type, blocks, private_metadata, callback_id, external_id };
  }
  for (const message of [event, event?.message, event?.previous_message]) {
    if (!message) continue;
    // docs.slack.dev/reference/events/message: messages of apps carry the app's id.
    if (message.bot_id) delete message.app_id;
    // docs.slack.dev/reference/events/message/channel_join: only who was invited has an inviter.
    if (message.subtype === "channel_join") message.inviter ??= "";
    // A message inside of message_changed has neither channel nor event_ts.
    if (message !== event) {
      message.channel ??= "";
      message.channel_type ??= event.channel_type;
      message.event_ts ??= "";
    }
  }
  return copy;
}

// The definition for one type and subtype of event, so that an error names what is wrong and not
// all that it could have been.
function definitionOf(event) {
  const { definitions } = schemas.OurEvent;
  return Object.keys(definitions).find((key) => {
    const { properties } = definitions[key];
    if (!key.endsWith("Event") || properties?.type?.const !== event.type) return false;
    const subtype = properties.subtype?.const;
    return event.type !== "message" || subtype === event.subtype;
  });
}

function sent({ kind, payload: outer }) {
  let payload = outer;
  if (outer.envelope_id !== undefined) {
    const keys = ["envelope_id", "payload", "type", "accepts_response_payload"];
    // docs.slack.dev/apis/events-api/using-socket-mode
    const retries = kind === "events_api" ? ["retry_attempt", "retry_reason"] : [];
    const has = Object.keys(outer).sort().join();
    if (has !== [...keys, ...retries].sort().join()) wrong(`an envelope has ${has}`);
    if (outer.type !== kind) wrong(`an envelope of type ${outer.type} for ${kind}`);
    payload = outer.payload;
  }
  payload = allowed(payload);
  if (kind === "slash_commands") {
    for (const [key, value] of Object.entries(payload)) {
      if (typeof value !== "string") wrong(`slash command: ${key} is no text`);
    }
    return fits("OurCommand", payload, "slash command");
  }
  if (kind === "events_api") {
    if (payload.type === "url_verification") return;
    const name = definitionOf(payload.event);
    if (!name) return wrong(`there is no event ${payload.event.type} ${payload.event.subtype}`);
    fits("OurEvent", payload.event, `event ${payload.event.type} ${payload.event.subtype ?? ""}`, name);
    fits("OurEnvelope", { ...payload, event: { type: "app_uninstalled" } }, "envelope of an event");
    return;
  }
  const types = {
    block_actions: "OurBlockAction",
    message_action: "OurShortcut",
    view_submission: "OurSubmission",
    view_closed: "OurClosed",
  };
  fits(types[payload.type] ?? "?", payload, payload.type);
}

function files(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).filter((name) => name.endsWith(".jsonl")).map((name) => join(path, name));
}

let lines = 0;
for (const file of process.argv.slice(3).flatMap(files)) {
  readFileSync(file, "utf8").split("\n").forEach((line, index) => {
    if (!line) return;
    lines += 1;
    where = `${file}:${index + 1}`;
    const { call: made, answer, sent: event } = JSON.parse(line);
    if (made) call(made, answer);
    else sent(event);
  });
}
for (const [why, { at, example, times }] of findings) {
  console.log(`${at}: ${why}${times > 1 ? ` (${times} times)` : ""}`);
  if (example) console.log(`  ${example}`);
}
if (lines === 0) {
  console.log("there is nothing recorded to check");
  process.exit(1);
}
console.log(`${lines} lines checked against Slack's types, ${findings.size} findings`);
process.exit(findings.size === 0 ? 0 : 1);
