// Makes JSON Schemas of Slack's own TypeScript types: the arguments and answers of the methods
// that are used, blocks, views, interactions and events. Called by tests/slack-peers.sh with the
// folder in which the packages are.
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const peers = resolve(process.argv[2]);
const here = createRequire(join(peers, "package.json"));

// A method that is not here is not checked, and whoever calls it is told to add it.
export const methods = [
  "api.test", "auth.test", "apps.connections.open",
  "chat.postMessage", "chat.postEphemeral", "chat.update", "chat.delete", "chat.getPermalink",
  "conversations.create", "conversations.archive", "conversations.setTopic",
  "conversations.setPurpose", "conversations.info", "conversations.list", "conversations.open",
  "conversations.join", "conversations.invite", "conversations.kick", "conversations.leave",
  "conversations.members", "conversations.history", "conversations.replies",
  "users.info", "users.list", "users.conversations", "users.lookupByEmail",
  "views.open", "views.push", "views.update", "views.publish",
  "pins.add", "pins.list", "reactions.add",
  "usergroups.list", "usergroups.users.list", "usergroups.users.update",
];

// chat.postMessage is ChatPostMessage in the names of the types; api.test alone is APITest.
const typeName = (method) => method.split(".")
  .map((part) => (part === "api" ? "API" : part[0].toUpperCase() + part.slice(1))).join("");
const responseName = (method) => typeName(method).replace(/^API/, "Api");

const lines = [
  'import type { SlackEvent, KnownBlock, View } from "@slack/types";',
  'import type { EnvelopedEvent, BlockAction, BlockElementAction, SlashCommand, MessageShortcut,',
  "  ViewSubmitAction, ViewClosedAction, ViewErrorsResponseAction, ViewUpdateResponseAction,",
  '  ViewPushResponseAction, ViewClearResponseAction, RespondArguments } from "@slack/bolt";',
  'import type * as Web from "@slack/web-api";',
  "export type OurEvent = SlackEvent;",
  "export type OurEnvelope = EnvelopedEvent<SlackEvent>;",
  "export type OurBlockAction = BlockAction<BlockElementAction>;",
  "export type OurCommand = SlashCommand;",
  "export type OurShortcut = MessageShortcut;",
  "export type OurSubmission = ViewSubmitAction;",
  "export type OurClosed = ViewClosedAction;",
  "export type OurViewAnswer = ViewErrorsResponseAction | ViewUpdateResponseAction",
  "  | ViewPushResponseAction | ViewClearResponseAction;",
  "export type OurRespond = RespondArguments;",
  "export type OurBlocks = KnownBlock[];",
  "export type OurView = View;",
];
for (const method of methods) {
  const name = method.replaceAll(".", "_");
  lines.push(`export type OurCall_${name} = Web.${typeName(method)}Arguments;`);
  lines.push(`export type OurAnswer_${name} = Web.${responseName(method)}Response;`);
}
const path = join(peers, "types.ts");
writeFileSync(path, lines.join("\n") + "\n");

// One schema a type: names such as Channel and Message are declared many times over in
// @slack/web-api, and in one schema the last would stand for all.
const { createGenerator } = here("ts-json-schema-generator");
const generator = createGenerator({ path, type: "*", skipTypeCheck: true, topRef: true });
const schemas = {};
for (const [, name] of lines.join("\n").matchAll(/^export type (\w+)/gm)) {
  schemas[name] = generator.createSchema(name);
}
writeFileSync(join(peers, "schema.json"), JSON.stringify(schemas));
