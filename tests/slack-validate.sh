#!/usr/bin/env bash
# Validates what was recorded (folders of JSON lines) by Slack's own types and models. Record with
# SLACK_EMULATOR_RECORD=folder while the tests run.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { echo "say which folder: tests/slack-validate.sh target/slack-record" >&2; exit 1; }
peers="${CARGO_TARGET_DIR:-target}/slack-peers"
scripts="adapters/slack/emulator/tests/peers"
[ -e "$peers/ready" ] || { echo "run tests/slack-peers.sh first" >&2; exit 1; }
node "$scripts/validate.mjs" "$peers" "$@"
"$peers/venv/bin/python" "$scripts/validate.py" "$@"
