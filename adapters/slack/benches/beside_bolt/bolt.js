// The app beside which the bot is measured, in Bolt for JavaScript: a command that lists cases,
// and a button that is out of date. Each event is one row, written down before it is
// acknowledged, with what was answered, so that a repeated event gets the same answer. MODE is
// `plain`, a commit for each event, as its users write it, or `batched`, one for all that wait.
const { DatabaseSync } = require("node:sqlite");
const { App, LogLevel } = require("@slack/bolt");

const db = new DatabaseSync(process.env.DATABASE);
db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
db.exec(`CREATE TABLE events (
  id TEXT PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, person TEXT NOT NULL,
  place TEXT NOT NULL, command TEXT NOT NULL, answer TEXT NOT NULL
)`);
const insert = db.prepare("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?)");
const select = db.prepare("SELECT answer FROM events WHERE id = ?");

const members = new Set(process.env.MEMBERS.split(","));
const cases = new Map();
for (let n = 1; n <= 4; n++) {
  const id = `2026-${String(n).padStart(4, "0")}`;
  cases.set(id, {
    title: `The kubelet writes bearer tokens into its log, variant ${n}`,
    stage: n === 1 ? "triaging" : "new",
    owner: n === 1 ? "p1" : "nobody",
    due: n === 1 ? "" : ", next due Thu 2026-11-26 09:00 UTC",
  });
}

const text = (text) => ({ type: "text", text });
const code = (text) => ({ type: "text", text, style: { code: true } });
const strong = (text) => ({ type: "text", text, style: { bold: true } });
const section = (elements) => ({ type: "rich_text_section", elements });
const rich = (elements) => ({ type: "rich_text", elements });

function list(person) {
  const seen = members.has(person) ? [...cases] : [];
  const rows = seen.map(([id, c]) => section([strong(id), text(`: ${c.title}; ${c.stage}, owner ${c.owner}${c.due}`)]));
  return {
    response_type: "ephemeral",
    text: "Something new for you.",
    blocks: [
      rich([section([strong("Open cases that you may see:"), text(` ${seen.length}`)])]),
      rich([{ type: "rich_text_list", style: "bullet", elements: rows }]),
    ],
  };
}

function refusal(value) {
  const [, id, command] = value.split(" ");
  const stage = cases.get(id)?.stage ?? "unknown";
  return {
    response_type: "ephemeral",
    replace_original: false,
    text: "Something new for you.",
    blocks: [
      rich([section([text(`${command} works while a case is new; case ${id} is ${stage}.`)])]),
      rich([section([text("Try "), code("vuln status"), text(".")])]),
    ],
  };
}

// Returns the answer that counts: that of the first delivery.
function write(row) {
  const { changes } = insert.run(...row);
  return changes === 1 ? row[6] : select.get(row[0]).answer;
}

let waiting = [];
function flush() {
  const batch = waiting;
  waiting = [];
  db.exec("BEGIN IMMEDIATE");
  const answers = batch.map(({ row }) => write(row));
  db.exec("COMMIT");
  batch.forEach(({ done }, index) => done(answers[index]));
}

const durable = process.env.MODE === "batched"
  ? (row) => new Promise((done) => {
      if (waiting.push({ row, done }) === 1) setImmediate(flush);
    })
  : async (row) => write(row);

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  socketMode: true,
  appToken: process.env.SLACK_APP_TOKEN,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
  logLevel: LogLevel.WARN,
});

app.command("/vuln", async ({ command, ack }) => {
  const answer = list(command.user_id);
  const row = [command.trigger_id, Date.now(), "command", command.user_id, command.channel_id, command.text, JSON.stringify(answer)];
  await ack(JSON.parse(await durable(row)));
});

app.action(/^choice-/, async ({ ack, action, body, respond }) => {
  const answer = refusal(action.value);
  const row = [body.trigger_id, Date.now(), "press", body.user.id, body.channel.id, action.value, JSON.stringify(answer)];
  const said = await durable(row);
  await ack();
  await respond(JSON.parse(said));
});

app.error(async (error) => { console.error(error); process.exit(1); });

// Whoever measures closes our input at the end, and counts the rows.
process.stdin.resume().on("end", () => {
  console.log(db.prepare("SELECT count(*) AS rows FROM events").get().rows);
  process.exit(0);
});

app.start();
