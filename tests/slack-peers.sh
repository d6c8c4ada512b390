#!/usr/bin/env bash
# Installs what holds the Slack emulator and adapter to what Slack is: Bolt for JavaScript and for
# Python, and the JSON Schema of @slack/web-api's and @slack/bolt's own types. Into
# target/slack-peers, pinned; does nothing when it is there already.
set -euo pipefail
cd "$(dirname "$0")/.."
pins="adapters/slack/emulator/tests/peers"
peers="${CARGO_TARGET_DIR:-target}/slack-peers"

fail() { echo "slack-peers: $1" >&2; exit 1; }
command -v node >/dev/null && command -v npm >/dev/null \
  || fail "install node 20 or newer, with npm: Bolt for JavaScript needs it"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] \
  || fail "node $(node -v) is too old: Bolt for JavaScript needs node 20"
python3 -c 'import venv, ensurepip' 2>/dev/null \
  || fail "install python3 with venv and pip (python3-venv): Bolt for Python needs it"

wanted="$(cat "$pins/package.json" "$pins/package-lock.json" "$pins/requirements.txt" \
  "$pins/schema.mjs" "$0" | sha256sum)"
[ "$(cat "$peers/ready" 2>/dev/null)" = "$wanted" ] && exit 0
rm -rf "$peers"
mkdir -p "$peers"
cp "$pins/package.json" "$pins/package-lock.json" "$peers/"
(cd "$peers" && npm ci --silent --no-audit --no-fund) || fail "npm could not install Bolt for JavaScript"
python3 -m venv "$peers/venv"
"$peers/venv/bin/pip" install --quiet --disable-pip-version-check -r "$pins/requirements.txt" \
  || fail "pip could not install Bolt for Python"
node "$pins/schema.mjs" "$peers" || fail "no schema could be made of Slack's types"
echo "$wanted" > "$peers/ready"
